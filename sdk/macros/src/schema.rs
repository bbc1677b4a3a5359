//! `#[derive(Schema)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Data, DeriveInput, Fields, Result, Type, Variant, parse_quote};

use crate::attributes::Attributes;
use crate::case::Case;
use crate::object::{Field, rest, value};
use crate::text::{documentation, escape, quoted};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let container = Attributes::parse(&input.attrs)?;
    let mut description =
        container.description.clone().unwrap_or_else(|| escape(&documentation(&input.attrs)));
    let body = if let Some(json) = &container.json {
        let nullable = format!("\"anyOf\":[{{{json}}},{{\"type\":\"null\"}}]");
        Body::both(vec![lit(json)], vec![lit(&nullable)])
    } else if let Some(stand_in) = &container.stand_in {
        Body::of_type(stand_in)
    } else {
        match &input.data {
            Data::Struct(data) => struct_body(&data.fields, &container, input)?,
            Data::Enum(data) => {
                let variants: Vec<&Variant> = data.variants.iter().collect();
                enum_body(&variants, &container, &mut description)?
            }
            Data::Union(_) => {
                return Err(syn::Error::new(input.ident.span(), "serde has no form for unions"));
            }
        }
    };
    let Body { ty, nullable, bounds } = body;
    let name = &input.ident;
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::skep_sdk::schema::Schema));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let nullable = nullable.map(|pieces| {
        quote! { const NULLABLE_TYPE: &'static [::skep_sdk::schema::Piece] = &[#(#pieces),*]; }
    });
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::skep_sdk::schema::Schema for #name #type_generics #where_clause {
            const TYPE: &'static [::skep_sdk::schema::Piece] = &[#(#ty),*];
            #nullable
            const DESCRIPTION: &'static str = #description;
            #bounds
        }
    })
}

/// Pieces of the type and of the type or null.
struct Body {
    ty: Vec<TokenStream>,
    nullable: Option<Vec<TokenStream>>,
    bounds: TokenStream,
}

impl Body {
    fn both(ty: Vec<TokenStream>, nullable: Vec<TokenStream>) -> Self {
        Self { ty, nullable: Some(nullable), bounds: TokenStream::new() }
    }

    /// An object whose members after the type are known.
    fn object(rest: Vec<TokenStream>) -> Self {
        let mut ty = vec![lit("\"type\":\"object\",")];
        let mut nullable = vec![lit("\"type\":[\"object\",\"null\"],")];
        ty.extend(rest.iter().cloned());
        nullable.extend(rest);
        Self::both(ty, nullable)
    }

