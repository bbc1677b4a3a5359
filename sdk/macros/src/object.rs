//! The schema of an object: named fields of a struct, of an enum's variant, or the arguments of a tool.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Result, Type};

use crate::attributes::Attributes;
use crate::text::{documentation, escape, quoted};

/// One field with its final name.
pub(crate) struct Field<'item> {
    pub(crate) name: String,
    pub(crate) ty: &'item Type,
    pub(crate) documentation: String,
    pub(crate) attributes: Attributes,
}

impl<'item> Field<'item> {
    pub(crate) fn new(name: String, ty: &'item Type, attributes: &[Attribute]) -> Result<Self> {
        Ok(Self {
            name,
            ty,
            documentation: documentation(attributes),
            attributes: Attributes::parse(attributes)?,
        })
    }
}

/// Pieces for the schema of a value in a place that adds documentation and bounds, with braces.
pub(crate) fn value(ty: &Type, attributes: &Attributes, documentation: &str) -> TokenStream {
    let members = value_members(ty, attributes, documentation);
    quote! { ::skep_sdk::schema::Piece::Sub(&[
        ::skep_sdk::schema::Piece::Lit("{"), #members, ::skep_sdk::schema::Piece::Lit("}")
    ]) }
}

fn value_members(ty: &Type, attributes: &Attributes, documentation: &str) -> TokenStream {
    let schema = quote! { <#ty as ::skep_sdk::schema::Schema> };
    let own = attributes.description.clone().unwrap_or_else(|| escape(documentation));
    let own_json = attributes.json.is_some();
    let description = match (own.is_empty(), own_json) {
        (false, _) => quote! { #own },
        (true, true) => quote! { "" },
        (true, false) => quote! { #schema::DESCRIPTION },
    };
    let bound = |own: &Option<String>, of_type: TokenStream| match (own, own_json) {
        (Some(own), _) => quote! { #own },
        (None, true) => quote! { "" },
        (None, false) => of_type,
    };
    let minimum = bound(&attributes.minimum, quote! { #schema::MINIMUM });
    let maximum = bound(&attributes.maximum, quote! { #schema::MAXIMUM });
    let base = match &attributes.json {
        Some(json) => quote! { ::skep_sdk::schema::Piece::Lit(#json) },
        None => quote! { ::skep_sdk::schema::Piece::Sub(#schema::TYPE) },
    };
    let extra = attributes.extra.join(",");
    quote! { ::skep_sdk::schema::Piece::List(&[
        ::skep_sdk::schema::Piece::Around("\"description\":\"", &[::skep_sdk::schema::Piece::Lit(#description)], "\""),
        #base,
        ::skep_sdk::schema::Piece::Around("\"minimum\":", &[::skep_sdk::schema::Piece::Lit(#minimum)], ""),
        ::skep_sdk::schema::Piece::Around("\"maximum\":", &[::skep_sdk::schema::Piece::Lit(#maximum)], ""),
        ::skep_sdk::schema::Piece::Lit(#extra),
    ]) }
}

/// Pieces for what follows `"type":"object",`. `constants` are fields with a fixed text, such as a tag.
pub(crate) fn rest(fields: &[Field<'_>], constants: &[(String, String)]) -> Vec<TokenStream> {
    let mut properties = Vec::new();
    let mut required = Vec::new();
    for (name, constant) in constants {
        let property = format!("{}:{{\"type\":\"string\",\"enum\":[{}]}}", quoted(name), quoted(constant));
        properties.push(quote! { ::skep_sdk::schema::Piece::Lit(#property) });
        let name = quoted(name);
        required.push(quote! { ::skep_sdk::schema::Piece::Lit(#name) });
    }
    for field in fields.iter().filter(|field| !field.attributes.skip) {
        let name = quoted(&field.name);
        let key = format!("{name}:");
        let schema = value(field.ty, &field.attributes, &field.documentation);
        properties.push(
            quote! { ::skep_sdk::schema::Piece::Sub(&[::skep_sdk::schema::Piece::Lit(#key), #schema]) },
        );
        if !field.attributes.default {
            let ty = field.ty;
            let optional = if field.attributes.json.is_some() {
                let optional = is_option(ty);
                quote! { #optional }
            } else {
                quote! { <#ty as ::skep_sdk::schema::Schema>::OPTIONAL }
            };
            required.push(quote! { ::skep_sdk::schema::Piece::Lit(if #optional { "" } else { #name }) });
        }
    }
    vec![
        quote! { ::skep_sdk::schema::Piece::Lit("\"properties\":{") },
        quote! { ::skep_sdk::schema::Piece::List(&[#(#properties),*]) },
        quote! { ::skep_sdk::schema::Piece::Lit("},") },
        quote! { ::skep_sdk::schema::Piece::Around("\"required\":[", &[#(#required),*], "],") },
        quote! { ::skep_sdk::schema::Piece::Lit("\"additionalProperties\":false") },
    ]
}

/// Looks like `Option<…>`; needed only where the type itself has no schema.
fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}
