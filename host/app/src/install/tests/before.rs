//! Versions that come back: after a restart, and when the one that replaced them traps.

use super::*;

impl World {
    /// The process ends; files, policy and database stay.
    fn restart(&mut self) {
        self.catalog = LivePlugins::default();
        self.unloaded = Mutex::default();
    }

    /// A call of that version ended.
    fn call(&self, package: &Package, trapped: bool) {
        self.catalog.trials.note(package.digest, trapped, TRAPS);
    }

    fn trap(&self, package: &Package, times: u32) {
        (0..times).for_each(|_| self.call(package, true));
    }
}

/// Version 1.0.0 was replaced in place by 1.1.0, which is live.
async fn swapped(capabilities: &[Capability]) -> (World, Package, Package) {
    let world = World::default();
    let (old, new) = (skill("a.wasm", "1.0.0", capabilities), skill("a.wasm", "1.1.0", capabilities));
    for package in [&old, &new] {
        world.grant(package, capabilities);
        world.packages(&[package]);
        world.refresh().await;
    }
    assert_eq!(live(&world.catalog.view()).as_deref(), Some("1.1.0"));
    (world, old, new)
}

#[tokio::test]
async fn after_a_restart_the_old_version_serves_while_the_file_holds_one_that_is_held() {
    let mut world = World::default();
    let (old, new) = (skill("a.wasm", "1.0.0", &[kv(1)]), skill("a.wasm", "1.1.0", &[kv(2)]));
    world.grant(&old, &[kv(1)]);
    world.packages(&[&old]);
    world.refresh().await;
    world.packages(&[&new]);
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.0.0"));
    for _restart in 0..2 {
        world.restart();
        let view = world.refresh().await;
        assert_eq!(live(&view).as_deref(), Some("1.0.0"));
        assert_eq!(view.live.values().next().unwrap().granted, [kv(1)]);
        assert_eq!((view.held.len(), view.held[0].digest), (1, new.digest));
        assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.0.0"), "and it goes on");
    }
    world.grant(&new, &[kv(2)]);
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.1.0"));
    world.restart();
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.1.0"));
}

#[tokio::test]
async fn after_a_restart_a_broken_file_leaves_the_version_that_served() {
    let mut world = World::default();
    let (old, bad) =
        (team("a.wasm", "crew", &["coder-ai"]), team("a.wasm", "crew", &["coder-ai", "tester-ai"]));
    world.packages(&[&old]);
    world.refresh().await;
    world.restart();
    world.found(&[], &["a.wasm"]);
    let view = world.refresh().await;
    assert_eq!(view.personalities["coder-ai"].digest, old.digest);
    world.restart();
    world.compiles.lock().unwrap().insert(bad.digest, Err(ComponentError::Trial("it traps".into())));
    world.packages(&[&bad]);
    let view = world.refresh().await;
    assert_eq!((view.personalities["coder-ai"].digest, view.broken.len()), (old.digest, 1));
    assert!(!view.personalities.contains_key("tester-ai"));
}

#[tokio::test]
async fn after_a_restart_nothing_comes_back_without_its_file_or_its_grant() {
    let mut world = World::default();
    let (old, new) = (skill("a.wasm", "1.0.0", &[kv(1)]), skill("a.wasm", "1.1.0", &[kv(2)]));
    world.grant(&old, &[kv(1)]);
    world.packages(&[&old]);
    world.refresh().await;
    let lives = world.live.lock().unwrap().clone();
    world.restart();
    world.packages(&[]);
    assert_eq!(live(&*world.refresh().await), None, "its file is gone");
    *world.live.lock().unwrap() = lives;
    world.restart();
    world.packages(&[&new]);
    world.grants.lock().unwrap().clear();
    let view = world.refresh().await;
    assert_eq!(live(&view), None, "its grant is gone");
    assert_eq!(view.held[0].digest, new.digest);
}