    /// The same as another type.
    fn of_type(ty: &Type) -> Self {
        let schema = quote! { <#ty as ::skep_sdk::schema::Schema> };
        Self {
            ty: vec![quote! { ::skep_sdk::schema::Piece::Sub(#schema::TYPE) }],
            nullable: Some(vec![quote! { ::skep_sdk::schema::Piece::Sub(#schema::NULLABLE_TYPE) }]),
            bounds: quote! {
                const MINIMUM: &'static str = #schema::MINIMUM;
                const MAXIMUM: &'static str = #schema::MAXIMUM;
                const OPTIONAL: bool = #schema::OPTIONAL;
            },
        }
    }

    /// One of several forms; `anyOf`, since that is what every provider of constrained answers knows.
    fn any_of(forms: &[TokenStream]) -> Self {
        let list = quote! { ::skep_sdk::schema::Piece::List(&[#(#forms),*]) };
        Self::both(
            vec![lit("\"anyOf\":["), list.clone(), lit("]")],
            vec![lit("\"anyOf\":["), list, lit(",{\"type\":\"null\"}]")],
        )
    }
}

fn lit(text: &str) -> TokenStream {
    quote! { ::skep_sdk::schema::Piece::Lit(#text) }
}

fn braces(members: Vec<TokenStream>) -> TokenStream {
    let (open, close) = (lit("{"), lit("}"));
    quote! { ::skep_sdk::schema::Piece::Sub(&[#open, #(#members,)* #close]) }
}

fn named<'item>(fields: &'item Fields, case: Case, all_default: bool) -> Result<Vec<Field<'item>>> {
    fields
        .iter()
        .map(|field| {
            let written = field.ident.as_ref().map(|ident| ident.unraw().to_string()).unwrap_or_default();
            let mut described = Field::new(case.field(&written), &field.ty, &field.attrs)?;
            if let Some(name) = &described.attributes.rename {
                described.name.clone_from(name);
            }
            described.attributes.default |= all_default;
            Ok(described)
        })
        .collect()
}

fn struct_body(fields: &Fields, container: &Attributes, input: &DeriveInput) -> Result<Body> {
    let only = || fields.iter().next().filter(|_| fields.len() == 1);
    match fields {
        Fields::Named(_) if container.transparent => match only() {
            Some(field) => Ok(Body::of_type(&field.ty)),
            None => Err(syn::Error::new(input.ident.span(), "a transparent struct has one field")),
        },
        Fields::Named(_) => {
            let fields = named(fields, container.rename_all, container.default)?;
            let constants: Vec<_> =
                container.tag.iter().map(|tag| (tag.clone(), input.ident.to_string())).collect();
            Ok(Body::object(rest(&fields, &constants)))
        }
        Fields::Unnamed(_) => match only() {
            Some(field) => {
                let attributes = Attributes::parse(&field.attrs)?;
                if let Some(json) = &attributes.json {
                    let nullable = format!("\"anyOf\":[{{{json}}},{{\"type\":\"null\"}}]");
                    return Ok(Body::both(vec![lit(json)], vec![lit(&nullable)]));
                }
                let mut body = Body::of_type(&field.ty);
                if !attributes.extra.is_empty() {
                    let extra = lit(&format!(",{}", attributes.extra.join(",")));
                    body.ty.push(extra.clone());
                    body.nullable.get_or_insert_default().push(extra);
                }
                if let (Some(minimum), Some(maximum)) = (&attributes.minimum, &attributes.maximum) {
                    body.bounds = quote! { const MINIMUM: &'static str = #minimum; const MAXIMUM: &'static str = #maximum; };
                }
                Ok(body)
            }
            None => {
                let rest = tuple_rest(fields)?;
                let mut ty = vec![lit("\"type\":\"array\",")];
                let mut nullable = vec![lit("\"type\":[\"array\",\"null\"],")];
                ty.extend(rest.iter().cloned());
                nullable.extend(rest);
                Ok(Body::both(ty, nullable))
            }
        },
        Fields::Unit => Ok(Body::both(vec![lit("\"type\":\"null\"")], vec![lit("\"type\":\"null\"")])),
    }
}

fn tuple_rest(fields: &Fields) -> Result<Vec<TokenStream>> {
    let items = fields
        .iter()
        .map(|field| Ok(value(&field.ty, &Attributes::parse(&field.attrs)?, &documentation(&field.attrs))))
        .collect::<Result<Vec<_>>>()?;
    let count = fields.len();
    Ok(vec![
        lit("\"prefixItems\":["),
        quote! { ::skep_sdk::schema::Piece::List(&[#(#items),*]) },
        lit(&format!("],\"minItems\":{count},\"maxItems\":{count}")),
    ])
}

fn enum_body(variants: &[&Variant], container: &Attributes, description: &mut String) -> Result<Body> {
    let mut described = Vec::new();
    for variant in variants {
        let attributes = Attributes::parse(&variant.attrs)?;
        if attributes.skip {
            continue;
        }
        let name = attributes
            .rename
            .clone()
            .unwrap_or_else(|| container.rename_all.variant(&variant.ident.unraw().to_string()));
        described.push((*variant, attributes, name));
    }
    let all_unit = variants.iter().all(|variant| matches!(variant.fields, Fields::Unit));
    if all_unit && container.tag.is_none() && !container.untagged {
        for (variant, _, name) in &described {
            let text = documentation(&variant.attrs);
            if !text.is_empty() {
                let separator = if description.is_empty() { "" } else { "\\n" };
                description.push_str(&format!("{separator}- {}: {}", escape(name), escape(&text)));
            }
        }
        let names = described.iter().map(|(_, _, name)| quoted(name)).collect::<Vec<_>>().join(",");
        return Ok(Body::both(
            vec![lit(&format!("\"type\":\"string\",\"enum\":[{names}]"))],
            vec![lit(&format!("\"type\":[\"string\",\"null\"],\"enum\":[{names},null]"))],
        ));
    }
    let forms = described
        .iter()
        .map(|(variant, attributes, name)| variant_form(variant, attributes, name, container))
        .collect::<Result<Vec<_>>>()?;
    Ok(Body::any_of(&forms))
}

/// The schema of one variant, with braces.
fn variant_form(
    variant: &Variant,
    attributes: &Attributes,
    name: &str,
    container: &Attributes,
) -> Result<TokenStream> {
    let text = attributes.description.clone().unwrap_or_else(|| escape(&documentation(&variant.attrs)));
    let head = if text.is_empty() { lit("") } else { lit(&format!("\"description\":\"{text}\",")) };
    let case = container.rename_all_fields.unwrap_or(attributes.rename_all);
    let object = |rest: Vec<TokenStream>| {
        let mut members = vec![head.clone(), lit("\"type\":\"object\",")];
        members.extend(rest);
        braces(members)
    };
    // The content alone, as in `untagged` and beside a tag.
    let content = || -> Result<Option<TokenStream>> {
        Ok(match &variant.fields {
            Fields::Unit => None,
            Fields::Named(_) => {
                let mut members = vec![lit("\"type\":\"object\",")];
                members.extend(rest(&named(&variant.fields, case, false)?, &[]));
                Some(braces(members))
            }
            Fields::Unnamed(fields) => {
                match fields.unnamed.iter().next().filter(|_| fields.unnamed.len() == 1) {
                    Some(field) => Some(value(
                        &field.ty,
                        &Attributes::parse(&field.attrs)?,
                        &documentation(&field.attrs),
                    )),
                    None => {
                        let mut members = vec![lit("\"type\":\"array\",")];
                        members.extend(tuple_rest(&variant.fields)?);
                        Some(braces(members))
                    }
                }
            }
        })
    };
    let with_content = |constants: String, key: &str, content: Option<TokenStream>| {
        let (property, required) = match &content {
            Some(_) => (format!("{}:", quoted(key)), quoted(key)),
            None => (String::new(), String::new()),
        };
        let (property, required) = (lit(&property), lit(&required));
        let content = content.unwrap_or_else(|| lit(""));
        let tag_name = constants.split(':').next().unwrap_or_default().to_owned();
        let (constants, tag_name) = (lit(&constants), lit(&tag_name));
        object(vec![
            lit("\"properties\":{"),
            quote! { ::skep_sdk::schema::Piece::List(&[#constants, ::skep_sdk::schema::Piece::Sub(&[#property, #content])]) },
            lit("},\"required\":["),
            quote! { ::skep_sdk::schema::Piece::List(&[#tag_name, #required]) },
            lit("],\"additionalProperties\":false"),
        ])
    };
    if container.untagged || attributes.untagged {
        return Ok(content()?.unwrap_or_else(|| lit("{\"type\":\"null\"}")));
    }
    let Some(tag) = &container.tag else {
        return Ok(match content()? {
            None => {
                braces(vec![head.clone(), lit(&format!("\"type\":\"string\",\"enum\":[{}]", quoted(name)))])
            }
            content => with_content(String::new(), name, content),
        });
    };
    if let Some(content_key) = &container.content {
        let constant = format!("{}:{{\"type\":\"string\",\"enum\":[{}]}}", quoted(tag), quoted(name));
        return Ok(with_content(constant, content_key, content()?));
    }
    match &variant.fields {
        Fields::Unit | Fields::Named(_) => {
            let fields = named(&variant.fields, case, false)?;
            Ok(object(rest(&fields, &[(tag.clone(), name.to_owned())])))
        }
        Fields::Unnamed(_) => Err(syn::Error::new_spanned(
            variant,
            "beside a tag, a schema needs the names of the fields: write `Variant { … }`, or give the content a place with #[serde(content = \"…\")]",
        )),
    }
}
