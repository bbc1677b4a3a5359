use crate::bench::Bench;
use crate::cases;
use app::ports::keys::{Account, KeyRow};
use app::ports::store_error::StoreError;
use domain::caller::KeyKind;
use domain::id::{AgentId, UserId};
use uuid::Uuid;

cases! {
    async fn an_account_is_made_once_and_found_by_name_and_identity(bench: &Bench) {
        let account = account("default", 50);
        assert_eq!(bench.store.ensure_account(account.clone(), bench.now()).await.unwrap(), account);
        let other_ids = Account { user: UserId(Uuid::from_u128(90)), ..account.clone() };
        assert_eq!(bench.store.ensure_account(other_ids, bench.now()).await.unwrap(), account);
        assert_eq!(bench.store.find_account("default").await.unwrap(), Some(account.clone()));
        assert_eq!(bench.store.get_account(account.user).await.unwrap(), Some(account));
        assert_eq!(bench.store.find_account("Default").await.unwrap(), None);
        assert_eq!(bench.store.get_account(UserId(Uuid::from_u128(90))).await.unwrap(), None);
    }

    async fn hosts_that_start_at_once_agree_on_the_account(bench: &Bench) {
        let mut hosts = tokio::task::JoinSet::new();
        for number in 0..4 {
            let (store, now) = (std::sync::Arc::clone(&bench.store), bench.now());
            hosts.spawn(async move { store.ensure_account(account("default", 100 + 2 * number), now).await.unwrap() });
        }
        let accounts = hosts.join_all().await;
        assert!(accounts.windows(2).all(|pair| pair[0] == pair[1]), "{accounts:?}");
    }

    async fn a_key_is_found_until_it_is_revoked(bench: &Bench) {
        let key = key(bench, "abc", KeyKind::User);
        bench.store.insert_key(key.clone(), bench.now()).await.unwrap();
        assert_eq!(bench.store.find_key("abc").await.unwrap(), Some(key));
        assert_eq!(bench.store.find_key("abd").await.unwrap(), None);
        assert!(bench.store.delete_key("abc", bench.now()).await.unwrap());
        assert!(!bench.store.delete_key("abc", bench.now()).await.unwrap());
        assert_eq!(bench.store.find_key("abc").await.unwrap(), None);
    }

    async fn a_key_id_is_taken_even_after_it_was_revoked(bench: &Bench) {
        bench.store.insert_key(key(bench, "abc", KeyKind::User), bench.now()).await.unwrap();
        bench.store.delete_key("abc", bench.now()).await.unwrap();
        let error = bench.store.insert_key(key(bench, "abc", KeyKind::Admin), bench.now()).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict(_)), "{error:?}");
    }

    async fn keys_are_listed_by_kind_without_revoked_ones(bench: &Bench) {
        let agent = KeyRow { agent: Some(bench.agent), ..key(bench, "g", KeyKind::Agent) };
        for key in [key(bench, "a", KeyKind::Admin), key(bench, "b", KeyKind::Admin), key(bench, "u", KeyKind::User), agent.clone()] {
            bench.store.insert_key(key, bench.now()).await.unwrap();
        }
        bench.store.delete_key("a", bench.now()).await.unwrap();
        assert_eq!(bench.store.list_keys_of(KeyKind::Admin).await.unwrap(), [key(bench, "b", KeyKind::Admin)]);
        assert_eq!(bench.store.list_keys_of(KeyKind::Agent).await.unwrap(), [agent]);
    }
}

fn account(name: &str, number: u128) -> Account {
    Account {
        user: UserId(Uuid::from_u128(number)),
        name: name.to_owned(),
        plan: "enterprise".to_owned(),
        default_agent: AgentId(Uuid::from_u128(number + 1)),
    }
}

fn key(bench: &Bench, id: &str, kind: KeyKind) -> KeyRow {
    KeyRow { id: id.to_owned(), kind, user: bench.user, agent: None, hash: [200; 32] }
}
