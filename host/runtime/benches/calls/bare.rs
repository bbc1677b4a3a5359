//! wasmtime alone, as fast as it goes.

use super::skep::wait;
use super::{AGENT, ANSWER, ARGUMENTS, TASK, TOOL, USER};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig, Store};

/// Bindings without fibers.
mod direct {
    #![allow(missing_docs, unreachable_pub, dead_code, clippy::all, reason = "generated")]
    wasmtime::component::bindgen!({ path: "../../wit/0.1.0", world: "skep:plugin/skill" });
}

/// Bindings on fibers, as the runtime has them.
mod fibers {
    #![allow(missing_docs, unreachable_pub, dead_code, clippy::all, reason = "generated")]
    wasmtime::component::bindgen!({
        path: "../../wit/0.1.0",
        world: "skep:plugin/skill",
        exports: { default: async },
    });
}

/// Slots: more than threads, few enough that all stay in the processor's caches.
const POOL: u32 = 16;
/// More than the call touches, so that nothing is given back to the system and faulted in again.
const KEEP_RESIDENT: usize = 256 << 10;

pub(crate) struct Bare {
    engine: Engine,
    direct: direct::SkillPre<()>,
    fibers: fibers::SkillPre<()>,
}

impl Bare {
    pub(crate) fn new(component: &[u8]) -> Self {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(POOL)
            .total_core_instances(POOL * 8)
            .total_memories(POOL)
            .total_tables(POOL * 4)
            .total_stacks(POOL)
            .max_memory_size(64 << 20)
            .linear_memory_keep_resident(KEEP_RESIDENT)
            .table_keep_resident(KEEP_RESIDENT)
            .pagemap_scan(Enabled::Auto);
        let mut config = Config::new();
        config.concurrency_support(false).memory_init_cow(true).allocation_strategy(pool);
        let engine = Engine::new(&config).unwrap();
        let component = Component::new(&engine, component).unwrap();
        let mut linker = Linker::new(&engine);
        // The tool calls none of them.
        linker.define_unknown_imports_as_traps(&component).unwrap();
        let linked = linker.instantiate_pre(&component).unwrap();
        Self {
            direct: direct::SkillPre::new(linked.clone()).unwrap(),
            fibers: fibers::SkillPre::new(linked).unwrap(),
            engine,
        }
    }

    pub(crate) fn calls(&self, count: usize) {
        for _ in 0..count {
            let arguments = ARGUMENTS.to_owned();
            let context = direct::exports::skep::plugin::skill_guest::Context {
                task: TASK.to_owned(),
                user: USER.to_owned(),
                agent: AGENT.to_owned(),
                personality: None,
                config: "{}".to_owned(),
            };
            let mut store = Store::new(&self.engine, ());
            let instance = self.direct.instantiate(&mut store).unwrap();
            let guest = instance.skep_plugin_skill_guest();
            let answer = guest.call_call(&mut store, TOOL, &arguments, &context).unwrap();
            assert_eq!(answer.as_deref().ok(), Some(ANSWER));
        }
    }

    pub(crate) fn calls_async(&self, count: usize) {
        wait(async {
            for _ in 0..count {
                let arguments = ARGUMENTS.to_owned();
                let context = fibers::exports::skep::plugin::skill_guest::Context {
                    task: TASK.to_owned(),
                    user: USER.to_owned(),
                    agent: AGENT.to_owned(),
                    personality: None,
                    config: "{}".to_owned(),
                };
                let mut store = Store::new(&self.engine, ());
                let instance = self.fibers.instantiate_async(&mut store).await.unwrap();
                let guest = instance.skep_plugin_skill_guest();
                let answer = guest.call_call(&mut store, TOOL, &arguments, &context).await.unwrap();
                assert_eq!(answer.as_deref().ok(), Some(ANSWER));
            }
        });
    }
}
