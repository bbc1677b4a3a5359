//! The manifest of a plugin: pieces, and on wasm32 the section and the exports.

use proc_macro2::TokenStream;
use quote::quote;

use crate::arguments::Arguments;
use crate::text::quoted;

/// What differs between the three kinds.
pub(crate) struct Manifest<'item> {
    /// `skill`, `personality` or `step`.
    pub(crate) kind: &'static str,
    pub(crate) arguments: &'item Arguments,
    pub(crate) description: &'item str,
    /// Pieces of the elements of `tools`.
    pub(crate) tools: Vec<TokenStream>,
    /// Pieces of the elements of `personalities`.
    pub(crate) personalities: Vec<TokenStream>,
}

impl Manifest<'_> {
    /// An expression of type `&'static [Piece]`.
    pub(crate) fn pieces(&self) -> TokenStream {
        let head = format!("{{\"abi\":\"{ABI}\",\"kind\":\"{}\",", self.kind);
        let name = match &self.arguments.name {
            Some(name) => {
                let member = format!("\"name\":{},", quoted(&name.value()));
                quote! { #member }
            }
            None => quote! { ::core::concat!("\"name\":\"", ::core::env!("CARGO_PKG_NAME"), "\",") },
        };
        let description = format!("\"description\":{},\"tools\":[", quoted(self.description));
        let (tools, personalities) = (&self.tools, &self.personalities);
        let capabilities: Vec<&str> =
            self.arguments.capabilities.iter().map(|capability| capability.json.as_str()).collect();
        let capabilities = format!("],\"capabilities\":[{}],\"config\":", capabilities.join(","));
        let config = match &self.arguments.config {
            Some(ty) => quote! { ::skep_sdk::schema::Piece::Sub(&[
                ::skep_sdk::schema::Piece::Lit("{"),
                ::skep_sdk::schema::Piece::Sub(<#ty as ::skep_sdk::schema::Schema>::MEMBERS),
                ::skep_sdk::schema::Piece::Lit("}"),
            ]) },
            None => quote! { ::skep_sdk::schema::Piece::Lit("null") },
        };
        let limits = if self.arguments.limits.is_empty() {
            "]}".to_owned()
        } else {
            format!("],\"limits\":{{{}}}}}", self.arguments.limits.join(","))
        };
        quote! { &[
            ::skep_sdk::schema::Piece::Lit(#head),
            ::skep_sdk::schema::Piece::Lit(#name),
            ::skep_sdk::schema::Piece::Lit(::core::concat!("\"version\":\"", ::core::env!("CARGO_PKG_VERSION"), "\",")),
            ::skep_sdk::schema::Piece::Lit(#description),
            ::skep_sdk::schema::Piece::List(&[#(#tools),*]),
            ::skep_sdk::schema::Piece::Lit(#capabilities),
            #config,
            ::skep_sdk::schema::Piece::Lit(",\"personalities\":["),
            ::skep_sdk::schema::Piece::List(&[#(#personalities),*]),
            ::skep_sdk::schema::Piece::Lit(#limits),
        ] }
    }

    /// The section and the exports, on wasm32 only. `Plugin` is the type that implements the kind's trait.
    ///
    /// Without `#[used]`: that would put a second copy into the plugin's memory.
    pub(crate) fn exports(&self) -> TokenStream {
        let module = quote::format_ident!("{}", self.kind);
        let export = quote::format_ident!("export_{}", self.kind);
        quote! {
            #[cfg(target_arch = "wasm32")]
            #[allow(unsafe_code, long_running_const_eval, reason = "exports of a component are unsafe attributes")]
            const _: () = {
                ::skep_sdk::bindings::#module::#export!(Plugin with_types_in ::skep_sdk::bindings::#module);

                const MANIFEST: ::skep_sdk::schema::Piece =
                    ::skep_sdk::schema::Piece::Sub(<Plugin as ::skep_sdk::manifest::Manifest>::PIECES);
                #[unsafe(link_section = "skep:plugin")]
                static SECTION: [u8; ::skep_sdk::schema::length(&MANIFEST)] = ::skep_sdk::schema::flatten(&MANIFEST);
            };
        }
    }
}

/// The version of `wit/` that this SDK is made of.
const ABI: &str = "0.1.0";
