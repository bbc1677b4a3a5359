//! One `#[tool(…)]` function of a skill.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, FnArg, Ident, ItemFn, LitStr, Pat, Result, ReturnType, Type};

use crate::object::{Field, rest};
use crate::text::{documentation, quoted};

/// What the macro made of a function.
pub(crate) struct Tool {
    pub(crate) name: String,
    /// Piece of the manifest's `tools`.
    pub(crate) piece: TokenStream,
    /// Body of the match arm that calls it.
    pub(crate) call: TokenStream,
}

/// What calling a tool does to the world.
#[derive(Default)]
struct Effects {
    name: Option<String>,
    read_only: bool,
    idempotent: bool,
    destructive: bool,
    egress: bool,
    retry: Option<String>,
}

impl Effects {
    fn parse(attribute: &Attribute) -> Result<Self> {
        let mut effects = Self::default();
        if matches!(attribute.meta, syn::Meta::Path(_)) {
            return Ok(effects);
        }
        attribute.parse_nested_meta(|meta: ParseNestedMeta<'_>| {
            let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            match word.as_str() {
                "read_only" => effects.read_only = true,
                "idempotent" => effects.idempotent = true,
                "destructive" => effects.destructive = true,
                "egress" => effects.egress = true,
                "name" => effects.name = Some(meta.value()?.parse::<LitStr>()?.value()),
                "retry" => {
                    let literal: LitStr = meta.value()?.parse()?;
                    if !["safe", "never"].contains(&literal.value().as_str()) {
                        return Err(syn::Error::new(literal.span(), "retry is \"safe\" or \"never\""));
                    }
                    effects.retry = Some(literal.value());
                }
                other => {
                    return Err(meta.error(format!(
                        "`{other}` is not known here; there are read_only, idempotent, destructive, egress, retry = \"safe\", name = \"…\""
                    )));
                }
            }
            Ok(())
        })?;
        if effects.read_only && effects.destructive {
            return Err(syn::Error::new_spanned(
                attribute,
                "a tool cannot be both read_only and destructive",
            ));
        }
        Ok(effects)
    }

    /// Reading twice is reading once, and a read may be tried again.
    fn json(&self) -> String {
        let idempotent = self.idempotent || self.read_only;
        let retry =
            self.retry.clone().unwrap_or_else(|| if self.read_only { "safe".into() } else { "never".into() });
        format!(
            "{{\"readOnly\":{},\"idempotent\":{idempotent},\"destructive\":{},\"egress\":{},\"retry\":\"{retry}\"}}",
            self.read_only, self.destructive, self.egress
        )
    }
}

/// True for `#[tool]`, also by its full path.
pub(crate) fn is_tool(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "tool")
}

