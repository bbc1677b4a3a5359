#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::ports::components::{CallRequest, Compiled, ComponentError, Profile};
use crate::ports::packages::{BrokenPackage, Unpacked};
use crate::ports::plugins::{LiveRecord, PluginRecord};
use crate::ports::store_error::StoreError;
use bytes::Bytes;
use domain::component::CallOutcome;
use domain::manifest::{ABI, Manifest, Personality};
use domain::time::Timestamp;
use std::collections::HashMap;
use std::sync::Mutex;

mod before;

const INSTALLATION: Uuid = Uuid::from_u128(7);
const TRAPS: u32 = 5;

/// Everything around installing, scripted.
#[derive(Default)]
struct World {
    scan: Mutex<Scan>,
    grants: Mutex<BTreeMap<Digest, Vec<Capability>>>,
    elapsed: Mutex<Duration>,
    /// What compiling answers, by digest; the rest compiles.
    compiles: Mutex<HashMap<Digest, Result<Vec<String>, ComponentError>>>,
    compiled: Mutex<Vec<Digest>>,
    unloaded: Mutex<Vec<Digest>>,
    recorded: Mutex<Vec<Digest>>,
    store_is_down: Mutex<bool>,
    /// What the database has.
    blobs: Mutex<HashMap<Digest, Bytes>>,
    records: Mutex<HashMap<Digest, PluginRecord>>,
    live: Mutex<Vec<LiveRecord>>,
    catalog: LivePlugins,
}

impl World {
    async fn refresh(&self) -> Arc<CatalogView> {
        let install = Install {
            packages: self,
            components: self,
            blobs: self,
            plugins: self,
            clock: self,
            catalog: &self.catalog,
            installation: INSTALLATION,
            trap_limit: TRAPS,
        };
        install.refresh(self).await.unwrap();
        self.catalog.view()
    }

    fn packages(&self, packages: &[&Package]) {
        self.found(packages, &[]);
    }

    fn found(&self, packages: &[&Package], broken: &[&str]) {
        let broken = broken
            .iter()
            .map(|path| BrokenPackage { path: path.into(), digest: None, reason: "torn".into() })
            .collect();
        *self.scan.lock().unwrap() =
            Scan { packages: packages.iter().map(|package| (*package).clone()).collect(), broken };
    }

    fn grant(&self, package: &Package, capabilities: &[Capability]) {
        self.grants.lock().unwrap().insert(package.digest, capabilities.to_vec());
    }

    fn pass(&self, time: Duration) {
        *self.elapsed.lock().unwrap() += time;
    }
}

#[async_trait::async_trait]
impl Packages for World {
    async fn scan(&self) -> Result<Scan, std::io::Error> {
        Ok(self.scan.lock().unwrap().clone())
    }

    async fn changed(&self) {}

    fn inspect(&self, _bytes: &Bytes) -> Result<Manifest, BrokenPackage> {
        Err(BrokenPackage { path: PathBuf::new(), digest: None, reason: "no uploads here".into() })
    }

    fn unpack(&self, _bytes: &Bytes) -> Result<Unpacked, BrokenPackage> {
        Err(BrokenPackage { path: PathBuf::new(), digest: None, reason: "no uploads here".into() })
    }
}

#[async_trait::async_trait]
impl Components for World {
    async fn compile(&self, bytes: Bytes, _manifest: &Manifest) -> Result<Compiled, ComponentError> {
        let digest = Digest::of(&bytes);
        self.compiled.lock().unwrap().push(digest);
        let imports =
            self.compiles.lock().unwrap().get(&digest).cloned().unwrap_or_else(|| Ok(Vec::new()))?;
        Ok(Compiled { digest, profile: Profile::Small, imports, wasi: false, cached: false })
    }

    async fn trial(&self, _digest: Digest) -> Result<(), ComponentError> {
        Ok(())
    }

    fn is_loaded(&self, digest: Digest) -> bool {
        !self.unloaded.lock().unwrap().contains(&digest)
    }

    fn unload(&self, digest: Digest) {
        self.unloaded.lock().unwrap().push(digest);
    }

    async fn call(&self, _request: CallRequest) -> CallOutcome {
        unreachable!("installing calls nothing")
    }
}

