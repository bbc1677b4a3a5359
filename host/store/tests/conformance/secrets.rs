//! Secrets: what is kept is sealed for its row, and opens in no other.

use crate::bench::Bench;
use crate::cases;
use app::ports::secrets::{DataKeyRow, SecretChange, SecretRow};
use app::ports::store_error::StoreError;
use app::ports::vault::{Vault as _, VaultError};
use domain::id::UserId;
use domain::secret::{SecretPlace, SecretValue};
use std::sync::Arc;
use testkit::clock::SeededEntropy;
use vault::Envelope;
use vault::key_file::KeyEncryptionKey;

fn vault() -> Envelope {
    Envelope::new(KeyEncryptionKey::parse(&"07".repeat(32)).unwrap(), Arc::new(SeededEntropy::new(9)))
}

async fn data_key(bench: &Bench, user: UserId) -> DataKeyRow {
    bench.store.keep_data_key(user, vault().make_data_key(user), bench.now()).await.unwrap()
}

/// Sealed for the next write.
fn sealed(bench: &Bench, key: &DataKeyRow, user: UserId, name: &str, value: &str) -> SecretRow {
    let place =
        SecretPlace { user, agent: None, name: name.to_owned(), version: key.writes + 1, hosts: None };
    let value = SecretValue::new(value.to_owned());
    let bytes = vault().seal(&key.sealed, &place, &value).unwrap();
    SecretRow { place, sealed: bytes, suffix: value.suffix(), updated_at: bench.now() }
}

async fn put(bench: &Bench, user: UserId, name: &str, value: &str) {
    let key = data_key(bench, user).await;
    let change = SecretChange::Put(sealed(bench, &key, user, name, value));
    assert!(bench.store.put_secrets(user, key.writes, vec![change], 10).await.unwrap());
}

/// What a host would read.
async fn read(bench: &Bench, user: UserId, name: &str) -> Result<String, VaultError> {
    let (key, row) = bench.store.find_secret(user, name).await.unwrap().unwrap();
    vault().open(&key.sealed, &row.place, &row.sealed).map(|value| value.reveal().to_owned())
}

