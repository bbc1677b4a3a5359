//! A first host: memory mapped on demand, and a linker made for each call, as wasmtime's examples begin.

use super::refuse::{Imports, Refuse, bindings};
use super::skep::wait;
use super::{AGENT, ANSWER, ARGUMENTS, TASK, TOOL, USER};
use bindings::Skill;
use bindings::exports::skep::plugin::skill_guest::Context;
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

pub(crate) struct Naive {
    engine: Engine,
    /// Compiled once: nobody is that naive.
    component: Component,
}

impl Naive {
    pub(crate) fn new(component: &[u8]) -> Self {
        let engine = Engine::default();
        Self { component: Component::new(&engine, component).unwrap(), engine }
    }

    pub(crate) fn calls(&self, count: usize) {
        wait(async {
            for _ in 0..count {
                let mut linker = Linker::new(&self.engine);
                Imports::add_to_linker::<Refuse, HasSelf<Refuse>>(&mut linker, |host| host).unwrap();
                self.call(&linker, Refuse).await;
            }
        });
    }

    pub(crate) fn calls_with_wasi(&self, count: usize) {
        wait(async {
            for _ in 0..count {
                let mut linker = Linker::new(&self.engine);
                Imports::add_to_linker::<WithWasi, HasSelf<Refuse>>(&mut linker, |host| &mut host.own)
                    .unwrap();
                wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
                let wasi = WasiCtx::builder().build();
                self.call(&linker, WithWasi { own: Refuse, wasi, table: ResourceTable::new() }).await;
            }
        });
    }

    async fn call<Host: Send>(&self, linker: &Linker<Host>, host: Host) {
        let arguments = ARGUMENTS.to_owned();
        let context = Context {
            task: TASK.to_owned(),
            user: USER.to_owned(),
            agent: AGENT.to_owned(),
            personality: None,
            config: "{}".to_owned(),
        };
        let mut store = Store::new(&self.engine, host);
        let instance = Skill::instantiate_async(&mut store, &self.component, linker).await.unwrap();
        let guest = instance.skep_plugin_skill_guest();
        let answer = guest.call_call(&mut store, TOOL, &arguments, &context).await.unwrap();
        assert_eq!(answer.as_deref().ok(), Some(ANSWER));
    }
}

struct WithWasi {
    own: Refuse,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for WithWasi {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