#[async_trait::async_trait]
impl Blobs for World {
    async fn put_blob(&self, bytes: Bytes) -> Result<Digest, StoreError> {
        match *self.store_is_down.lock().unwrap() {
            true => Err(StoreError::Unavailable("disk full".into())),
            false => {
                let digest = Digest::of(&bytes);
                self.blobs.lock().unwrap().insert(digest, bytes);
                Ok(digest)
            }
        }
    }

    async fn find_blob(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        Ok(self.blobs.lock().unwrap().get(&digest).cloned())
    }

    async fn clean_blobs(&self, _now: Timestamp, _limit: u32) -> Result<u64, StoreError> {
        Ok(0)
    }
}

#[async_trait::async_trait]
impl Plugins for World {
    async fn insert_plugin(&self, record: PluginRecord) -> Result<(), StoreError> {
        self.recorded.lock().unwrap().push(record.digest);
        self.records.lock().unwrap().insert(record.digest, record);
        Ok(())
    }

    async fn find_plugin(&self, digest: Digest) -> Result<Option<PluginRecord>, StoreError> {
        Ok(self.records.lock().unwrap().get(&digest).cloned())
    }

    async fn list_live(&self, installation: Uuid) -> Result<Vec<LiveRecord>, StoreError> {
        assert_eq!(installation, INSTALLATION);
        Ok(self.live.lock().unwrap().clone())
    }

    async fn replace_live(&self, installation: Uuid, live: Vec<LiveRecord>) -> Result<(), StoreError> {
        assert_eq!(installation, INSTALLATION);
        match *self.store_is_down.lock().unwrap() {
            true => Err(StoreError::Unavailable("disk full".into())),
            false => {
                *self.live.lock().unwrap() = live;
                Ok(())
            }
        }
    }
}

#[async_trait::async_trait]
impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }

    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().unwrap()
    }

    async fn sleep(&self, _duration: Duration) {}
}

impl Grants for World {
    fn reload(&self) -> Result<(), String> {
        Ok(())
    }

    fn granted(&self, digest: Digest) -> Vec<Capability> {
        self.all().get(&digest).cloned().unwrap_or_default()
    }

    fn all(&self) -> BTreeMap<Digest, Vec<Capability>> {
        self.grants.lock().unwrap().clone()
    }
}

fn kv(quota: u64) -> Capability {
    Capability::Kv { reason: String::new(), quota }
}

/// The bytes are the path, the version and the content; equal arguments are equal bytes.
fn skill(path: &str, version: &str, capabilities: &[Capability]) -> Package {
    package(path, PluginKind::Skill, "hello", version, capabilities, &[])
}

fn team(path: &str, name: &str, ids: &[&str]) -> Package {
    package(path, PluginKind::Personality, name, "1.0.0", &[], ids)
}

fn package(
    path: &str,
    kind: PluginKind,
    name: &str,
    version: &str,
    capabilities: &[Capability],
    ids: &[&str],
) -> Package {
    let bytes = Bytes::from(format!("{path} {name} {version} {capabilities:?} {ids:?}"));
    let personality =
        |id: &&str| Personality { id: (*id).to_owned(), description: String::new(), phases: BTreeMap::new() };
    let manifest = Manifest {
        abi: ABI.into(),
        kind,
        name: name.into(),
        version: version.into(),
        description: String::new(),
        tools: Vec::new(),
        capabilities: capabilities.to_vec(),
        config: None,
        personalities: ids.iter().map(personality).collect(),
        limits: Default::default(),
    };
    Package { path: path.into(), digest: Digest::of(&bytes), bytes, manifest }
}

fn live(view: &CatalogView) -> Option<String> {
    view.live.get(&(PluginKind::Skill, "hello".to_owned())).map(|plugin| plugin.manifest.version.clone())
}

#[tokio::test]
async fn a_package_that_asks_for_nothing_goes_live_and_is_recorded_once() {
    let world = World::default();
    let hello = skill("a.wasm", "1.0.0", &[]);
    world.packages(&[&hello]);
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.0.0"));
    world.refresh().await;
    assert_eq!(*world.compiled.lock().unwrap(), [hello.digest]);
    assert_eq!(*world.recorded.lock().unwrap(), [hello.digest]);
}

