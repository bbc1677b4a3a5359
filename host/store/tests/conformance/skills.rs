//! Skills: which version is in which role, grants by component, and bytes that stay as long as a task may need them.

use crate::bench::Bench;
use crate::cases;
use app::ports::skills::{Granted, Placed, RolledBack, Skill, SkillQuota, SkillVersion};
use domain::id::Digest;
use domain::manifest::Manifest;
use domain::manifest::grant::Capability;
use serde_json::json;
use std::time::Duration;

const QUOTA: SkillQuota = SkillQuota { skills: 2, bytes: 1000 };

fn kv(quota: u64) -> Vec<Capability> {
    if quota == 0 { Vec::new() } else { vec![Capability::Kv { reason: String::new(), quota }] }
}

/// A version whose component asks for so much.
async fn version(bench: &Bench, number: u64, quota: u64) -> SkillVersion {
    let digest =
        bench.store.put_blob(format!("component {number} {quota}").into_bytes().into()).await.unwrap();
    let manifest: Manifest = serde_json::from_value(json!({
        "abi": "0.1.0", "kind": "skill", "name": "hello", "version": format!("{number}.0.0"),
        "description": "with \u{0}", "capabilities": kv(quota),
    }))
    .unwrap();
    SkillVersion {
        digest,
        component: Some(digest),
        version: manifest.version.clone(),
        description: "Greets.".to_owned(),
        manifest: Some(manifest),
        instructions: Some("# Hello".to_owned()),
        size: 100,
    }
}

async fn place(bench: &Bench, id: &str, version: &SkillVersion) -> Placed {
    let place = bench.store.place_skill(bench.user, id, version.clone(), Vec::new(), QUOTA, bench.now());
    place.await.unwrap()
}

async fn skill(bench: &Bench) -> Skill {
    bench.store.find_skill(bench.user, "hello").await.unwrap().unwrap()
}

async fn is_there(bench: &Bench, digest: Digest) -> bool {
    bench.advance(Duration::from_secs(2 * 3600)).await;
    bench.store.clean_skill_versions(100).await.unwrap();
    bench.store.clean_blobs(bench.now(), 100).await.unwrap();
    bench.store.find_blob(digest).await.unwrap().is_some()
}

