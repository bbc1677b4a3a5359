//! The macros of `skep-sdk`; use them through its prelude.
//!
//! They turn typed Rust into the exports of a component and into the constant pieces of its manifest. They do not know WIT:
//! what they write calls `skep_sdk::bindings`, and everything that can be an ordinary function is one there.
//! Start reading at `skill.rs` (the simplest) and `schema.rs`.

mod arguments;
mod attributes;
mod capabilities;
mod case;
mod manifest;
mod object;
mod personality;
mod schema;
mod skill;
mod step;
#[cfg(test)]
mod tests;
mod text;
mod tool;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes a module a skill: its functions with `#[tool]` become tools.
///
/// The module's doc comment is the skill's description. The crate's name and version are the plugin's.
/// A tool's doc comment and those of its arguments become descriptions, their types the JSON Schema.
/// `#[tool(read_only, idempotent, destructive, egress, retry = "safe", name = "other")]` says what calling it does.
/// An argument of type `&Context` gets the context of the call and is no argument of the tool.
#[proc_macro_attribute]
pub fn skill(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as arguments::Arguments);
    let module = parse_macro_input!(item as syn::ItemMod);
    answer(skill::expand(&arguments, module))
}

/// Makes an `impl Personality for Type`, or a module with several, a personality plugin.
///
/// Phases that the impl leaves out get the default of `skep_sdk::personality::default`.
#[proc_macro_attribute]
pub fn personality(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as arguments::Arguments);
    let item = parse_macro_input!(item as syn::Item);
    answer(personality::expand(&arguments, item))
}

/// Makes a function a workflow step: `fn name(input: Input, config: Config, context: &Context) -> Result<Output>`.
///
/// `input` is the JSON that the step gets, `config` (optional) what the workflow's author wrote for it.
#[proc_macro_attribute]
pub fn step(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as arguments::Arguments);
    let function = parse_macro_input!(item as syn::ItemFn);
    answer(step::expand(arguments, function))
}

/// Describes a type as JSON Schema, following its serde attributes and doc comments.
///
/// `#[schema(…)]` adds: `minimum`, `maximum`, `multiple_of`, `min_length`, `max_length`, `min_items`, `max_items`,
/// `pattern`, `format`, `description`; `json = r#"{…}"#` replaces the schema of a field or of a whole type.
#[proc_macro_derive(Schema, attributes(schema, serde))]
pub fn schema(item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as syn::DeriveInput);
    answer(schema::derive(&input))
}

fn answer(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result.unwrap_or_else(|error| error.into_compile_error()).into()
}