#[tokio::test]
async fn a_wider_update_in_place_is_held_while_the_old_version_serves_until_it_is_granted() {
    let world = World::default();
    let (old, new) = (skill("a.wasm", "1.0.0", &[kv(1)]), skill("a.wasm", "1.1.0", &[kv(2)]));
    world.grant(&old, &[kv(1)]);
    world.packages(&[&old]);
    world.refresh().await;
    world.packages(&[&new]);
    let view = world.refresh().await;
    assert_eq!(live(&view).as_deref(), Some("1.0.0"));
    assert_eq!((view.held[0].digest, view.held[0].missing.as_slice()), (new.digest, [kv(2)].as_slice()));
    world.refresh().await;
    assert_eq!(world.compiled.lock().unwrap().iter().filter(|digest| **digest == new.digest).count(), 1);
    assert!(world.recorded.lock().unwrap().iter().all(|digest| *digest != new.digest));
    world.grant(&new, &[kv(2)]);
    let view = world.refresh().await;
    assert_eq!(live(&view).as_deref(), Some("1.1.0"));
    assert!(view.held.is_empty());
}

#[tokio::test]
async fn the_same_version_with_other_bytes_needs_its_own_grant() {
    let world = World::default();
    let (old, mut new) = (skill("a.wasm", "1.0.0", &[kv(1)]), skill("a.wasm", "1.0.0", &[kv(1)]));
    new.bytes = Bytes::from_static(b"other");
    new.digest = Digest::of(&new.bytes);
    world.grant(&old, &[kv(1)]);
    world.packages(&[&old]);
    world.refresh().await;
    world.packages(&[&new]);
    let view = world.refresh().await;
    assert_eq!(view.live.values().next().unwrap().digest, old.digest);
    assert_eq!(view.held[0].digest, new.digest);
}

#[tokio::test]
async fn a_broken_file_never_replaces_a_working_one_and_is_compiled_once() {
    let world = World::default();
    let (old, bad) = (skill("a.wasm", "1.0.0", &[]), skill("a.wasm", "2.0.0", &[]));
    world.packages(&[&old]);
    world.refresh().await;
    world.found(&[], &["a.wasm"]);
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.0.0"));
    world.compiles.lock().unwrap().insert(bad.digest, Err(ComponentError::Trial("it traps".into())));
    world.packages(&[&bad]);
    let view = world.refresh().await;
    assert_eq!(live(&view).as_deref(), Some("1.0.0"));
    assert!(view.broken[0].reason.contains("it traps") && view.broken[0].path == "a.wasm");
    world.refresh().await;
    assert_eq!(world.compiled.lock().unwrap().iter().filter(|digest| **digest == bad.digest).count(), 1);
    world.packages(&[]);
    assert_eq!(live(&*world.refresh().await), None);
}

#[tokio::test]
async fn trouble_that_may_pass_is_tried_again() {
    let world = World::default();
    let hello = skill("a.wasm", "1.0.0", &[]);
    world.packages(&[&hello]);
    world.compiles.lock().unwrap().insert(hello.digest, Err(ComponentError::Internal("no process".into())));
    assert_eq!(live(&*world.refresh().await), None);
    world.compiles.lock().unwrap().clear();
    *world.store_is_down.lock().unwrap() = true;
    let view = world.refresh().await;
    assert!(live(&view).is_none() && view.broken[0].reason.contains("disk full"));
    *world.store_is_down.lock().unwrap() = false;
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.0.0"));
}

#[tokio::test]
async fn an_import_that_was_not_requested_is_refused_even_when_it_is_granted() {
    let world = World::default();
    let sneaky = skill("a.wasm", "1.0.0", &[kv(1)]);
    world.grant(&sneaky, &[kv(1)]);
    world.compiles.lock().unwrap().insert(sneaky.digest, Ok(vec!["kv".into(), "http".into()]));
    world.packages(&[&sneaky]);
    let view = world.refresh().await;
    assert_eq!(live(&view), None);
    assert!(view.broken[0].reason.starts_with("it imports http and"), "{}", view.broken[0].reason);
}

#[tokio::test]
async fn the_last_candidate_that_can_go_live_does() {
    let world = World::default();
    let (low, high, held) =
        (skill("a.wasm", "1.0.0", &[]), skill("b.wasm", "1.1.0", &[]), skill("c.wasm", "1.2.0", &[kv(1)]));
    world.packages(&[&low, &high, &held]);
    let view = world.refresh().await;
    assert_eq!(live(&view).as_deref(), Some("1.1.0"));
    assert_eq!(view.held[0].digest, held.digest);
    world.packages(&[&low]);
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.0.0"));
}

