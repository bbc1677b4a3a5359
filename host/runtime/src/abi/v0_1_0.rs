//! `skep:plugin@0.1.0`: generated bindings and their conversions.

pub(crate) mod convert;
pub(crate) mod export;
pub(crate) mod phases;

/// Host interfaces.
pub(crate) mod imports {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
    wasmtime::component::bindgen!({
        path: "../../wit/0.1.0",
        world: "skep:plugin/imports",
        imports: {
            // Nothing to wait for: answered from the call's own state.
            "skep:plugin/log": trappable,
            "skep:plugin/clock": trappable,
            "skep:plugin/random": trappable,
            "skep:plugin/progress": trappable,
            default: async | trappable,
        },
    });
}

/// What a skill exports.
pub(crate) mod skill {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
    wasmtime::component::bindgen!({
        path: "../../wit/0.1.0",
        world: "skep:plugin/skill",
        exports: { default: async },
        with: { "skep:plugin": super::imports::skep::plugin },
    });
}

/// What a personality exports.
pub(crate) mod personality {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
    wasmtime::component::bindgen!({
        path: "../../wit/0.1.0",
        world: "skep:plugin/personality",
        exports: { default: async },
        with: { "skep:plugin": super::imports::skep::plugin },
    });
}

/// What a step exports.
pub(crate) mod step {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
    wasmtime::component::bindgen!({
        path: "../../wit/0.1.0",
        world: "skep:plugin/step",
        exports: { default: async },
        with: { "skep:plugin": super::imports::skep::plugin },
    });
}

pub(crate) use imports::skep::plugin as wit;
