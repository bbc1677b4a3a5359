//! Requested capabilities: `files(read_write, paths("docs/"), "why")`.

use std::collections::BTreeMap;

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, LitInt, LitStr, Result, Token};

use crate::text::quoted;

/// One entry of the manifest's `capabilities`, as JSON.
pub(crate) struct Capability {
    pub(crate) json: String,
}

/// What may stand in the parentheses.
enum Item {
    /// The reason, shown to the operator who grants.
    Reason(LitStr),
    /// `read_write`
    Word(Ident),
    /// `hosts("a", "b")`
    List(Ident, Vec<String>),
    /// `quota = 65536`
    Number(Ident, u64),
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            return Ok(Self::Reason(input.parse()?));
        }
        let word: Ident = input.parse()?;
        if input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            let texts = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
            return Ok(Self::List(word, texts.iter().map(LitStr::value).collect()));
        }
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(Self::Number(word, input.parse::<LitInt>()?.base10_parse()?));
        }
        Ok(Self::Word(word))
    }
}

/// The interface, what it takes, and what stands for a list that is left out.
const KNOWN: [(&str, &str); 7] = [
    ("files", "files(read | read_write, paths(\"docs/\"), \"reason\")"),
    (
        "http",
        "http(hosts(\"example.com\"), methods(\"GET\"), header(\"authorization\", \"SECRET_NAME\"), \"reason\")",
    ),
    ("model", "model(tiers(\"core\", \"pro\", \"ultra\"), \"reason\")"),
    ("kv", "kv(quota = 65536, \"reason\")"),
    ("tools", "tools(names(\"patch.*\"), \"reason\")"),
    ("agents", "agents(names(\"*\"), \"reason\")"),
    ("secrets", "secrets(names(\"API_KEY\"), \"reason\")"),
];

impl Parse for Capability {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let interface: Ident = input.parse()?;
        let name = interface.to_string();
        let Some((_, form)) = KNOWN.iter().find(|(known, _)| *known == name) else {
            let hint = match name.as_str() {
                "log" | "clock" | "random" | "progress" => {
                    "it is always there and needs no request".to_owned()
                }
                _ => format!("there are {}", KNOWN.map(|(known, _)| known).join(", ")),
            };
            return Err(syn::Error::new(
                interface.span(),
                format!("`{name}` is not a capability to request; {hint}"),
            ));
        };
        let content;
        syn::parenthesized!(content in input);
        let mut found = Found::default();
        for item in Punctuated::<Item, Token![,]>::parse_terminated(&content)? {
            match item {
                Item::Reason(reason) => found.reason = Some(reason.value()),
                Item::Word(word) if name == "files" && word == "read" => found.access = "read",
                Item::Word(word) if name == "files" && word == "read_write" => found.access = "read-write",
                Item::List(word, texts) if name == "http" && placement(&word).is_some() => {
                    let [place, secret] = texts.as_slice() else {
                        return Err(syn::Error::new(
                            word.span(),
                            format!(
                                "`{word}` takes its place and the secret's name; write {word}(\"PLACE\", \"SECRET_NAME\")"
                            ),
                        ));
                    };
                    let placement = placement(&word).unwrap_or_default();
                    found.credentials.push((placement, place.clone(), secret.clone()));
                }
                Item::List(word, texts) if list_of(&name).contains(&word.to_string().as_str()) => {
                    found.lists.insert(word.to_string(), texts);
                }
                Item::Number(word, number) if name == "kv" && word == "quota" => found.quota = number,
                Item::Word(word) | Item::List(word, _) | Item::Number(word, _) => {
                    return Err(syn::Error::new(
                        word.span(),
                        format!("`{word}` does not belong here; write {form}"),
                    ));
                }
            }
        }
        let Some(reason) = found.reason.clone().filter(|reason| !reason.trim().is_empty()) else {
            return Err(syn::Error::new(
                interface.span(),
                format!("say for the operator who grants it why `{name}` is needed; write {form}"),
            ));
        };
        let rest = found.members(&name).map_err(|missing| {
            syn::Error::new(interface.span(), format!("`{name}` needs {missing}; write {form}"))
        })?;
        Ok(Self { json: format!("{{\"interface\":\"{name}\",\"reason\":{}{rest}}}", quoted(&reason)) })
    }
}

/// The lists that a capability takes.
fn list_of(interface: &str) -> &'static [&'static str] {
    match interface {
        "files" => &["paths"],
        "http" => &["hosts", "methods"],
        "model" => &["tiers"],
        "tools" | "agents" | "secrets" => &["names"],
        _ => &[],
    }
}

/// Where a secret may stand in a request, as it is in the manifest.
fn placement(word: &Ident) -> Option<&'static str> {
    let known = ["header", "basic", "query", "form", "json-pointer"];
    known.into_iter().find(|known| word == &known.replace('-', "_"))
}

#[derive(Default)]
struct Found {
    reason: Option<String>,
    access: &'static str,
    quota: u64,
    lists: BTreeMap<String, Vec<String>>,
    /// Placement, the place's name, the secret's.
    credentials: Vec<(&'static str, String, String)>,
}

impl Found {
    /// `,"hosts":["*"]…`, or what is missing.
    fn members(&self, interface: &str) -> std::result::Result<String, String> {
        let list = |key: &str, default: &[&str]| match self.lists.get(key) {
            Some(texts) => Ok(format!(",\"{key}\":{}", array(texts.iter().map(String::as_str)))),
            None if default.is_empty() => Err(format!("`{key}(…)`")),
            None => Ok(format!(",\"{key}\":{}", array(default.iter().copied()))),
        };
        match interface {
            "files" if self.access.is_empty() => Err("`read` or `read_write`".into()),
            "files" => Ok(format!(",\"access\":\"{}\"{}", self.access, list("paths", &[""])?)),
            "http" => Ok(list("hosts", &[])? + &list("methods", &["GET"])? + &self.credentials()),
            "model" => list("tiers", &["core", "pro", "ultra"]),
            "kv" if self.quota == 0 => Err("`quota = BYTES`".into()),
            "kv" => Ok(format!(",\"quota\":{}", self.quota)),
            _ => list("names", &[]),
        }
    }
}

impl Found {
    /// Each secret may go to all the hosts of its capability.
    fn credentials(&self) -> String {
        if self.credentials.is_empty() {
            return String::new();
        }
        let hosts = array(self.lists.get("hosts").into_iter().flatten().map(String::as_str));
        let all: Vec<String> = self
            .credentials
            .iter()
            .map(|(placement, place, secret)| {
                let (place, secret) = (quoted(place), quoted(secret));
                format!(
                    "{{\"secret\":{secret},\"hosts\":{hosts},\"placement\":\"{placement}\",\"name\":{place}}}"
                )
            })
            .collect();
        format!(",\"credentials\":[{}]", all.join(","))
    }
}

fn array<'text>(texts: impl Iterator<Item = &'text str>) -> String {
    format!("[{}]", texts.map(quoted).collect::<Vec<_>>().join(","))
}
