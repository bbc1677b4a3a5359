//! Users: unique names, pages, plans, and a deletion that leaves nothing.

use crate::agents::{agent, key_of};
use crate::bench::Bench;
use crate::build::{HOUR, completed};
use crate::cases;
use app::ports::idempotency::{Begin, IdempotencyScope, KeptAnswer};
use app::ports::keys::KeyRow;
use app::ports::store_error::StoreError;
use app::ports::tasks::ImportedFile;
use app::ports::users::UserReference;
use domain::caller::KeyKind;
use domain::id::{AgentId, TaskId, UserId};
use domain::journal::Recorded;
use domain::plan::Plan;
use domain::task::NewTask;
use domain::user::User;
use uuid::Uuid;

cases! {
    async fn a_user_is_found_by_id_and_name_with_what_it_came_with(bench: &Bench) {
        let user = user(bench, "ada", 60);
        let manager = agent(bench, user.id, "manager", 61);
        let key = KeyRow { user: user.id, ..key_of(bench, "adakey", None) };
        bench.store.insert_user(user.clone(), vec![manager.clone()], vec![key.clone()]).await.unwrap();
        assert_eq!(bench.store.find_user(&UserReference::Id(user.id)).await.unwrap(), Some(user.clone()));
        assert_eq!(bench.store.find_user(&UserReference::Name("ada".into())).await.unwrap(), Some(user.clone()));
        assert_eq!(bench.store.find_user(&UserReference::Name("Ada".into())).await.unwrap(), None);
        assert_eq!(bench.store.list_agents(user.id).await.unwrap(), [manager]);
        assert_eq!(bench.store.find_key("adakey").await.unwrap(), Some(key));
    }

    async fn a_taken_name_email_agent_or_key_keeps_nothing_of_the_user(bench: &Bench) {
        let ada = User { email: Some("ada@example.com".into()), ..user(bench, "ada", 60) };
        bench.store.insert_user(ada.clone(), vec![], vec![]).await.unwrap();
        let taken = async |user: User, agents, keys, word: &str| {
            let id = user.id;
            let error = bench.store.insert_user(user, agents, keys).await.unwrap_err();
            let StoreError::Conflict(message) = error else { panic!("{error:?}") };
            assert!(message.contains(word), "{message}");
            assert_eq!(bench.store.find_user(&UserReference::Id(id)).await.unwrap(), None, "{word}");
        };
        taken(user(bench, "ada", 70), vec![], vec![], "name \"ada\" is taken").await;
        let same_mail = User { email: ada.email.clone(), ..user(bench, "eve", 71) };
        taken(same_mail, vec![], vec![], "email \"ada@example.com\" is taken").await;
        let fresh = user(bench, "bob", 72);
        let of_another = domain::agent::Agent { id: bench.agent, ..agent(bench, fresh.id, "manager", 73) };
        taken(fresh.clone(), vec![of_another], vec![], "manager").await;
        bench.store.insert_key(key_of(bench, "used", None), bench.now()).await.unwrap();
        let key = KeyRow { user: fresh.id, ..key_of(bench, "used", None) };
        taken(fresh.clone(), vec![agent(bench, fresh.id, "manager", 73)], vec![key], "").await;
        assert!(bench.store.list_agents(fresh.id).await.unwrap().is_empty());
        // Without an email there is nothing to collide.
        bench.store.insert_user(fresh, vec![], vec![]).await.unwrap();
        bench.store.insert_user(user(bench, "cyn", 74), vec![], vec![]).await.unwrap();
    }

    async fn of_users_with_one_name_that_come_at_once_one_stays(bench: &Bench) {
        let mut inserts = tokio::task::JoinSet::new();
        for number in 0..4 {
            let (store, user) = (std::sync::Arc::clone(&bench.store), user(bench, "ada", 80 + number));
            inserts.spawn(async move { store.insert_user(user, vec![], vec![]).await });
        }
        let results = inserts.join_all().await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(StoreError::Conflict(_)))), "{results:?}");
    }

    async fn users_are_listed_by_name_in_pages(bench: &Bench) {
        for (number, name) in ["zed", "a-b", "a", "ab", "a0"].into_iter().enumerate() {
            bench.store.insert_user(user(bench, name, 60 + number as u128), vec![], vec![]).await.unwrap();
        }
        let (mut names, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = bench.store.list_users(3, cursor.as_deref()).await.unwrap();
            assert_eq!(page.total, 7);
            names.extend(page.users.into_iter().map(|user| user.name));
            (cursor, pages) = (page.next, pages + 1);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(names, ["a", "a-b", "a0", "ab", "owner", "stranger", "zed"]);
        assert_eq!(pages, 3);
    }

    async fn another_plan_is_kept(bench: &Bench) {
        let changed = bench.store.set_plan(bench.user, Plan::Scale).await.unwrap().unwrap();
        assert_eq!((changed.id, changed.plan), (bench.user, Plan::Scale));
        assert_eq!(bench.store.find_user(&UserReference::Id(bench.user)).await.unwrap(), Some(changed));
        assert_eq!(bench.store.get_account(bench.stranger).await.unwrap().unwrap().plan, "startup");
        assert_eq!(bench.store.set_plan(UserId(Uuid::nil()), Plan::Scale).await.unwrap(), None);
    }

    async fn a_deleted_user_leaves_nothing_in_any_table_and_others_keep_everything(bench: &Bench) {
        let gone = fill(bench, bench.user, bench.agent).await;
        let stays = fill(bench, bench.stranger, AgentId(Uuid::from_u128(4))).await;
        let tables = owned_tables(bench).await;
        assert!(tables.len() > 20, "{tables:?}");
        let before = counts(bench, &tables, bench.stranger).await;
        for user in [bench.user, bench.stranger] {
            let rows = counts(bench, &tables, user).await;
            let empty: Vec<_> = rows.iter().filter(|(_, count)| *count == 0).collect();
            assert!(empty.is_empty(), "the case makes no row in {empty:?}");
        }
        let needles = |filled: &Filled| vec![filled.user.clone(), filled.agent.clone(), filled.task.to_string()];
        assert!(!mentions(bench, &needles(&gone)).await.is_empty(), "the control finds what is there");
        let others = mentions(bench, &needles(&stays)).await;

        assert_eq!(bench.store.delete_user(bench.user, bench.now()).await.unwrap(), Some(vec![gone.task.clone()]));

        for (table, count) in counts(bench, &tables, bench.user).await {
            assert_eq!(count, 0, "{table}");
        }
        assert_eq!(mentions(bench, &needles(&gone)).await, Vec::<String>::new());
        assert_eq!(counts(bench, &tables, bench.stranger).await, before);
        assert_eq!(mentions(bench, &needles(&stays)).await, others);
        assert_eq!(bench.store.find_key("fill1").await.unwrap(), None);
        for (number, kept) in [(1, false), (2, true)] {
            let begun = bench.store.begin(&admins_scope("/api/v1/users", number), [1; 32], bench.now()).await.unwrap();
            assert_eq!(matches!(begun, Begin::Kept(_)), kept, "{number}");
        }
        // The running task's worker is stale from now on.
        let late = bench.finish(&gone.lease, completed()).await.unwrap_err();
        assert_eq!(late, StoreError::Stale);
        assert_eq!(bench.append(&gone.lease, vec![bench.start("a/b#1")]).await.unwrap_err(), StoreError::Stale);
        bench.finish(&stays.lease, completed()).await.unwrap();
        // What only it named goes with the next cleaning, once it is not young.
        assert_eq!(bench.store.clean_blobs(bench.now(), 100).await.unwrap(), 0);
        bench.advance(HOUR * 2).await;
        assert_eq!(bench.store.clean_blobs(bench.now(), 100).await.unwrap(), 1);
        for (blob, there) in [(gone.own, false), (gone.shared, true), (stays.own, true)] {
            assert_eq!(bench.store.find_blob(blob).await.unwrap().is_some(), there, "{blob}");
        }
        assert_eq!(bench.store.delete_user(bench.user, bench.now()).await.unwrap(), None);
    }

    async fn what_files_and_skills_name_is_not_cleaned_until_they_go(bench: &Bench) {
        let put = async |text: &str| bench.store.put_blob(text.as_bytes().to_vec().into()).await.unwrap();
        let (file, skill, loose) = (put("file").await, put("skill").await, put("loose").await);
        let task = TaskId::new(TaskId::TASK, bench.random());
        for (table, blob) in [("agent_files", file), ("skill_versions", skill)] {
            let values = row(bench, table, bench.user, bench.agent, &task, blob, 1).await;
            bench.execute(&format!("INSERT INTO {table} {values}")).await.unwrap();
        }
        bench.advance(HOUR * 2).await;
        assert_eq!(bench.store.clean_blobs(bench.now(), 100).await.unwrap(), 1);
        for (blob, there) in [(file, true), (skill, true), (loose, false)] {
            assert_eq!(bench.store.find_blob(blob).await.unwrap().is_some(), there, "{blob}");
        }
        bench.store.delete_user(bench.user, bench.now()).await.unwrap();
        assert_eq!(bench.store.clean_blobs(bench.now(), 100).await.unwrap(), 2);
    }

    async fn the_name_of_a_deleted_user_is_free_again(bench: &Bench) {
        bench.store.delete_user(bench.user, bench.now()).await.unwrap();
        let again = user(bench, "owner", 90);
        bench.store.insert_user(again.clone(), vec![agent(bench, again.id, "manager", 91)], vec![]).await.unwrap();
        assert_eq!(bench.store.find_user(&UserReference::Name("owner".into())).await.unwrap(), Some(again));
    }
}

