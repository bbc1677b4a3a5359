//! Schemas of the types of std and serde_json.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use super::{Piece, Schema};

/// A type of one JSON type, with its bounds.
macro_rules! simple {
    ($($rust:ty => $json:literal $(, $minimum:literal $(, $maximum:literal)?)?;)*) => {$(
        impl Schema for $rust {
            const TYPE: &'static [Piece] = &[Piece::Lit(concat!("\"type\":\"", $json, "\""))];
            const NULLABLE_TYPE: &'static [Piece] = &[Piece::Lit(concat!("\"type\":[\"", $json, "\",\"null\"]"))];
            $(const MINIMUM: &'static str = $minimum; $(const MAXIMUM: &'static str = $maximum;)?)?
        }
    )*};
}

simple! {
    str => "string";
    String => "string";
    bool => "boolean";
    f32 => "number";
    f64 => "number";
    u8 => "integer", "0", "255";
    u16 => "integer", "0", "65535";
    u32 => "integer", "0", "4294967295";
    u64 => "integer", "0";
    u128 => "integer", "0";
    usize => "integer", "0";
    i8 => "integer", "-128", "127";
    i16 => "integer", "-32768", "32767";
    i32 => "integer", "-2147483648", "2147483647";
    i64 => "integer";
    i128 => "integer";
    isize => "integer";
    serde_json::Number => "number";
    serde_json::Map<String, serde_json::Value> => "object";
}

impl Schema for char {
    const TYPE: &'static [Piece] = &[Piece::Lit("\"type\":\"string\",\"minLength\":1,\"maxLength\":1")];
    const NULLABLE_TYPE: &'static [Piece] =
        &[Piece::Lit("\"type\":[\"string\",\"null\"],\"minLength\":1,\"maxLength\":1")];
}

impl Schema for () {
    const TYPE: &'static [Piece] = &[Piece::Lit("\"type\":\"null\"")];
    const NULLABLE_TYPE: &'static [Piece] = Self::TYPE;
}

/// Any JSON. All types are named, since some providers refuse a schema without a type.
impl Schema for serde_json::Value {
    const TYPE: &'static [Piece] =
        &[Piece::Lit("\"type\":[\"object\",\"array\",\"string\",\"number\",\"boolean\",\"null\"]")];
    const NULLABLE_TYPE: &'static [Piece] = Self::TYPE;
}

impl<T: Schema> Schema for Option<T> {
    const TYPE: &'static [Piece] = T::NULLABLE_TYPE;
    const NULLABLE_TYPE: &'static [Piece] = T::NULLABLE_TYPE;
    const MINIMUM: &'static str = T::MINIMUM;
    const MAXIMUM: &'static str = T::MAXIMUM;
    const DESCRIPTION: &'static str = T::DESCRIPTION;
    const OPTIONAL: bool = true;
}

/// A pointer is transparent in JSON.
macro_rules! transparent {
    ($($pointer:ty),*) => {$(
        impl<T: Schema + ?Sized> Schema for $pointer {
            const TYPE: &'static [Piece] = T::TYPE;
            const NULLABLE_TYPE: &'static [Piece] = T::NULLABLE_TYPE;
            const MINIMUM: &'static str = T::MINIMUM;
            const MAXIMUM: &'static str = T::MAXIMUM;
            const DESCRIPTION: &'static str = T::DESCRIPTION;
            const OPTIONAL: bool = T::OPTIONAL;
        }
    )*};
}

transparent!(&T, Box<T>, Rc<T>, Arc<T>);

impl<T: Schema + ToOwned + ?Sized> Schema for Cow<'_, T> {
    const TYPE: &'static [Piece] = T::TYPE;
    const NULLABLE_TYPE: &'static [Piece] = T::NULLABLE_TYPE;
    const MINIMUM: &'static str = T::MINIMUM;
    const MAXIMUM: &'static str = T::MAXIMUM;
    const DESCRIPTION: &'static str = T::DESCRIPTION;
}

/// A JSON object with members after `"type"`.
macro_rules! with_rest {
    ($json:literal, [$($rest:expr),*]) => {
        const TYPE: &'static [Piece] = &[Piece::Lit(concat!("\"type\":\"", $json, "\",")), $($rest),*];
        const NULLABLE_TYPE: &'static [Piece] = &[Piece::Lit(concat!("\"type\":[\"", $json, "\",\"null\"],")), $($rest),*];
    };
}

/// Lists and sets.
macro_rules! array {
    ($($list:ty, $extra:literal;)*) => {$(
        impl<T: Schema> Schema for $list {
            with_rest!("array", [Piece::Lit("\"items\":{"), Piece::Sub(T::MEMBERS), Piece::Lit(concat!("}", $extra))]);
        }
    )*};
}

array! {
    Vec<T>, "";
    VecDeque<T>, "";
    [T], "";
    BTreeSet<T>, ",\"uniqueItems\":true";
    HashSet<T>, ",\"uniqueItems\":true";
}

impl<T: Schema> Schema for BTreeMap<String, T> {
    with_rest!("object", [Piece::Lit("\"additionalProperties\":{"), Piece::Sub(T::MEMBERS), Piece::Lit("}")]);
}

impl<T: Schema> Schema for HashMap<String, T> {
    with_rest!("object", [Piece::Lit("\"additionalProperties\":{"), Piece::Sub(T::MEMBERS), Piece::Lit("}")]);
}

/// A tuple is an array of fixed length.
macro_rules! tuple {
    ($count:literal: $($name:ident),*) => {
        impl<$($name: Schema),*> Schema for ($($name,)*) {
            with_rest!("array", [
                Piece::Around("\"prefixItems\":[", &[$(Piece::Around("{", $name::MEMBERS_AS_ONE, "}")),*], "]"),
                Piece::Lit(concat!(",\"minItems\":", $count, ",\"maxItems\":", $count))
            ]);
        }
    };
}

/// `Around` puts commas between its parts, hence all members as one part.
trait AsOne: Schema {
    const MEMBERS_AS_ONE: &'static [Piece] = &[Piece::Sub(Self::MEMBERS)];
}

impl<T: Schema> AsOne for T {}

tuple!(1: A);
tuple!(2: A, B);
tuple!(3: A, B, C);
tuple!(4: A, B, C, D);