#[tokio::test]
async fn a_grant_that_becomes_narrower_takes_the_plugin_off_at_once_and_one_that_vanishes_after_a_grace() {
    let world = World::default();
    let hello = skill("a.wasm", "1.0.0", &[kv(10)]);
    world.packages(&[&hello]);
    world.grant(&hello, &[kv(10)]);
    assert!(live(&*world.refresh().await).is_some());
    world.grant(&hello, &[kv(5)]);
    let view = world.refresh().await;
    assert_eq!(live(&view), None);
    assert_eq!(view.held[0].missing, [kv(10)]);
    assert_eq!(view.grants[&hello.digest], [kv(5)]);

    world.grant(&hello, &[kv(10)]);
    assert!(live(&*world.refresh().await).is_some());
    world.grants.lock().unwrap().clear();
    assert!(live(&*world.refresh().await).is_some());
    world.pass(Duration::from_secs(11));
    let view = world.refresh().await;
    assert!(live(&view).is_none() && !view.grants.contains_key(&hello.digest));
}

#[tokio::test]
async fn a_policy_that_is_replaced_before_the_file_interrupts_nobody() {
    let world = World::default();
    let (old, new) = (skill("a.wasm", "1.0.0", &[kv(1)]), skill("a.wasm", "1.1.0", &[kv(2)]));
    world.grant(&old, &[kv(1)]);
    world.packages(&[&old]);
    world.refresh().await;
    world.grants.lock().unwrap().clear();
    world.grant(&new, &[kv(2)]);
    assert_eq!(live(&*world.refresh().await).as_deref(), Some("1.0.0"));
    world.packages(&[&new]);
    let view = world.refresh().await;
    assert_eq!(live(&view).as_deref(), Some("1.1.0"));
    // Tasks that are pinned to the old version end under what it had.
    assert_eq!(view.grants[&old.digest], [kv(1)]);
}

#[tokio::test]
async fn code_that_was_swapped_out_is_unloaded_after_it_drained() {
    let world = World::default();
    let (old, new) = (skill("a.wasm", "1.0.0", &[]), skill("a.wasm", "1.1.0", &[]));
    world.packages(&[&old]);
    world.refresh().await;
    world.packages(&[&new]);
    world.refresh().await;
    assert!(world.unloaded.lock().unwrap().is_empty());
    world.pass(Duration::from_secs(61));
    world.refresh().await;
    assert_eq!(*world.unloaded.lock().unwrap(), [old.digest]);
    // Back before it drained: nothing is unloaded.
    world.packages(&[&old]);
    world.refresh().await;
    world.packages(&[&new]);
    world.refresh().await;
    world.pass(Duration::from_secs(61));
    world.refresh().await;
    assert!(!world.unloaded.lock().unwrap().contains(&new.digest));
}

#[tokio::test]
async fn a_personality_goes_to_the_last_plugin_that_has_it_and_stays_there_while_its_file_is_written() {
    let world = World::default();
    let set = team("set.wasm", "z-set", &["coder-ai", "tester-ai"]);
    let own = team("own.wasm", "a-own", &["coder-ai"]);
    world.packages(&[&set, &own]);
    let provider =
        |view: &CatalogView, id: &str| view.personalities.get(id).map(|plugin| plugin.manifest.name.clone());
    let view = world.refresh().await;
    assert_eq!(provider(&view, "coder-ai").as_deref(), Some("a-own"));
    assert_eq!(provider(&view, "tester-ai").as_deref(), Some("z-set"));
    world.found(&[&set], &["own.wasm"]);
    assert_eq!(provider(&*world.refresh().await, "coder-ai").as_deref(), Some("a-own"));
    world.found(&[&own], &["set.wasm"]);
    let view = world.refresh().await;
    assert_eq!(provider(&view, "coder-ai").as_deref(), Some("a-own"));
    assert_eq!(provider(&view, "tester-ai").as_deref(), Some("z-set"));
    world.packages(&[&set]);
    assert_eq!(provider(&*world.refresh().await, "coder-ai").as_deref(), Some("z-set"));
}