#[tokio::test]
async fn sqlite_overwrites_what_it_deletes() {
    let bench = Bench::sqlite().await;
    let canary = "canary-4711-canary";
    let input = serde_json::json!({ "task": canary });
    bench.submit(NewTask { input, ..bench.new_task() }).await;
    let holds = |name: &str| {
        let bytes = std::fs::read(bench.folder().join(name)).unwrap();
        bytes.windows(canary.len()).any(|window| window == canary.as_bytes())
    };
    assert!(holds("skep.db-wal"), "the control finds it");
    bench.store.delete_user(bench.user, bench.now()).await.unwrap();
    bench.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    assert!(!holds("skep.db") && !holds("skep.db-wal"));
}

fn user(bench: &Bench, name: &str, number: u128) -> User {
    User {
        id: UserId(Uuid::from_u128(number)),
        name: name.to_owned(),
        email: None,
        plan: Plan::Startup,
        created_at: bench.now(),
    }
}

/// What a filled user has.
struct Filled {
    user: String,
    agent: String,
    task: TaskId,
    lease: domain::task::Lease,
    own: domain::id::Digest,
    shared: domain::id::Digest,
}

/// A running task with journal, and a row of the user in every table that has users.
async fn fill(bench: &Bench, user: UserId, agent: AgentId) -> Filled {
    let own = bench.store.put_blob(format!("of {user}").into_bytes().into()).await.unwrap();
    let shared = bench.store.put_blob(b"of both".to_vec().into()).await.unwrap();
    let file = |path: &str, blob| ImportedFile { path: path.to_owned(), blob, size: 4 };
    let new = NewTask { user, agent, ..bench.new_task() };
    let task =
        bench.store.submit_task(new, vec![file("own", own), file("shared", shared)]).await.unwrap().new.id;
    let lease = bench.claim(1).await.pop().unwrap().lease;
    bench.append(&lease, vec![bench.call_with("a/b#1", 1, "q", Some(Recorded::Blob(own)))]).await.unwrap();
    let scope = IdempotencyScope {
        caller: format!("{user}/user"),
        method: "POST".into(),
        path: "/x".into(),
        key: "k".into(),
    };
    bench.store.begin(&scope, [1; 32], bench.now()).await.unwrap();
    let number = if user == bench.user { 1 } else { 2 };
    // Answers to the admin about this user: by the path, and by the body.
    let about = admins_scope(&format!("/api/v1/users/{user}/agents"), number);
    bench.store.begin(&about, [1; 32], bench.now()).await.unwrap();
    let created = admins_scope("/api/v1/users", number);
    bench.store.begin(&created, [1; 32], bench.now()).await.unwrap();
    let body = format!("{{\"id\":\"{user}\"}}").into_bytes();
    bench
        .store
        .complete(
            &created,
            KeptAnswer { status: 201, location: None, headers: Vec::new(), body },
            bench.now(),
        )
        .await
        .unwrap();
    bench
        .store
        .insert_key(
            KeyRow { user, kind: KeyKind::User, ..key_of(bench, &format!("fill{number}"), None) },
            bench.now(),
        )
        .await
        .unwrap();
    // Tables that name rows of others come after those: as many rounds as it takes.
    let mut pending: Vec<String> = Vec::new();
    for table in owned_tables(bench).await {
        if bench.count(&table, &format!("user_id = '{user}'")).await == 0 {
            pending.push(table);
        }
    }
    while !pending.is_empty() {
        let (mut refused, before) = (Vec::new(), pending.len());
        for table in pending {
            let values = row(bench, &table, user, agent, &task, own, number).await;
            if let Err(error) = bench.execute(&format!("INSERT INTO {table} {values}")).await {
                refused.push((table, error));
            }
        }
        assert!(refused.len() < before, "no row can be made: {refused:?}");
        pending = refused.into_iter().map(|(table, _)| table).collect();
    }
    Filled { user: user.to_string(), agent: agent.to_string(), task, lease, own, shared }
}

