//! The interfaces of `skep:plugin` for a host that offers nothing: all functions are there, and each refuses.

pub(crate) use bindings::imports::Imports;
use bindings::imports::skep::plugin::*;
use wasmtime::Result;

/// Generated as the runtime's own are.
pub(crate) mod bindings {
    #![allow(missing_docs, unreachable_pub, dead_code, clippy::all, reason = "generated")]
    pub(crate) mod imports {
        wasmtime::component::bindgen!({
            path: "../../wit/0.1.0",
            world: "skep:plugin/imports",
            imports: { default: async | trappable },
        });
    }
    wasmtime::component::bindgen!({
        path: "../../wit/0.1.0",
        world: "skep:plugin/skill",
        exports: { default: async },
        with: { "skep:plugin": imports::skep::plugin },
    });
}

/// The host.
pub(crate) struct Refuse;

fn refuse<Reply>() -> Result<Reply> {
    Err(wasmtime::format_err!("this host offers nothing"))
}

impl types::Host for Refuse {}

impl log::Host for Refuse {
    async fn write(&mut self, _: log::Level, _: String, _: Vec<(String, String)>) -> Result<()> {
        refuse()
    }
}

impl clock::Host for Refuse {
    async fn now_ms(&mut self) -> Result<u64> {
        refuse()
    }

    async fn monotonic_ns(&mut self) -> Result<u64> {
        refuse()
    }
}

impl random::Host for Refuse {
    async fn bytes(&mut self, _: u32) -> Result<Vec<u8>> {
        refuse()
    }

    async fn number(&mut self) -> Result<u64> {
        refuse()
    }
}

impl progress::Host for Refuse {
    async fn report(&mut self, _: u8, _: String) -> Result<()> {
        refuse()
    }
}

impl model::Host for Refuse {
    async fn complete(&mut self, _: model::Request) -> Result<Result<model::Answer, types::Error>> {
        refuse()
    }
}

impl http::Host for Refuse {
    async fn send(&mut self, _: http::Request) -> Result<Result<http::Response, types::Error>> {
        refuse()
    }
}

impl secrets::Host for Refuse {
    async fn exists(&mut self, _: String) -> Result<Result<bool, types::Error>> {
        refuse()
    }

    async fn sign(
        &mut self,
        _: String,
        _: secrets::Algorithm,
        _: Vec<u8>,
    ) -> Result<Result<Vec<u8>, types::Error>> {
        refuse()
    }
}

impl files::Host for Refuse {
    async fn read(&mut self, _: String) -> Result<Result<Vec<u8>, types::Error>> {
        refuse()
    }

    async fn write(&mut self, _: String, _: Vec<u8>) -> Result<Result<(), types::Error>> {
        refuse()
    }

    async fn delete(&mut self, _: String) -> Result<Result<(), types::Error>> {
        refuse()
    }

    async fn list(&mut self, _: String, _: bool) -> Result<Result<Vec<files::Entry>, types::Error>> {
        refuse()
    }

    async fn search(&mut self, _: files::SearchQuery) -> Result<Result<Vec<files::MatchLine>, types::Error>> {
        refuse()
    }
}

impl kv::Host for Refuse {
    async fn get(&mut self, _: String) -> Result<Result<Option<Vec<u8>>, types::Error>> {
        refuse()
    }

    async fn put(&mut self, _: String, _: Vec<u8>) -> Result<Result<(), types::Error>> {
        refuse()
    }

    async fn delete(&mut self, _: String) -> Result<Result<(), types::Error>> {
        refuse()
    }

    async fn keys(&mut self, _: String) -> Result<Result<Vec<String>, types::Error>> {
        refuse()
    }
}

impl tools::Host for Refuse {
    async fn available(&mut self) -> Result<Result<Vec<tools::Description>, types::Error>> {
        refuse()
    }

    async fn call(&mut self, _: String, _: String) -> Result<Result<String, types::Error>> {
        refuse()
    }
}

impl agents::Host for Refuse {
    async fn send(&mut self, _: String, _: String) -> Result<Result<String, types::Error>> {
        refuse()
    }

    async fn start_task(&mut self, _: String, _: String) -> Result<Result<String, types::Error>> {
        refuse()
    }
}
