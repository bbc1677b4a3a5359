//! `#[step] fn name(input: Input, config: Config, context: &Context) -> Result<Output>`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, ItemFn, Pat, Result};

use crate::arguments::Arguments;
use crate::manifest::Manifest;
use crate::text::documentation;
use crate::tool::{Output, context_argument};

pub(crate) fn expand(mut arguments: Arguments, function: ItemFn) -> Result<TokenStream> {
    let description = documentation(&function.attrs);
    if description.is_empty() {
        return Err(syn::Error::new(
            function.sig.ident.span(),
            "describe this step in a doc comment: people read it when they build a workflow",
        ));
    }
    let mut values = Vec::new();
    let mut readings = Vec::new();
    for input in &function.sig.inputs {
        let FnArg::Typed(argument) = input else {
            return Err(syn::Error::new_spanned(input, "a step is a function, not a method"));
        };
        let ty = &argument.ty;
        if let Some(by_reference) = context_argument(ty) {
            values.push(if by_reference {
                quote! { __context }
            } else {
                quote! { ::core::clone::Clone::clone(__context) }
            });
            continue;
        }
        match &*argument.pat {
            Pat::Ident(pattern) if pattern.ident == "config" || pattern.ident == "_config" => {
                readings
                    .push(quote! { let __config: #ty = ::skep_sdk::manifest::input("config", __config)?; });
                values.push(quote! { __config });
                arguments.config = Some((**ty).clone());
            }
            _ => {
                readings.push(quote! { let __input: #ty = ::skep_sdk::manifest::input("input", __input)?; });
                values.push(quote! { __input });
            }
        }
    }
    if readings.len() > 2 {
        return Err(syn::Error::new_spanned(
            &function.sig.inputs,
            "a step takes its input, a `config` and a `&Context`, each at most once",
        ));
    }
    let name = &function.sig.ident;
    let called = quote! { #name(#(#values),*) };
    let result = if Output::of(&function.sig.output).fallible {
        quote! { #called? }
    } else {
        called
    };
    let manifest = Manifest {
        kind: "step",
        arguments: &arguments,
        description: &description,
        tools: Vec::new(),
        personalities: Vec::new(),
    };
    let (pieces, exports) = (manifest.pieces(), manifest.exports());
    Ok(quote! {
        #function

        /// The plugin, as a test calls it: `Host::run_step::<Plugin>(…)`.
        #[allow(dead_code, unreachable_pub, reason = "used on wasm32 and in tests")]
        pub struct Plugin;

        impl ::skep_sdk::manifest::Manifest for Plugin {
            const PIECES: &'static [::skep_sdk::schema::Piece] = #pieces;
        }

        impl ::skep_sdk::step::Step for Plugin {
            fn run(
                __config: &str,
                __input: &str,
                __context: &::skep_sdk::Context,
            ) -> ::core::result::Result<::std::string::String, ::skep_sdk::Error> {
                let _ = (__config, __input, __context);
                #(#readings)*
                let __answer = #result;
                ::skep_sdk::manifest::answer(&__answer)
            }
        }

        // Without exports, on other targets, the step would seem to be unused.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn(
            &str,
            &str,
            &::skep_sdk::Context,
        ) -> ::core::result::Result<::std::string::String, ::skep_sdk::Error> =
            <Plugin as ::skep_sdk::step::Step>::run;

        #exports
    })
}