cases! {
    async fn secrets_are_written_once_for_each_version_and_removed(bench: &Bench) {
        let user = bench.user;
        assert_eq!(bench.store.find_data_key(user).await.unwrap(), None);
        let key = data_key(bench, user).await;
        assert_eq!(data_key(bench, user).await, key, "the first one stays");
        assert_eq!(bench.store.find_data_key(user).await.unwrap(), Some(key.clone()));
        let nobody: UserId = "ffffffff-ffff-4fff-8fff-ffffffffffff".parse().unwrap();
        let error = bench.store.keep_data_key(nobody, vec![1], bench.now()).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound(_)), "{error:?}");

        let mut row = sealed(bench, &key, user, "B", "\u{0}-a-long-value\u{0}");
        row.place.hosts = Some(vec!["a.example".into(), "*.b.example".into()]);
        let changes = vec![SecretChange::Put(row.clone()), SecretChange::Remove("A".into())];
        assert!(bench.store.put_secrets(user, 0, changes.clone(), 10).await.unwrap());
        assert!(!bench.store.put_secrets(user, 0, changes, 10).await.unwrap(), "another write came before");
        assert_eq!(bench.store.list_secrets(user).await.unwrap(), [row]);
        put(bench, user, "A", "value").await;
        put(bench, user, "_", "value").await;
        let names: Vec<(String, u64)> = bench.store.list_secrets(user).await.unwrap().into_iter()
            .map(|row| (row.place.name, row.place.version)).collect();
        assert_eq!(names, [("A".into(), 2), ("B".into(), 1), ("_".into(), 3)]);
        assert_eq!(read(bench, user, "A").await.unwrap(), "value");

        let key = data_key(bench, user).await;
        let more = vec![SecretChange::Put(sealed(bench, &key, user, "C", "value")), SecretChange::Remove("A".into())];
        let error = bench.store.put_secrets(user, key.writes, more, 2).await.unwrap_err();
        assert!(matches!(&error, StoreError::Exhausted(text) if text.contains("at most 2")), "{error:?}");
        assert_eq!(data_key(bench, user).await.writes, 3, "nothing was done");
        assert!(bench.store.delete_secret(user, "A").await.unwrap());
        assert!(!bench.store.delete_secret(user, "A").await.unwrap());
        assert_eq!(bench.store.find_secret(user, "A").await.unwrap(), None);
        assert_eq!(bench.store.list_secrets(bench.stranger).await.unwrap(), []);
        put(bench, user, "A", "value").await;
        let (_, row) = bench.store.find_secret(user, "A").await.unwrap().unwrap();
        assert_eq!(row.place.version, 4, "a version never comes again");
    }

    async fn of_writes_at_once_each_has_a_version_of_its_own(bench: &Bench) {
        let key = data_key(bench, bench.user).await;
        let write = async |name: &str| {
            let change = SecretChange::Put(sealed(bench, &key, bench.user, name, "value"));
            bench.store.put_secrets(bench.user, key.writes, vec![change], 10).await.unwrap()
        };
        let written = tokio::join!(write("A"), write("B"), write("C"));
        assert_eq!([written.0, written.1, written.2].iter().filter(|written| **written).count(), 1);
        assert_eq!(bench.store.list_secrets(bench.user).await.unwrap().len(), 1);
    }

    async fn every_flipped_byte_is_refused(bench: &Bench) {
        put(bench, bench.user, "KEY", "value").await;
        let (key, row) = bench.store.find_secret(bench.user, "KEY").await.unwrap().unwrap();
        let literal = |bytes: &[u8]| {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            if bench.is_sqlite() { format!("x'{hex}'") } else { format!("decode('{hex}', 'hex')") }
        };
        for (table, bytes) in [("secrets", &row.sealed), ("data_keys", &key.sealed)] {
            let set = async |bytes: &[u8]| {
                let user = bench.user;
                let statement = format!("UPDATE {table} SET sealed = {} WHERE user_id = '{user}'", literal(bytes));
                bench.execute(&statement).await.unwrap();
            };
            for index in 0..bytes.len() {
                let mut flipped = bytes.clone();
                flipped[index] ^= 0x40;
                set(&flipped).await;
                let error = read(bench, bench.user, "KEY").await.unwrap_err().to_string();
                let told = ["does not open", "the fingerprint"].iter().any(|part| error.contains(part));
                assert!(told && error.contains(&bench.user.to_string()), "{table} {index}: {error}");
            }
            set(bytes).await;
            assert_eq!(read(bench, bench.user, "KEY").await.unwrap(), "value");
        }
        // The rest of the row, too: where a secret may go cannot be widened in the database.
        for change in ["hosts = '[\"evil.example\"]'", "version = version + 1", "name = 'YEK'"] {
            bench.execute(&format!("UPDATE secrets SET {change}")).await.unwrap();
            let name = if change.starts_with("name") { "YEK" } else { "KEY" };
            let error = read(bench, bench.user, name).await.unwrap_err();
            assert!(matches!(error, VaultError::Secret(_)), "{change}: {error}");
            bench.execute("UPDATE secrets SET hosts = NULL, name = 'KEY', version = 1").await.unwrap();
        }
        assert_eq!(read(bench, bench.user, "KEY").await.unwrap(), "value");
    }

    async fn rows_that_change_places_do_not_open(bench: &Bench) {
        let (user, stranger) = (bench.user, bench.stranger);
        put(bench, user, "KEY", "first").await;
        let (_, old) = bench.store.find_secret(user, "KEY").await.unwrap().unwrap();
        put(bench, user, "KEY", "second").await;
        put(bench, user, "OTHER", "other").await;
        put(bench, stranger, "KEY", "of the stranger").await;
        let is = |user: UserId, name: &str| format!("user_id = '{user}' AND name = '{name}'");
        let take = async |table: &str, to: &str, from: &str| {
            let statement = format!("UPDATE {table} SET sealed = (SELECT sealed FROM {table} WHERE {from}) WHERE {to}");
            bench.execute(&statement).await.unwrap();
        };
        let (mine, before) = (is(user, "KEY"), bench.store.find_secret(user, "KEY").await.unwrap().unwrap().1);
        let restore = async |row: &SecretRow| {
            let change = SecretChange::Put(row.clone());
            let writes = data_key(bench, user).await.writes;
            assert!(bench.store.put_secrets(user, writes, vec![change], 10).await.unwrap());
        };
        // Between names.
        take("secrets", &mine, &is(user, "OTHER")).await;
        assert!(matches!(read(bench, user, "KEY").await, Err(VaultError::Secret(_))));
        restore(&before).await;
        assert_eq!(read(bench, user, "KEY").await.unwrap(), "second");
        // Between versions: an old value does not come back.
        let forged = SecretRow { place: before.place.clone(), ..old.clone() };
        restore(&forged).await;
        assert!(matches!(read(bench, user, "KEY").await, Err(VaultError::Secret(_))));
        restore(&before).await;
        // Between users.
        take("secrets", &mine, &is(stranger, "KEY")).await;
        assert!(matches!(read(bench, user, "KEY").await, Err(VaultError::Secret(_))));
        restore(&before).await;
        // With the data key.
        take("data_keys", &format!("user_id = '{user}'"), &format!("user_id = '{stranger}'")).await;
        assert!(matches!(read(bench, user, "KEY").await, Err(VaultError::DataKey { .. })));
        assert_eq!(read(bench, stranger, "KEY").await.unwrap(), "of the stranger");
    }

    async fn without_its_user_a_data_key_is_gone(bench: &Bench) {
        put(bench, bench.user, "KEY", "value").await;
        put(bench, bench.stranger, "KEY", "value").await;
        bench.store.delete_user(bench.user, bench.now()).await.unwrap();
        assert_eq!(bench.store.find_data_key(bench.user).await.unwrap(), None);
        assert_eq!(bench.store.find_secret(bench.user, "KEY").await.unwrap(), None);
        assert_eq!(read(bench, bench.stranger, "KEY").await.unwrap(), "value");
    }
}
