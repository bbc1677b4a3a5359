use crate::bench::Bench;
use crate::cases;
use app::ports::plugins::{LiveRecord, PluginRecord};
use domain::id::Digest;
use domain::manifest::{Manifest, PluginKind};
use serde_json::json;
use uuid::Uuid;

cases! {
    async fn what_was_live_on_a_host_is_found_by_that_host_only(bench: &Bench) {
        let (here, there) = (Uuid::from_u128(1000), Uuid::from_u128(2000));
        let (old, new) = (recorded(bench, "old").await, recorded(bench, "new").await);
        let record = |name: &str, digest| LiveRecord {
            kind: PluginKind::Skill,
            name: name.to_owned(),
            digest,
            path: format!("plugins/{name}.wasm"),
            previous: None,
            rejected: Vec::new(),
        };
        assert!(bench.store.list_live(here).await.unwrap().is_empty());
        let first = vec![record("a", old), LiveRecord { kind: PluginKind::Personality, ..record("a", old) }];
        bench.store.replace_live(here, first.clone()).await.unwrap();
        bench.store.replace_live(there, vec![record("c", new)]).await.unwrap();
        let mut listed = bench.store.list_live(here).await.unwrap();
        assert_eq!(listed.iter().map(|record| record.kind.as_str()).collect::<Vec<_>>(), ["personality", "skill"]);
        listed.reverse();
        assert_eq!(listed, first);
        let second = vec![LiveRecord { previous: Some(old), rejected: vec![old, new], ..record("b", new) }];
        for _ in 0..2 {
            bench.store.replace_live(here, second.clone()).await.unwrap();
            assert_eq!(bench.store.list_live(here).await.unwrap(), second);
        }
        bench.store.replace_live(here, Vec::new()).await.unwrap();
        assert!(bench.store.list_live(here).await.unwrap().is_empty());
        assert_eq!(bench.store.list_live(there).await.unwrap(), [record("c", new)]);
    }
}

async fn recorded(bench: &Bench, name: &str) -> Digest {
    let digest = bench.store.put_blob(name.as_bytes().to_vec().into()).await.unwrap();
    let manifest: Manifest = serde_json::from_value(json!({
        "abi": "0.1.0", "kind": "skill", "name": name, "version": "1.0.0", "description": "A skill.",
    }))
    .unwrap();
    let record = PluginRecord { digest, manifest, size: 3, installed_at: bench.now() };
    bench.store.insert_plugin(record).await.unwrap();
    digest
}
