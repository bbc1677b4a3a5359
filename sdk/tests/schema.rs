//! What `#[derive(Schema)]` says, compared with schemars and with exact texts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![allow(dead_code, reason = "types that are only described")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use skep_sdk::schema::{self, Schema};

fn ours<T: Schema>() -> Value {
    serde_json::from_str(&schema::text::<T>()).unwrap()
}

/// Where the two differ on purpose, both are brought to one form: references are resolved, titles, formats and bounds of
/// integers dropped (schemars names widths), `const` is an `enum` of one, `oneOf` is `anyOf`, nothing is said about additional
/// properties of described objects (ours always refuses them), a nullable type is a list of types.
fn plain(schema: &Value, definitions: &Map<String, Value>) -> Value {
    let Value::Object(object) = schema else { return schema.clone() };
    let mut plain_object = Map::new();
    for (key, value) in object {
        match key.as_str() {
            "$ref" => {
                let name = value.as_str().unwrap().rsplit('/').next().unwrap();
                let Value::Object(target) = plain(&definitions[name], definitions) else { unreachable!() };
                for (key, value) in target {
                    plain_object.entry(key).or_insert(value);
                }
            }
            "$schema" | "$defs" | "title" | "format" | "minimum" | "maximum" | "default" => {}
            "additionalProperties" if value.is_boolean() => {}
            "const" => {
                plain_object.insert("enum".into(), json!([value]));
            }
            "oneOf" | "anyOf" => {
                let forms =
                    value.as_array().unwrap().iter().map(|form| plain(form, definitions)).collect::<Vec<_>>();
                if let [form, Value::Object(null)] = forms.as_slice()
                    && null.get("type") == Some(&json!("null"))
                    && let Some(ty) = form.get("type").filter(|ty| ty.is_string())
                {
                    let Value::Object(mut form) = form.clone() else { unreachable!() };
                    let ty = ty.clone();
                    form.insert("type".into(), json!([ty, "null"]));
                    if let Some(Value::Array(names)) = form.get_mut("enum") {
                        names.push(Value::Null);
                    }
                    for (key, value) in form {
                        plain_object.entry(key).or_insert(value);
                    }
                } else {
                    plain_object.insert("anyOf".into(), Value::Array(forms));
                }
            }
            "properties" => {
                let properties = value.as_object().unwrap();
                let properties =
                    properties.iter().map(|(name, value)| (name.clone(), plain(value, definitions)));
                plain_object.insert(key.clone(), properties.collect());
            }
            "items" | "additionalProperties" => {
                plain_object.insert(key.clone(), plain(value, definitions));
            }
            "prefixItems" => {
                let items = value.as_array().unwrap().iter().map(|item| plain(item, definitions)).collect();
                plain_object.insert(key.clone(), items);
            }
            _ => {
                plain_object.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(plain_object)
}

fn assert_same<T: Schema + JsonSchema>() {
    let theirs = schemars::schema_for!(T).to_value();
    let definitions = theirs.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let (ours, theirs) = (plain(&ours::<T>(), &Map::new()), plain(&theirs, &definitions));
    let name = std::any::type_name::<T>();
    assert_eq!(ours, theirs, "{name}\nours   {ours}\ntheirs {theirs}");
}

/// A person.
#[derive(Serialize, Deserialize, Schema, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Person {
    /// Given and family name.
    full_name: String,
    #[serde(rename = "years")]
    age: u8,
    email: Option<String>,
    /// With a default.
    #[serde(default)]
    tags: Vec<String>,
    #[serde(skip)]
    secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    manager: Option<Box<Address>>,
    home: Address,
}

/// Where.
#[derive(Serialize, Deserialize, Schema, JsonSchema)]
struct Address {
    street: String,
    /// Own words about the country.
    country: Country,
}

#[derive(Serialize, Deserialize, Schema, JsonSchema)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
enum Country {
    GreatBritain,
    #[serde(rename = "de")]
    Germany,
}

#[derive(Serialize, Deserialize, Schema, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Internally {
    Nothing,
    /// A round thing.
    RoundThing {
        outer_radius: f64,
        inner_radius: Option<f64>,
    },
}

#[derive(Serialize, Deserialize, Schema, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Externally {
    JustThis,
    One(i32),
    Two(i32, String),
    Named { a: bool },
}

#[derive(Serialize, Deserialize, Schema, JsonSchema)]
#[serde(tag = "t", content = "c")]
enum Adjacently {
    A,
    B(String),
    C { x: u32 },
}

#[derive(Serialize, Deserialize, Schema, JsonSchema)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
    Record { a: u16 },
}

