//! What `#[serde(…)]` and `#[schema(…)]` say about a type, a variant or a field.

use syn::ext::IdentExt as _;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr, Result, Token, Type};

use crate::case::Case;
use crate::text::{escape, members, quoted};

/// Everything that these attributes can say. Which of it has a meaning depends on the place.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) rename: Option<String>,
    pub(crate) rename_all: Case,
    pub(crate) rename_all_fields: Option<Case>,
    pub(crate) default: bool,
    pub(crate) skip: bool,
    pub(crate) transparent: bool,
    pub(crate) tag: Option<String>,
    pub(crate) content: Option<String>,
    pub(crate) untagged: bool,
    /// The type whose JSON form stands for this one.
    pub(crate) stand_in: Option<Type>,
    /// The author's own schema: members of its object.
    pub(crate) json: Option<String>,
    pub(crate) minimum: Option<String>,
    pub(crate) maximum: Option<String>,
    /// Members such as `"maxLength":200`.
    pub(crate) extra: Vec<String>,
    pub(crate) description: Option<String>,
    /// serde is told to use functions that a schema cannot follow.
    opaque: Option<proc_macro2::Span>,
}

impl Attributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut parsed = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident("serde") {
                attribute.parse_nested_meta(|meta| parsed.serde(&meta))?;
            } else if attribute.path().is_ident("schema") {
                attribute.parse_nested_meta(|meta| parsed.schema(&meta))?;
            }
        }
        if let (Some(span), None) = (parsed.opaque, &parsed.json) {
            return Err(syn::Error::new(
                span,
                "a schema cannot follow this serde attribute; say what the JSON looks like with #[schema(json = r#\"{…}\"#)]",
            ));
        }
        Ok(parsed)
    }

    fn serde(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let name = name_of(meta);
        match name.as_str() {
            "rename" => self.rename = both(meta)?.map(|literal| literal.value()),
            "rename_all" => {
                if let Some(literal) = both(meta)? {
                    self.rename_all = Case::parse(&literal)?;
                }
            }
            "rename_all_fields" => {
                if let Some(literal) = both(meta)? {
                    self.rename_all_fields = Some(Case::parse(&literal)?);
                }
            }
            "default" => {
                self.default = true;
                ignore_value(meta)?;
            }
            "skip_serializing_if" => {
                self.default = true;
                ignore_value(meta)?;
            }
            "skip" | "skip_deserializing" => self.skip = true,
            "transparent" => self.transparent = true,
            "untagged" => self.untagged = true,
            "tag" => self.tag = Some(meta.value()?.parse::<LitStr>()?.value()),
            "content" => self.content = Some(meta.value()?.parse::<LitStr>()?.value()),
            "from" | "try_from" | "into" => self.stand_in = Some(meta.value()?.parse::<LitStr>()?.parse()?),
            "with" | "deserialize_with" | "serialize_with" | "flatten" => {
                self.opaque = Some(
                    meta.path
                        .segments
                        .last()
                        .map_or_else(proc_macro2::Span::call_site, |last| last.ident.span()),
                );
                ignore_value(meta)?;
            }
            // The rest does not change the form: alias, bound, borrow, crate, deny_unknown_fields, other, …
            _ => ignore_value(meta)?,
        }
        Ok(())
    }

    fn schema(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let name = name_of(meta);
        match name.as_str() {
            "json" => self.json = Some(members(&meta.value()?.parse()?)?),
            "minimum" => self.minimum = Some(number(meta)?),
            "maximum" => self.maximum = Some(number(meta)?),
            "min_length" => self.push_number("minLength", meta)?,
            "max_length" => self.push_number("maxLength", meta)?,
            "min_items" => self.push_number("minItems", meta)?,
            "max_items" => self.push_number("maxItems", meta)?,
            "multiple_of" => self.push_number("multipleOf", meta)?,
            "pattern" => self.push_text("pattern", meta)?,
            "format" => self.push_text("format", meta)?,
            "description" => self.description = Some(escape(&meta.value()?.parse::<LitStr>()?.value())),
            other => {
                return Err(meta.error(format!(
                    "`{other}` is not a schema attribute; there are json, minimum, maximum, min_length, max_length, min_items, max_items, multiple_of, pattern, format, description"
                )));
            }
        }
        Ok(())
    }

    fn push_number(&mut self, key: &str, meta: &ParseNestedMeta<'_>) -> Result<()> {
        self.extra.push(format!("\"{key}\":{}", number(meta)?));
        Ok(())
    }

    fn push_text(&mut self, key: &str, meta: &ParseNestedMeta<'_>) -> Result<()> {
        self.extra.push(format!("\"{key}\":{}", quoted(&meta.value()?.parse::<LitStr>()?.value())));
        Ok(())
    }
}

fn name_of(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(|ident| ident.unraw().to_string()).unwrap_or_default()
}

/// `name = "x"` or `name(serialize = "x", deserialize = "x")`; they must agree, since one schema describes both directions.
fn both(meta: &ParseNestedMeta<'_>) -> Result<Option<LitStr>> {
    if meta.input.peek(Token![=]) {
        return Ok(Some(meta.value()?.parse()?));
    }
    let mut found: Option<LitStr> = None;
    meta.parse_nested_meta(|inner| {
        let literal: LitStr = inner.value()?.parse()?;
        match &found {
            Some(other) if other.value() != literal.value() => {
                Err(inner.error("one schema describes both directions; use the same name for both"))
            }
            _ => {
                found = Some(literal);
                Ok(())
            }
        }
    })?;
    Ok(found)
}

/// A JSON number, also negative or fractional.
fn number(meta: &ParseNestedMeta<'_>) -> Result<String> {
    let value = meta.value()?;
    let sign = if value.peek(Token![-]) {
        value.parse::<Token![-]>()?;
        "-"
    } else {
        ""
    };
    let literal: syn::Lit = value.parse()?;
    match &literal {
        syn::Lit::Int(number) => Ok(format!("{sign}{}", number.base10_digits())),
        syn::Lit::Float(number) => Ok(format!("{sign}{}", number.base10_digits())),
        other => Err(syn::Error::new(other.span(), "this is not a number")),
    }
}

fn ignore_value(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(Token![=]) {
        let _: syn::Expr = meta.value()?.parse()?;
    } else if meta.input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in meta.input);
        let _: proc_macro2::TokenStream = content.parse()?;
    }
    Ok(())
}
