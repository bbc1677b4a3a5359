//! `#[skill] mod name { … }`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Item, ItemMod, Result, parse_quote};

use crate::arguments::Arguments;
use crate::manifest::Manifest;
use crate::text::documentation;
use crate::tool;

pub(crate) fn expand(arguments: &Arguments, mut module: ItemMod) -> Result<TokenStream> {
    if let Some(id) = &arguments.id {
        return Err(syn::Error::new(id.span(), "a skill has a `name`; an `id` is for personalities"));
    }
    let description = documentation(&module.attrs);
    if description.is_empty() {
        return Err(syn::Error::new(
            module.ident.span(),
            "describe this skill in a doc comment: people and models read it to decide whether to use it",
        ));
    }
    let Some((_, items)) = &mut module.content else {
        return Err(syn::Error::new(
            module.ident.span(),
            "#[skill] needs the module's content in this file: mod name { … }",
        ));
    };
    let mut tools = Vec::new();
    for item in items.iter_mut() {
        if let Item::Fn(function) = item
            && let Some(found) = tool::expand(function)?
        {
            if tools.iter().any(|other: &tool::Tool| other.name == found.name) {
                return Err(syn::Error::new(
                    function.sig.ident.span(),
                    format!("there are two tools `{}`", found.name),
                ));
            }
            tools.push(found);
        }
    }
    if tools.is_empty() {
        return Err(syn::Error::new(module.ident.span(), "a skill has at least one function with #[tool]"));
    }
    let manifest = Manifest {
        kind: "skill",
        arguments,
        description: &description,
        tools: tools.iter().map(|tool| tool.piece.clone()).collect(),
        personalities: Vec::new(),
    };
    let (pieces, exports) = (manifest.pieces(), manifest.exports());
    let names = tools.iter().map(|tool| &tool.name);
    let known = tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>().join(", ");
    let calls = tools.iter().map(|tool| &tool.call);
    items.insert(
        0,
        parse_quote! {
            #[allow(unused_imports, reason = "the module sees what its parent imports")]
            use super::*;
        },
    );
    items.push(parse_quote! {
        /// The plugin, as a test calls it: `Host::call_tool::<Plugin>("name", …)`.
        #[allow(dead_code, unreachable_pub, reason = "used on wasm32 and in tests")]
        pub struct Plugin;
    });
    items.push(Item::Verbatim(quote! {
        impl ::skep_sdk::manifest::Manifest for Plugin {
            const PIECES: &'static [::skep_sdk::schema::Piece] = #pieces;
        }

        impl ::skep_sdk::skill::Skill for Plugin {
            fn call(
                __tool: &str,
                __arguments: &str,
                __context: &::skep_sdk::Context,
            ) -> ::core::result::Result<::std::string::String, ::skep_sdk::Error> {
                let _ = __context;
                match __tool {
                    #(#names => { #calls })*
                    other => ::core::result::Result::Err(::skep_sdk::manifest::no_such_tool(other, #known)),
                }
            }
        }

        // Without exports, on other targets, the tools would seem to be unused.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn(
            &str,
            &str,
            &::skep_sdk::Context,
        ) -> ::core::result::Result<::std::string::String, ::skep_sdk::Error> =
            <Plugin as ::skep_sdk::skill::Skill>::call;

        #exports
    }));
    Ok(quote! { #module })
}
