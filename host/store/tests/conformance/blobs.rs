use crate::bench::Bench;
use crate::cases;
use app::ports::plugins::PluginRecord;
use app::ports::store_error::StoreError;
use bytes::Bytes;
use domain::id::Digest;
use domain::manifest::{ABI, Manifest, ManifestLimits, PluginKind};

cases! {
    async fn a_blob_comes_back_byte_for_byte(bench: &Bench) {
        let large: Vec<u8> = (0..1_000_003_u32).map(|number| number.to_le_bytes()[0]).collect();
        for bytes in [Vec::new(), vec![0], b"text".to_vec(), large] {
            let digest = bench.store.put_blob(bytes.clone().into()).await.unwrap();
            assert_eq!(digest, Digest::of(&bytes));
            assert_eq!(bench.store.find_blob(digest).await.unwrap().unwrap(), Bytes::from(bytes));
        }
    }

    async fn a_blob_that_was_never_put_is_not_there(bench: &Bench) {
        assert_eq!(bench.store.find_blob(Digest([1; 32])).await.unwrap(), None);
    }

    async fn putting_a_blob_again_or_many_times_at_once_is_a_no_op(bench: &Bench) {
        let mut puts = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = std::sync::Arc::clone(&bench.store);
            puts.spawn(async move { store.put_blob(vec![5; 700_000].into()).await.unwrap() });
        }
        let digests = puts.join_all().await;
        assert!(digests.iter().all(|digest| *digest == Digest::of(&[5; 700_000])));
        assert_eq!(bench.store.find_blob(digests[0]).await.unwrap().unwrap().len(), 700_000);
    }

    async fn a_damaged_blob_is_an_error_and_never_an_answer(bench: &Bench) {
        let digest = bench.store.put_blob(b"precious".to_vec().into()).await.unwrap();
        let other = bench.store.put_blob(b"untouched".to_vec().into()).await.unwrap();
        bench.damage_blob(digest).await;
        let error = bench.store.find_blob(digest).await.unwrap_err();
        let StoreError::Internal(message) = error else { panic!("{error:?}") };
        assert!(message.contains(&digest.hex()), "{message}");
        assert_eq!(bench.store.find_blob(other).await.unwrap().unwrap(), Bytes::from_static(b"untouched"));
    }

    async fn a_plugin_is_recorded_once(bench: &Bench) {
        let digest = bench.store.put_blob(b"\0asm".to_vec().into()).await.unwrap();
        let record = PluginRecord { digest, manifest: manifest("hello"), size: 4, installed_at: bench.now() };
        bench.store.insert_plugin(record.clone()).await.unwrap();
        bench.store.insert_plugin(PluginRecord { manifest: manifest("other"), ..record.clone() }).await.unwrap();
        assert_eq!(bench.store.find_plugin(digest).await.unwrap(), Some(record));
        assert_eq!(bench.store.find_plugin(Digest([1; 32])).await.unwrap(), None);
    }

    async fn a_plugin_without_its_bytes_is_refused(bench: &Bench) {
        let record = PluginRecord { digest: Digest([1; 32]), manifest: manifest("hello"), size: 4, installed_at: bench.now() };
        let error = bench.store.insert_plugin(record).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict(_)), "{error:?}");
    }
}

fn manifest(name: &str) -> Manifest {
    Manifest {
        abi: ABI.to_owned(),
        kind: PluginKind::Skill,
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        description: "Greets.".to_owned(),
        tools: Vec::new(),
        capabilities: Vec::new(),
        config: None,
        personalities: Vec::new(),
        limits: ManifestLimits::default(),
    }
}