/// Takes `#[tool]` and the attributes of the arguments away from the function and says what it is.
pub(crate) fn expand(function: &mut ItemFn) -> Result<Option<Tool>> {
    let Some(position) = function.attrs.iter().position(is_tool) else { return Ok(None) };
    let attribute = function.attrs.remove(position);
    let effects = Effects::parse(&attribute)?;
    let signature = &mut function.sig;
    if let Some(token) = &signature.asyncness {
        return Err(syn::Error::new_spanned(
            token,
            "a tool is not async: a call has one thing to do and the host waits",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(&signature.generics, "a tool has no generic parameters"));
    }
    let name = effects.name.clone().unwrap_or_else(|| signature.ident.unraw().to_string());
    let mut arguments = Vec::new();
    for input in &mut signature.inputs {
        let FnArg::Typed(argument) = input else {
            return Err(syn::Error::new_spanned(input, "a tool is a function, not a method"));
        };
        let attributes = std::mem::take(&mut argument.attrs);
        let Pat::Ident(pattern) = &*argument.pat else {
            return Err(syn::Error::new_spanned(&argument.pat, "an argument of a tool needs a name"));
        };
        arguments.push((pattern.ident.clone(), (*argument.ty).clone(), attributes));
    }
    let function_name = signature.ident.clone();
    let text = documentation(&function.attrs);
    if text.is_empty() {
        return Err(syn::Error::new(
            function_name.span(),
            "describe this tool in a doc comment: a model reads it to decide when to call it",
        ));
    }

    let mut fields = Vec::new();
    let mut struct_fields = Vec::new();
    let mut values = Vec::new();
    for (ident, ty, attributes) in &arguments {
        if let Some(by_reference) = context_argument(ty) {
            values.push(if by_reference {
                quote! { __context }
            } else {
                quote! { ::core::clone::Clone::clone(__context) }
            });
            continue;
        }
        let mut field = Field::new(ident.unraw().to_string(), ty, attributes)?;
        if let Some(renamed) = &field.attributes.rename {
            field.name.clone_from(renamed);
        }
        let serde: Vec<&Attribute> =
            attributes.iter().filter(|attribute| attribute.path().is_ident("serde")).collect();
        struct_fields.push(quote! { #(#serde)* #ident: #ty });
        values.push(quote! { __arguments.#ident });
        fields.push(field);
    }

    let output = Output::of(&signature.output);
    let piece = tool_piece(&name, &text, &rest(&fields, &[]), &effects, &output.ty);
    let call = call(&name, &function_name, &struct_fields, &values, output.fallible);
    Ok(Some(Tool { name, piece, call }))
}

/// Is it `Context` or `&Context`? Then whether by reference.
pub(crate) fn context_argument(ty: &Type) -> Option<bool> {
    match ty {
        Type::Reference(reference) => context_argument(&reference.elem).map(|_| true),
        Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Context") => {
            Some(false)
        }
        _ => None,
    }
}

/// What a function returns.
pub(crate) struct Output {
    /// Of the value itself.
    pub(crate) ty: TokenStream,
    pub(crate) fallible: bool,
}

impl Output {
    pub(crate) fn of(output: &ReturnType) -> Self {
        let ReturnType::Type(_, ty) = output else { return Self { ty: quote! { () }, fallible: false } };
        if let Type::Path(path) = &**ty
            && let Some(last) = path.path.segments.last()
            && last.ident == "Result"
            && let syn::PathArguments::AngleBracketed(arguments) = &last.arguments
            && let Some(syn::GenericArgument::Type(inner)) = arguments.args.first()
        {
            return Self { ty: quote! { #inner }, fallible: true };
        }
        Self { ty: quote! { #ty }, fallible: false }
    }
}

fn tool_piece(
    name: &str,
    description: &str,
    rest: &[TokenStream],
    effects: &Effects,
    output: &TokenStream,
) -> TokenStream {
    let head = format!(
        "{{\"name\":{},\"description\":{},\"schema\":{{\"type\":\"object\",",
        quoted(name),
        quoted(description)
    );
    let effects = format!(",\"effects\":{}}}", effects.json());
    quote! { ::skep_sdk::schema::Piece::Sub(&[
        ::skep_sdk::schema::Piece::Lit(#head),
        #(#rest,)*
        ::skep_sdk::schema::Piece::Lit("}"),
        ::skep_sdk::schema::Piece::Around(",\"output\":{", &[::skep_sdk::schema::Piece::Sub({
            // The inherent constant of `Output` wins where the type has a schema.
            #[allow(unused_imports, reason = "used for types without a schema")]
            use ::skep_sdk::manifest::NoSchema as _;
            ::skep_sdk::manifest::Output::<#output>::MEMBERS
        })], "}"),
        ::skep_sdk::schema::Piece::Lit(#effects),
    ]) }
}

fn call(
    name: &str,
    function: &Ident,
    fields: &[TokenStream],
    values: &[TokenStream],
    fallible: bool,
) -> TokenStream {
    let called = quote! { #function(#(#values),*) };
    let result = if fallible {
        quote! { #called? }
    } else {
        called
    };
    // Two underscores keep these names apart from those of the author's functions and types.
    quote! {
        #[derive(::skep_sdk::serde::Deserialize)]
        #[serde(crate = "::skep_sdk::serde", deny_unknown_fields)]
        struct __Arguments { #(#fields),* }
        #[allow(unused_variables, reason = "a tool may have no arguments")]
        let __arguments: __Arguments = ::skep_sdk::manifest::arguments(#name, __arguments)?;
        let __answer = #result;
        ::skep_sdk::manifest::answer(&__answer)
    }
}
