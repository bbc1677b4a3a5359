//! What wit-bindgen makes of `wit/0.1.0`. Nothing outside this crate names these modules, except code that our macros write.
//!
//! The host interfaces are generated once, the three guest worlds refer to them.
//! Each guest world's `export_…!` macro carries the section that makes a component of that world, so that a plugin gets
//! the exports of the one world that it uses; unused imports are dropped when the component is made.
#![allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    unused_qualifications,
    reason = "generated code; the WIT files hold its documentation"
)]
#![allow(clippy::all, clippy::allow_attributes_without_reason, reason = "generated code")]

/// The host interfaces and the types that everybody shares.
pub mod imports {
    wit_bindgen::generate!({
        path: "../wit/0.1.0",
        world: "imports",
        generate_all,
        generate_unused_types: true,
        additional_derives: [PartialEq],
    });
}

/// The world `skill`.
pub mod skill {
    wit_bindgen::generate!({
        path: "../wit/0.1.0",
        world: "skill",
        pub_export_macro: true,
        export_macro_name: "export_skill",
        default_bindings_module: "skep_sdk::bindings::skill",
        with: {
            "skep:plugin/types@0.1.0": crate::bindings::imports::skep::plugin::types,
            "skep:plugin/log@0.1.0": crate::bindings::imports::skep::plugin::log,
            "skep:plugin/clock@0.1.0": crate::bindings::imports::skep::plugin::clock,
            "skep:plugin/random@0.1.0": crate::bindings::imports::skep::plugin::random,
            "skep:plugin/progress@0.1.0": crate::bindings::imports::skep::plugin::progress,
            "skep:plugin/model@0.1.0": crate::bindings::imports::skep::plugin::model,
            "skep:plugin/http@0.1.0": crate::bindings::imports::skep::plugin::http,
            "skep:plugin/secrets@0.1.0": crate::bindings::imports::skep::plugin::secrets,
            "skep:plugin/files@0.1.0": crate::bindings::imports::skep::plugin::files,
            "skep:plugin/kv@0.1.0": crate::bindings::imports::skep::plugin::kv,
            "skep:plugin/tools@0.1.0": crate::bindings::imports::skep::plugin::tools,
            "skep:plugin/agents@0.1.0": crate::bindings::imports::skep::plugin::agents,
        },
    });
}

/// The world `personality`.
pub mod personality {
    wit_bindgen::generate!({
        path: "../wit/0.1.0",
        world: "personality",
        pub_export_macro: true,
        export_macro_name: "export_personality",
        default_bindings_module: "skep_sdk::bindings::personality",
        additional_derives: [PartialEq],
        with: {
            "skep:plugin/types@0.1.0": crate::bindings::imports::skep::plugin::types,
            "skep:plugin/log@0.1.0": crate::bindings::imports::skep::plugin::log,
            "skep:plugin/clock@0.1.0": crate::bindings::imports::skep::plugin::clock,
            "skep:plugin/random@0.1.0": crate::bindings::imports::skep::plugin::random,
            "skep:plugin/progress@0.1.0": crate::bindings::imports::skep::plugin::progress,
            "skep:plugin/model@0.1.0": crate::bindings::imports::skep::plugin::model,
            "skep:plugin/http@0.1.0": crate::bindings::imports::skep::plugin::http,
            "skep:plugin/secrets@0.1.0": crate::bindings::imports::skep::plugin::secrets,
            "skep:plugin/files@0.1.0": crate::bindings::imports::skep::plugin::files,
            "skep:plugin/kv@0.1.0": crate::bindings::imports::skep::plugin::kv,
            "skep:plugin/tools@0.1.0": crate::bindings::imports::skep::plugin::tools,
            "skep:plugin/agents@0.1.0": crate::bindings::imports::skep::plugin::agents,
        },
    });
}

/// The world `step`.
pub mod step {
    wit_bindgen::generate!({
        path: "../wit/0.1.0",
        world: "step",
        pub_export_macro: true,
        export_macro_name: "export_step",
        default_bindings_module: "skep_sdk::bindings::step",
        with: {
            "skep:plugin/types@0.1.0": crate::bindings::imports::skep::plugin::types,
            "skep:plugin/log@0.1.0": crate::bindings::imports::skep::plugin::log,
            "skep:plugin/clock@0.1.0": crate::bindings::imports::skep::plugin::clock,
            "skep:plugin/random@0.1.0": crate::bindings::imports::skep::plugin::random,
            "skep:plugin/progress@0.1.0": crate::bindings::imports::skep::plugin::progress,
            "skep:plugin/model@0.1.0": crate::bindings::imports::skep::plugin::model,
            "skep:plugin/http@0.1.0": crate::bindings::imports::skep::plugin::http,
            "skep:plugin/secrets@0.1.0": crate::bindings::imports::skep::plugin::secrets,
            "skep:plugin/files@0.1.0": crate::bindings::imports::skep::plugin::files,
            "skep:plugin/kv@0.1.0": crate::bindings::imports::skep::plugin::kv,
            "skep:plugin/tools@0.1.0": crate::bindings::imports::skep::plugin::tools,
            "skep:plugin/agents@0.1.0": crate::bindings::imports::skep::plugin::agents,
        },
    });
}