fn admins_scope(path: &str, number: u32) -> IdempotencyScope {
    IdempotencyScope {
        caller: "somebody/admin".into(),
        method: "POST".into(),
        path: path.to_owned(),
        key: format!("k{number}"),
    }
}

/// A row for a table of which only the schema is known.
async fn row(
    bench: &Bench,
    table: &str,
    user: UserId,
    agent: AgentId,
    task: &TaskId,
    blob: domain::id::Digest,
    number: u32,
) -> String {
    let bytes =
        |hex: &str| if bench.is_sqlite() { format!("x'{hex}'") } else { format!("decode('{hex}', 'hex')") };
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for column in columns(bench, table).await {
        let (name, kind) = column.split_once(' ').unwrap();
        let value = match (name, kind) {
            ("user_id", _) => format!("'{user}'"),
            ("agent_id", _) => format!("'{agent}'"),
            ("task", _) => format!("'{task}'"),
            // Beyond what the task itself has.
            ("pos", _) => format!("100{number}"),
            ("room", _) => format!("'room-{user}'"),
            ("id", "text") if table == "rooms" => format!("'room-{user}'"),
            ("blob" | "live" | "held" | "previous" | "digest" | "component", _) => bytes(&blob.hex()),
            (_, "blob" | "bytea") => bytes(&format!("{number:064x}")),
            (_, "integer" | "bigint" | "real") => number.to_string(),
            (_, "boolean") => "true".to_owned(),
            (_, "text") => format!("'{name}-{number}'"),
            (_, other) => panic!("{table}.{name} has the type {other}"),
        };
        names.push(name.to_owned());
        values.push(value);
    }
    format!("({}) VALUES ({})", names.join(", "), values.join(", "))
}

