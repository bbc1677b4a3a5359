//! `#[personality] impl Personality for Type { … }`, or a module with several.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    GenericArgument, ImplItem, Item, ItemImpl, ItemMod, PathArguments, Result, ReturnType, Type, parse_quote,
};

use crate::arguments::Arguments;
use crate::case::snake;
use crate::manifest::Manifest;
use crate::text::{documentation, quoted};

/// A phase: its function, the associated type of its details, and whether the function answers a record around them.
const PHASES: [(&str, &str, bool); 5] = [
    ("research", "Research", false),
    ("inspect", "Inspect", true),
    ("generate", "Generate", true),
    ("optimize", "Optimize", true),
    ("review", "Review", true),
];

/// One impl, completed.
struct Found {
    ty: Type,
    id: TokenStream,
    piece: TokenStream,
}

pub(crate) fn expand(arguments: &Arguments, item: Item) -> Result<TokenStream> {
    match item {
        Item::Impl(mut implementation) => {
            let description = documentation(&implementation.attrs);
            let id = match &arguments.id {
                Some(id) => {
                    let id = id.value();
                    quote! { #id }
                }
                None => quote! { ::core::env!("CARGO_PKG_NAME") },
            };
            let found = complete(&mut implementation, id)?;
            let plugin = plugin(arguments, &description, &[found]);
            Ok(quote! { #implementation #plugin })
        }
        Item::Mod(module) => expand_module(arguments, module),
        other => Err(syn::Error::new_spanned(
            other,
            "#[personality] belongs on `impl Personality for Type` or on a module with several of them",
        )),
    }
}

fn expand_module(arguments: &Arguments, mut module: ItemMod) -> Result<TokenStream> {
    let description = documentation(&module.attrs);
    if description.is_empty() {
        return Err(syn::Error::new(module.ident.span(), "describe this plugin in a doc comment"));
    }
    let Some((_, items)) = &mut module.content else {
        return Err(syn::Error::new(
            module.ident.span(),
            "#[personality] needs the module's content in this file",
        ));
    };
    let mut found = Vec::new();
    for item in items.iter_mut() {
        let Item::Impl(implementation) = item else { continue };
        let is_personality = implementation
            .trait_
            .as_ref()
            .is_some_and(|(path, _)| path.segments.last().is_some_and(|last| last.ident == "Personality"));
        if !is_personality {
            continue;
        }
        let mut own = Arguments::default();
        let marker = |attribute: &syn::Attribute| {
            attribute.path().segments.last().is_some_and(|last| last.ident == "personality")
        };
        if let Some(position) = implementation.attrs.iter().position(marker) {
            let attribute = implementation.attrs.remove(position);
            if !matches!(attribute.meta, syn::Meta::Path(_)) {
                own = attribute.parse_args()?;
            }
        }
        let id = match (&own.id, &*implementation.self_ty) {
            (Some(id), _) => id.value(),
            (None, Type::Path(path)) => path
                .path
                .segments
                .last()
                .map(|last| snake(&last.ident.to_string()).replace('_', "-"))
                .unwrap_or_default(),
            (None, other) => {
                return Err(syn::Error::new_spanned(
                    other,
                    "give this personality an id: #[personality(id = \"…\")]",
                ));
            }
        };
        found.push(complete(implementation, quote! { #id })?);
    }
    if found.is_empty() {
        return Err(syn::Error::new(
            module.ident.span(),
            "there is no `impl Personality for …` in this module",
        ));
    }
    let plugin = plugin(arguments, &description, &found);
    items.insert(
        0,
        parse_quote! {
            #[allow(unused_imports, reason = "the module sees what its parent imports")]
            use super::*;
        },
    );
    items.push(Item::Verbatim(plugin));
    Ok(quote! { #module })
}

/// Adds the phases and types that the author left out.
fn complete(implementation: &mut ItemImpl, id: TokenStream) -> Result<Found> {
    let description = documentation(&implementation.attrs);
    if description.is_empty() {
        return Err(syn::Error::new_spanned(
            &implementation.self_ty,
            "describe this personality in a doc comment on the impl: people read it in the list of personalities",
        ));
    }
    let mut phases = Vec::new();
    let ty = (*implementation.self_ty).clone();
    for (function, details, wrapped) in PHASES {
        let type_ident = format_ident!("{details}");
        let function_ident = format_ident!("{function}");
        let has_type = implementation
            .items
            .iter()
            .any(|item| matches!(item, ImplItem::Type(found) if found.ident == details));
        let written = implementation.items.iter().find_map(|item| match item {
            ImplItem::Fn(found) if found.sig.ident == function => Some(found.sig.clone()),
            _ => None,
        });
        match written {
            Some(signature) if !has_type => {
                let details = details_of(&signature.output, wrapped)?;
                implementation.items.push(parse_quote! { type #type_ident = #details; });
            }
            Some(_) => {}
            None if function == "generate" => {
                return Err(syn::Error::new_spanned(
                    &implementation.self_ty,
                    "a personality has at least the phase `generate`; the others have defaults",
                ));
            }
            None if has_type => {
                return Err(syn::Error::new_spanned(
                    &implementation.self_ty,
                    format!("there is a type `{details}` but no function `{function}`"),
                ));
            }
            None => {
                let (input, input_type) = if function == "research" {
                    (format_ident!("brief"), quote! { ::skep_sdk::personality::Brief })
                } else {
                    let record = format_ident!("{details}Input");
                    (format_ident!("input"), quote! { ::skep_sdk::personality::#record<Self> })
                };
                let output = match function {
                    "research" => quote! { Self::Research },
                    "inspect" => quote! { ::skep_sdk::personality::Inspection<Self::Inspect> },
                    "optimize" => quote! { ::skep_sdk::personality::Optimization<Self::Optimize> },
                    _ => quote! { ::skep_sdk::personality::Review<Self::Review> },
                };
                implementation.items.push(parse_quote! {
                    type #type_ident = ::skep_sdk::personality::default::#type_ident;
                });
                implementation.items.push(parse_quote! {
                    fn #function_ident(
                        #input: &#input_type,
                        context: &::skep_sdk::Context,
                    ) -> ::core::result::Result<#output, ::skep_sdk::Error> {
                        ::skep_sdk::personality::default::#function_ident(#input, context)
                    }
                });
            }
        }
        let key = format!("\"{function}\":{{");
        phases.push(quote! { ::skep_sdk::schema::Piece::Sub(&[
            ::skep_sdk::schema::Piece::Lit(#key),
            ::skep_sdk::schema::Piece::Sub(
                <<#ty as ::skep_sdk::personality::Personality>::#type_ident as ::skep_sdk::schema::Schema>::MEMBERS
            ),
            ::skep_sdk::schema::Piece::Lit("}"),
        ]) });
    }
    let description = format!("\",\"description\":{},\"phases\":{{", quoted(&description));
    let piece = quote! { ::skep_sdk::schema::Piece::Sub(&[
        ::skep_sdk::schema::Piece::Lit("{\"id\":\""),
        ::skep_sdk::schema::Piece::Lit(#id),
        ::skep_sdk::schema::Piece::Lit(#description),
        ::skep_sdk::schema::Piece::List(&[#(#phases),*]),
        ::skep_sdk::schema::Piece::Lit("}}"),
    ]) };
    Ok(Found { ty, id, piece })
}

/// `Result<Plan>` or `Result<Generation<Plan>>`: the type `Plan`.
fn details_of(output: &ReturnType, wrapped: bool) -> Result<Type> {
    let first = |ty: &Type| -> Option<Type> {
        let Type::Path(path) = ty else { return None };
        let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
            return None;
        };
        match arguments.args.first()? {
            GenericArgument::Type(inner) => Some(inner.clone()),
            _ => None,
        }
    };
    let inner = match output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => first(ty),
    };
    let details = if wrapped { inner.as_ref().and_then(first) } else { inner };
    details.ok_or_else(|| {
        let form = if wrapped { "Result<Generation<YourType>>" } else { "Result<YourType>" };
        syn::Error::new_spanned(
            output,
            format!("cannot see the type of the details here; write it like {form}"),
        )
    })
}

/// The type that exports everything.
fn plugin(arguments: &Arguments, description: &str, found: &[Found]) -> TokenStream {
    let manifest = Manifest {
        kind: "personality",
        arguments,
        description,
        tools: Vec::new(),
        personalities: found.iter().map(|found| found.piece.clone()).collect(),
    };
    let (pieces, exports) = (manifest.pieces(), manifest.exports());
    let visits = found.iter().map(|found| {
        let (id, ty) = (&found.id, &found.ty);
        quote! {
            if id == ::core::option::Option::Some(#id) {
                return ::skep_sdk::personality::Visitor::visit::<#ty>(visitor);
            }
        }
    });
    // A call that names nobody means the only one.
    let only = match found {
        [one] => {
            let ty = &one.ty;
            quote! {
                if id.is_none() {
                    return ::skep_sdk::personality::Visitor::visit::<#ty>(visitor);
                }
            }
        }
        _ => TokenStream::new(),
    };
    quote! {
        /// The plugin, as a test and the host call it.
        #[allow(dead_code, unreachable_pub, reason = "used on wasm32 and in tests")]
        pub struct Plugin;

        impl ::skep_sdk::manifest::Manifest for Plugin {
            const PIECES: &'static [::skep_sdk::schema::Piece] = #pieces;
        }

        impl ::skep_sdk::personality::Personalities for Plugin {
            fn visit<V: ::skep_sdk::personality::Visitor>(
                id: ::core::option::Option<&str>,
                visitor: V,
            ) -> ::core::result::Result<V::Output, ::skep_sdk::Error> {
                #(#visits)*
                #only
                ::core::result::Result::Err(::skep_sdk::personality::no_such_personality(id))
            }
        }

        #exports
    }
}