#[tokio::test]
async fn trouble_with_the_database_only_puts_off_what_comes_back() {
    let mut world = World::default();
    let (old, new) = (skill("a.wasm", "1.0.0", &[]), skill("a.wasm", "1.1.0", &[kv(2)]));
    world.packages(&[&old]);
    world.refresh().await;
    world.restart();
    world.packages(&[&new]);
    world.compiles.lock().unwrap().insert(old.digest, Err(ComponentError::Internal("no process".into())));
    assert_eq!(live(&*world.refresh().await), None);
    world.compiles.lock().unwrap().clear();
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.0.0"));
}

#[tokio::test]
async fn a_new_version_that_traps_again_and_again_is_taken_back_until_its_file_changes() {
    let (mut world, old, new) = swapped(&[kv(1)]).await;
    world.trap(&new, TRAPS - 1);
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.1.0"), "not yet");
    world.trap(&new, 1);
    // The watch of the directories is woken.
    world.catalog.trials.until_failed().await;
    let view = world.refresh().await;
    assert_eq!(view.live.values().next().unwrap().digest, old.digest);
    let reason = &view.broken[0].reason;
    assert!(reason.contains("hello@1.1.0 was taken back: it trapped 5 times in a row"), "{reason}");
    assert!(reason.contains("hello@1.0.0"), "{reason}");
    // What was taken back is not loaded again, not by the next look, nor by the next start.
    let compiled =
        |world: &World| world.compiled.lock().unwrap().iter().filter(|digest| **digest == new.digest).count();
    assert_eq!(compiled(&world), 1);
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.0.0"));
    world.restart();
    let view = world.refresh().await;
    assert_eq!((live(&view).as_deref(), view.broken.len()), (Some("1.0.0"), 1));
    assert!(view.broken[0].reason.contains("taken back"));
    assert_eq!(compiled(&world), 1);
    let next = skill("a.wasm", "1.2.0", &[kv(1)]);
    world.grant(&next, &[kv(1)]);
    world.packages(&[&next]);
    let view = world.refresh().await;
    assert_eq!((live(&view).as_deref(), view.broken.len()), (Some("1.2.0"), 0));
    // The file changed: the same bytes are another chance.
    world.packages(&[&new]);
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.1.0"));
}

#[tokio::test]
async fn only_traps_in_a_row_of_a_new_version_count() {
    let (world, _, new) = swapped(&[]).await;
    for _ in 0..3 {
        world.trap(&new, TRAPS - 1);
        world.call(&new, false);
    }
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.1.0"), "an answer ends the row");
    (0..50).for_each(|_| world.call(&new, false));
    world.trap(&new, TRAPS);
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.1.0"), "it is not new any more");

    let first = World::default();
    let only = skill("a.wasm", "1.0.0", &[]);
    first.packages(&[&only]);
    first.refresh().await;
    first.trap(&only, TRAPS);
    assert_eq!(live(&*first.refresh().await).as_deref(), Some("1.0.0"), "there is none before it");
}

#[tokio::test]
async fn a_version_that_was_new_before_a_restart_is_still_new_after_it() {
    let (mut world, old, new) = swapped(&[]).await;
    world.restart();
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.1.0"));
    world.trap(&new, TRAPS);
    assert_eq!(world.refresh().await.live.values().next().unwrap().digest, old.digest);
}

#[tokio::test]
async fn a_new_version_stays_when_the_one_before_may_not_serve() {
    let (world, old, new) = swapped(&[kv(1)]).await;
    world.grants.lock().unwrap().remove(&old.digest);
    world.trap(&new, TRAPS);
    let view = world.refresh().await;
    assert_eq!((live(&view).as_deref(), view.broken.len()), (Some("1.1.0"), 0));
}

#[tokio::test]
async fn of_two_files_the_lower_version_serves_when_the_higher_one_traps() {
    let world = World::default();
    let (low, high) = (skill("a.wasm", "1.0.0", &[]), skill("b.wasm", "1.1.0", &[]));
    world.packages(&[&low]);
    world.refresh().await;
    world.packages(&[&low, &high]);
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.1.0"));
    world.trap(&high, TRAPS);
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.0.0"));
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.0.0"));
    world.packages(&[&low]);
    let view = world.refresh().await;
    assert_eq!((live(&view).as_deref(), view.broken.len()), (Some("1.0.0"), 0));
}