/// `NAME TYPE` of every column that takes a value.
async fn columns(bench: &Bench, table: &str) -> Vec<String> {
    let sql = if bench.is_sqlite() {
        format!("SELECT name || ' ' || lower(type) FROM pragma_table_info('{table}')")
    } else {
        format!(
            "SELECT column_name || ' ' || data_type FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name = '{table}' AND is_identity = 'NO' ORDER BY ordinal_position"
        )
    };
    bench.texts(&sql).await
}

/// Every table.
async fn tables(bench: &Bench) -> Vec<String> {
    let sql = if bench.is_sqlite() {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    } else {
        "SELECT CAST(table_name AS text) FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
    };
    bench.texts(sql).await
}

/// Every table whose rows belong to users.
async fn owned_tables(bench: &Bench) -> Vec<String> {
    let mut owned = Vec::new();
    for table in tables(bench).await {
        if columns(bench, &table).await.iter().any(|column| column.starts_with("user_id ")) {
            owned.push(table);
        }
    }
    owned
}

async fn counts(bench: &Bench, tables: &[String], user: UserId) -> Vec<(String, i64)> {
    let mut counts = Vec::new();
    for table in tables {
        counts.push((table.clone(), bench.count(table, &format!("user_id = '{user}'")).await));
    }
    counts
}

/// `TABLE.COLUMN` of every text that has one of the needles in it, in whatever table.
async fn mentions(bench: &Bench, needles: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for table in tables(bench).await {
        for column in columns(bench, &table).await {
            let Some(name) = column.strip_suffix(" text") else { continue };
            for needle in needles {
                if bench.count(&table, &format!("{name} LIKE '%{needle}%'")).await > 0 {
                    found.push(format!("{table}.{name}"));
                }
            }
        }
    }
    found
}
