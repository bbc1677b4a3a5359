//! Values with bounds in their schema. A weak model that is held to a grammar writes until it is stopped, so everything that a
//! model may answer has an end.
//!
//! `DEEP` is false at the scope `demo`, whose answers have to be cheap, and true above. What fits the short bounds fits the deep
//! ones, so details are kept in the deep form.

use std::ops::Deref;

use serde::{Deserialize, Serialize};
use skep_sdk::schema::{Piece, Schema};

/// A sentence: at most 120 characters at demo, 400 above.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line<const DEEP: bool>(pub String);

impl<const DEEP: bool> Schema for Line<DEEP> {
    const TYPE: &'static [Piece] = if DEEP {
        &[Piece::Lit("\"type\":\"string\",\"minLength\":1,\"maxLength\":400")]
    } else {
        &[Piece::Lit("\"type\":\"string\",\"minLength\":1,\"maxLength\":120")]
    };
}

/// A path of the workspace: at most 80 characters at demo, 200 above.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Path<const DEEP: bool>(pub String);

impl<const DEEP: bool> Schema for Path<DEEP> {
    const TYPE: &'static [Piece] = if DEEP {
        &[Piece::Lit("\"type\":\"string\",\"minLength\":1,\"maxLength\":200")]
    } else {
        &[Piece::Lit("\"type\":\"string\",\"minLength\":1,\"maxLength\":80")]
    };
}

/// A list: at most 2 items at demo, 8 above; at least `LEAST`, which is 0 or 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct List<T, const DEEP: bool, const LEAST: usize = 0>(pub Vec<T>);

impl<T: Schema, const DEEP: bool, const LEAST: usize> Schema for List<T, DEEP, LEAST> {
    const TYPE: &'static [Piece] = &[
        Piece::Lit("\"type\":\"array\",\"items\":{"),
        Piece::Sub(T::MEMBERS),
        Piece::Lit(if LEAST > 0 { "},\"minItems\":1,\"maxItems\":" } else { "},\"maxItems\":" }),
        Piece::Lit(if DEEP { "8" } else { "2" }),
    ];
}

/// Several sentences.
pub type Lines<const DEEP: bool, const LEAST: usize = 0> = List<Line<DEEP>, DEEP, LEAST>;

/// Several paths.
pub type Paths<const DEEP: bool, const LEAST: usize = 0> = List<Path<DEEP>, DEEP, LEAST>;

/// What may go wrong. The answer of most inspections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Risks<const DEEP: bool> {
    /// One sentence each.
    pub risks: Lines<DEEP>,
}

impl<const DEEP: bool> Deref for Line<DEEP> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const DEEP: bool> Deref for Path<DEEP> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<T, const DEEP: bool, const LEAST: usize> Deref for List<T, DEEP, LEAST> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<const DEEP: bool, const LEAST: usize> Lines<DEEP, LEAST> {
    /// The sentences without blanks around them; those that say nothing and repeated ones are left out.
    pub fn texts(&self) -> Vec<String> {
        distinct(self.iter().map(|line| line.0.as_str()))
    }
}

impl<const DEEP: bool, const LEAST: usize> Paths<DEEP, LEAST> {
    /// The paths without blanks and `./` before them; those that name nothing and repeated ones are left out.
    pub fn texts(&self) -> Vec<String> {
        distinct(self.iter().map(|path| crate::paths::tidy(&path.0)))
    }
}

fn distinct<'text>(texts: impl Iterator<Item = &'text str>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts.map(str::trim).filter(|text| text.contains(char::is_alphanumeric)) {
        if !kept.iter().any(|other| other.eq_ignore_ascii_case(text)) {
            kept.push(text.to_owned());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::{Value, json};
    use skep_sdk::schema;

    #[test]
    fn the_short_form_has_the_tighter_bounds() {
        let short: Value = serde_json::from_str(&schema::text::<Risks<false>>()).unwrap();
        let deep: Value = serde_json::from_str(&schema::text::<Risks<true>>()).unwrap();
        assert_eq!(short["properties"]["risks"]["maxItems"], json!(2));
        assert_eq!(short["properties"]["risks"]["items"]["maxLength"], json!(120));
        assert_eq!(deep["properties"]["risks"]["maxItems"], json!(8));
        assert_eq!(deep["properties"]["risks"]["items"]["maxLength"], json!(400));
        assert_eq!(short["required"], json!(["risks"]));
    }

    #[test]
    fn a_filled_list_has_at_least_one_item() {
        let filled: Value = serde_json::from_str(&schema::text::<Lines<true, 1>>()).unwrap();
        assert_eq!((&filled["minItems"], &filled["maxItems"]), (&json!(1), &json!(8)));
        let any: Value = serde_json::from_str(&schema::text::<Lines<true>>()).unwrap();
        assert_eq!(any.get("minItems"), None);
    }

    #[test]
    fn texts_are_trimmed_and_distinct() {
        let lines: Lines<true> = serde_json::from_value(json!([" a ", "A", "", "…", "b"])).unwrap();
        assert_eq!(lines.texts(), ["a", "b"]);
        let paths: Paths<true> = serde_json::from_value(json!(["./a.py", "a.py", "b/c.py"])).unwrap();
        assert_eq!(paths.texts(), ["a.py", "b/c.py"]);
    }
}