#[derive(Serialize, Deserialize, Schema, JsonSchema)]
struct Wrapped(String);

#[derive(Serialize, Deserialize, Schema, JsonSchema)]
#[serde(transparent)]
struct Transparent {
    inner: Vec<Wrapped>,
}

#[derive(Serialize, Deserialize, Schema, JsonSchema)]
struct Pair(String, u64);

#[derive(Serialize, Deserialize, Schema, JsonSchema)]
struct Unit;

#[derive(Serialize, Deserialize, Schema, JsonSchema)]
struct Page<T> {
    items: Vec<T>,
    next: Option<T>,
}

#[derive(Serialize, Deserialize, Schema, JsonSchema)]
#[serde(default)]
struct AllDefault {
    a: u8,
    b: String,
}

impl Default for AllDefault {
    fn default() -> Self {
        Self { a: 1, b: String::new() }
    }
}

#[derive(Serialize, Deserialize, Schema, JsonSchema)]
struct Collections {
    map: BTreeMap<String, Option<i32>>,
    hashed: HashMap<String, Vec<Pair>>,
    set: BTreeSet<String>,
    pair: (bool, f32),
    letter: char,
    r#type: Unit,
}

#[test]
fn schemas_say_the_same_as_those_of_schemars() {
    assert_same::<Person>();
    assert_same::<Internally>();
    assert_same::<Externally>();
    assert_same::<Adjacently>();
    assert_same::<Untagged>();
    assert_same::<Wrapped>();
    assert_same::<Transparent>();
    assert_same::<Pair>();
    assert_same::<Unit>();
    assert_same::<Page<Address>>();
    assert_same::<Page<Country>>();
    assert_same::<AllDefault>();
    assert_same::<Collections>();
    assert_same::<Option<Vec<u8>>>();
}

#[test]
fn the_comparison_sees_differences() {
    #[derive(JsonSchema)]
    struct Other {
        a: u8,
    }
    let theirs = schemars::schema_for!(Other).to_value();
    assert_ne!(plain(&ours::<Address>(), &Map::new()), plain(&theirs, &Map::new()));
    let mut changed = schemars::schema_for!(Wrapped).to_value();
    changed["type"] = json!("integer");
    assert_ne!(plain(&ours::<Wrapped>(), &Map::new()), plain(&changed, &Map::new()));
}

/// A bounded thing.
#[derive(Serialize, Deserialize, Schema)]
struct Bounded {
    #[schema(minimum = -5, maximum = 10)]
    number: i8,
    #[schema(maximum = 2.5)]
    ratio: Option<f64>,
    #[schema(min_length = 1, max_length = 200, pattern = "^[a-z\"]+$")]
    name: String,
    /// Replaces that of the type.
    #[schema(max_items = 5, min_items = 1)]
    list: Vec<Wrapped>,
    #[schema(json = r#"{"format": "date", "type": "string"}"#)]
    day: std::time::Duration,
    byte: u8,
}

#[test]
fn bounds_stand_once_and_replace_those_of_the_type() {
    assert_eq!(
        schema::text::<Bounded>(),
        concat!(
            r#"{"type":"object","properties":{"#,
            r#""number":{"type":"integer","minimum":-5,"maximum":10},"#,
            r#""ratio":{"type":["number","null"],"maximum":2.5},"#,
            r#""name":{"type":"string","minLength":1,"maxLength":200,"pattern":"^[a-z\"]+$"},"#,
            r#""list":{"description":"Replaces that of the type.","type":"array","items":{"type":"string"},"maxItems":5,"minItems":1},"#,
            r#""day":{"format":"date","type":"string"},"#,
            r#""byte":{"type":"integer","minimum":0,"maximum":255}"#,
            r#"},"required":["number","name","list","day","byte"],"additionalProperties":false,"description":"A bounded thing."}"#,
        )
    );
}

/// Colours.
#[derive(Schema, Serialize)]
#[serde(rename_all = "lowercase")]
enum Colour {
    /// Like "blood".
    Red,
    Green,
}

#[derive(Schema, Serialize)]
struct Field {
    /// Own words.
    #[serde(rename = "a")]
    documented: Colour,
    b: Option<Colour>,
}

#[test]
fn a_field_without_words_has_those_of_its_type() {
    let of_type = "Colours.\n- red: Like \"blood\".";
    assert_eq!(
        ours::<Field>(),
        json!({
            "type": "object",
            "properties": {
                "a": {"description": "Own words.", "type": "string", "enum": ["red", "green"]},
                "b": {"description": of_type, "type": ["string", "null"], "enum": ["red", "green", null]},
            },
            "required": ["a"],
            "additionalProperties": false,
        })
    );
}