cases! {
    async fn a_version_that_asks_for_more_waits_and_the_one_before_serves(bench: &Bench) {
        let (one, two) = (version(bench, 1, 0).await, version(bench, 2, 10).await);
        assert!(matches!(place(bench, "hello", &one).await, Placed::New(_)));
        assert!(matches!(place(bench, "hello", &one).await, Placed::Same(_)));
        let Placed::New(now) = place(bench, "hello", &two).await else { panic!("it is new") };
        assert_eq!((now.live.as_ref(), now.held.as_ref()), (Some(&one), Some(&two)));
        assert!(matches!(place(bench, "hello", &two).await, Placed::Same(_)));
        let grant = async |digest, quota| {
            bench.store.grant_skill(bench.user, "hello", digest, kv(quota), vec![], bench.now()).await.unwrap()
        };
        assert_eq!(grant(one.digest, 10).await, Granted::NotHeld(Some(two.digest)));
        let Granted::Recorded(now) = grant(two.digest, 9).await else { panic!("it is recorded") };
        assert_eq!((now.held.as_ref(), now.held_granted), (Some(&two), kv(9)));
        let Granted::Recorded(now) = grant(two.digest, 10).await else { panic!("it is recorded") };
        assert_eq!((now.live.as_ref(), now.held.as_ref(), now.previous.as_ref()), (Some(&two), None, Some(&one)));
        assert_eq!(now.live_granted, kv(10));
        assert_eq!(grant(two.digest, 10).await, Granted::NotHeld(None));
        let now = *now;
        assert_eq!(skill(bench).await, now);
        assert_eq!(bench.store.list_skills(bench.user).await.unwrap(), [now]);
        assert_eq!(bench.store.list_skills(bench.stranger).await.unwrap(), []);
        assert_eq!(bench.store.skill_grants(bench.stranger, two.digest).await.unwrap(), []);
        assert_eq!(bench.store.find_component(bench.user, two.digest).await.unwrap(), two.manifest);
        assert_eq!(bench.store.find_component(bench.stranger, two.digest).await.unwrap(), None);
    }

    async fn the_policy_is_for_its_bytes_alone_and_a_grant_passes_on_as_far_as_it_is_asked_for(bench: &Bench) {
        let (one, two, three) = (version(bench, 1, 10).await, version(bench, 2, 4).await, version(bench, 3, 10).await);
        let placed = bench.store.place_skill(bench.user, "hello", one.clone(), kv(10), QUOTA, bench.now()).await.unwrap();
        assert!(matches!(placed, Placed::New(skill) if skill.live.is_some()));
        place(bench, "hello", &two).await;
        assert_eq!(skill(bench).await.held, Some(two.clone()));
        let granted = bench.store.grant_skill(bench.user, "hello", two.digest, kv(4), vec![], bench.now()).await;
        assert!(matches!(granted.unwrap(), Granted::Recorded(_)));
        let less = version(bench, 4, 2).await;
        place(bench, "hello", &less).await;
        assert_eq!((skill(bench).await.live, skill(bench).await.live_granted), (Some(less), kv(2)));
        place(bench, "hello", &three).await;
        assert_eq!(skill(bench).await.held, Some(three));
    }

    async fn live_and_previous_change_places(bench: &Bench) {
        let back = async |from| bench.store.roll_back_skill(bench.user, "hello", from, bench.now()).await.unwrap();
        assert_eq!(back(None).await, RolledBack::NoSkill);
        let (one, two) = (version(bench, 1, 0).await, version(bench, 2, 0).await);
        place(bench, "hello", &one).await;
        assert_eq!(back(None).await, RolledBack::NoVersion);
        place(bench, "hello", &two).await;
        assert_eq!(back(Some(one.digest)).await, RolledBack::NoVersion, "another version is live meanwhile");
        let RolledBack::Done(now) = back(Some(two.digest)).await else { panic!("it goes back") };
        assert_eq!((now.live.as_ref(), now.previous.as_ref()), (Some(&one), Some(&two)));
        let RolledBack::Done(now) = back(None).await else { panic!("it goes forth") };
        assert_eq!(now.live, Some(two));
    }

    async fn a_user_keeps_so_many_skills_and_so_many_bytes(bench: &Bench) {
        let small = version(bench, 1, 0).await;
        for id in ["one", "two"] {
            assert!(matches!(place(bench, id, &small).await, Placed::New(_)));
        }
        let Placed::Full(reason) = place(bench, "three", &small).await else { panic!("it is full") };
        assert!(reason.contains("at most 2 skills"), "{reason}");
        let large = SkillVersion { size: 801, ..version(bench, 2, 0).await };
        let Placed::Full(reason) = place(bench, "two", &large).await else { panic!("it is full") };
        assert!(reason.contains("1001 bytes"), "{reason}");
        assert!(matches!(place(bench, "two", &SkillVersion { size: 800, ..large }).await, Placed::New(_)));
        assert_eq!(bench.store.list_skills(bench.user).await.unwrap().len(), 2);
    }

    async fn bytes_stay_while_they_have_a_role_or_a_task_may_have_begun_on_them(bench: &Bench) {
        let versions = [version(bench, 1, 0).await, version(bench, 2, 0).await, version(bench, 3, 0).await];
        let task = bench.submit(bench.new_task()).await.new.id;
        for version in &versions {
            place(bench, "hello", version).await;
        }
        let [one, two, three] = versions.map(|version| version.digest);
        assert!(is_there(bench, one).await && is_there(bench, two).await && is_there(bench, three).await);
        bench.execute(&format!("DELETE FROM leases WHERE task = '{task}'")).await.unwrap();
        bench.execute(&format!("DELETE FROM tasks WHERE id = '{task}'")).await.unwrap();
        assert!(!is_there(bench, one).await, "no task is left that can have begun on it");
        assert!(is_there(bench, two).await && is_there(bench, three).await);
        assert_eq!(bench.store.delete_skill(bench.user, "hello", bench.now()).await.unwrap().map(|all| all.len()), Some(2));
        assert_eq!(bench.store.delete_skill(bench.user, "hello", bench.now()).await.unwrap(), None);
        assert!(!is_there(bench, two).await && !is_there(bench, three).await);
    }

    async fn uploads_of_one_id_at_once_are_one_after_the_other(bench: &Bench) {
        let mut places = tokio::task::JoinSet::new();
        for number in 0..6 {
            let (store, user, now) = (std::sync::Arc::clone(&bench.store), bench.user, bench.now());
            let version = SkillVersion { size: 1, ..version(bench, number, 0).await };
            places.spawn(async move { store.place_skill(user, "hello", version, vec![], QUOTA, now).await });
        }
        assert!(places.join_all().await.iter().all(|placed| matches!(placed, Ok(Placed::New(_)))));
        let now = skill(bench).await;
        assert!(now.live.is_some() && now.previous.is_some() && now.live != now.previous);
        let left = bench.texts("SELECT count(*) || '' FROM skill_versions WHERE left_at IS NULL").await;
        assert_eq!(left, ["2"]);
    }
}
