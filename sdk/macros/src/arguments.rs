//! The arguments of `#[skill(…)]`, `#[personality(…)]` and `#[step(…)]`.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, LitInt, LitStr, Result, Token, Type};

use crate::capabilities::Capability;

/// What an author can say about a plugin beside its code.
#[derive(Default)]
pub(crate) struct Arguments {
    /// Default: the crate's name.
    pub(crate) name: Option<LitStr>,
    /// A personality's id. Default: the crate's name, or in a module with several the type's name in kebab-case.
    pub(crate) id: Option<LitStr>,
    /// The type of the plugin's configuration.
    pub(crate) config: Option<Type>,
    pub(crate) capabilities: Vec<Capability>,
    /// Members of the manifest's `limits`.
    pub(crate) limits: Vec<String>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            match key.to_string().as_str() {
                "name" => arguments.name = Some(after_equals(input)?),
                "id" => arguments.id = Some(after_equals(input)?),
                "config" => arguments.config = Some(after_equals(input)?),
                "capabilities" => {
                    let content;
                    syn::parenthesized!(content in input);
                    let list = Punctuated::<Capability, Token![,]>::parse_terminated(&content)?;
                    arguments.capabilities = list.into_iter().collect();
                }
                "limits" => {
                    let content;
                    syn::parenthesized!(content in input);
                    for limit in Punctuated::<Limit, Token![,]>::parse_terminated(&content)? {
                        arguments.limits.push(limit.0);
                    }
                }
                other => {
                    return Err(syn::Error::new(
                        key.span(),
                        format!(
                            "`{other}` is not known here; there are name, id, config, capabilities(…), limits(…)"
                        ),
                    ));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

fn after_equals<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// `memory_mib = 64` as a member of the manifest.
struct Limit(String);

impl Parse for Limit {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key: Ident = input.parse()?;
        let member = match key.to_string().as_str() {
            "memory_mib" => "memoryMiB",
            "wall_ms" => "wallMs",
            other => {
                return Err(syn::Error::new(
                    key.span(),
                    format!("`{other}` is not a limit; there are memory_mib and wall_ms"),
                ));
            }
        };
        let value: LitInt = after_equals(input)?;
        Ok(Self(format!("\"{member}\":{}", value.base10_parse::<u64>()?)))
    }
}
