//! JSON Schema at compile time.
//!
//! `#[derive(Schema)]` describes a type in constant [`Piece`]s: texts for names, documentation and attributes, references for
//! the types of fields. The attribute macros put the pieces of a whole plugin together into its `skep:plugin` section
//! while the crate is compiled, so that a host reads tools and their arguments without running anything.
//!
//! What the schema says is what serde does, with one difference: a described object allows no other fields
//! (`"additionalProperties": false`), since a misspelled argument should be an error and a model should not ramble.
//!
//! A type that contains itself has no finite text, and the compiler reports a cycle:
//! ```compile_fail
//! # use skep_sdk::prelude::*;
//! #[derive(Schema)]
//! struct Tree {
//!     children: Vec<Tree>,
//! }
//! # let _ = skep_sdk::schema::text::<Tree>();
//! ```
//! Say for one field what it looks like, and the circle is open:
//! ```
//! # use skep_sdk::prelude::*;
//! #[derive(Schema)]
//! struct Tree {
//!     #[schema(json = r#"{"type": "array", "items": {"type": "object"}}"#)]
//!     children: Vec<Tree>,
//! }
//! # let _ = skep_sdk::schema::text::<Tree>();
//! ```

mod types;

pub use skep_sdk_macros::Schema;

/// A part of a JSON text that is known while compiling.
#[derive(Debug, Clone, Copy)]
pub enum Piece {
    /// The text itself.
    Lit(&'static str),
    /// Other pieces, one after another.
    Sub(&'static [Piece]),
    /// Other pieces with commas between those that are not empty.
    List(&'static [Piece]),
    /// A text, a list, a text; nothing at all if the list is empty.
    Around(&'static str, &'static [Piece], &'static str),
}

/// A type whose JSON form has a schema. Derive it: `#[derive(Schema)]`.
///
/// All constants are parts of JSON text. Only [`TYPE`](Self::TYPE) is needed when implementing by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no JSON schema",
    label = "add `#[derive(Schema)]` to this type",
    note = "for a type of another crate, put `#[schema(json = r#\"{{\"type\":\"string\"}}\"#)]` on the field that uses it"
)]
pub trait Schema {
    /// Members of the schema object, without braces, bounds and description: `"type":"string"`. Never empty.
    const TYPE: &'static [Piece];
    /// The same for a value that may also be `null`.
    const NULLABLE_TYPE: &'static [Piece] =
        &[Piece::Lit("\"anyOf\":[{"), Piece::Sub(Self::TYPE), Piece::Lit("},{\"type\":\"null\"}]")];
    /// The lowest number, empty for none.
    const MINIMUM: &'static str = "";
    /// The highest number, empty for none.
    const MAXIMUM: &'static str = "";
    /// What the type is, escaped for JSON, without quotes; empty for nothing.
    const DESCRIPTION: &'static str = "";
    /// True if a field of this type may be left out.
    const OPTIONAL: bool = false;
    /// All members of the schema object, without braces.
    const MEMBERS: &'static [Piece] = &[
        Piece::Sub(Self::TYPE),
        Piece::Around(",\"minimum\":", &[Piece::Lit(Self::MINIMUM)], ""),
        Piece::Around(",\"maximum\":", &[Piece::Lit(Self::MAXIMUM)], ""),
        Piece::Around(",\"description\":\"", &[Piece::Lit(Self::DESCRIPTION)], "\""),
    ];
}

/// The schema of a type as JSON text.
pub fn text<T: Schema + ?Sized>() -> String {
    let mut text = String::from("{");
    append(&Piece::Sub(T::MEMBERS), &mut text);
    text.push('}');
    text
}

/// The text of pieces.
pub(crate) fn join(pieces: &'static [Piece]) -> String {
    let mut text = String::new();
    append(&Piece::Sub(pieces), &mut text);
    text
}

fn append(piece: &Piece, text: &mut String) {
    match *piece {
        Piece::Lit(literal) => text.push_str(literal),
        Piece::Sub(pieces) => pieces.iter().for_each(|piece| append(piece, text)),
        Piece::List(pieces) => {
            let mut first = true;
            for piece in pieces.iter().filter(|piece| length(piece) > 0) {
                if !first {
                    text.push(',');
                }
                first = false;
                append(piece, text);
            }
        }
        Piece::Around(before, pieces, after) => {
            if length(piece) > 0 {
                text.push_str(before);
                append(&Piece::List(pieces), text);
                text.push_str(after);
            }
        }
    }
}

/// Bytes of a piece's text.
#[doc(hidden)]
#[expect(clippy::indexing_slicing, reason = "runs while compiling, where a wrong index is a compile error")]
pub const fn length(piece: &Piece) -> usize {
    let (pieces, list) = match *piece {
        Piece::Lit(literal) => return literal.len(),
        Piece::Around(before, pieces, after) => {
            let inner = length(&Piece::List(pieces));
            return if inner == 0 { 0 } else { before.len() + inner + after.len() };
        }
        Piece::Sub(pieces) => (pieces, false),
        Piece::List(pieces) => (pieces, true),
    };
    let mut total = 0;
    let mut index = 0;
    while index < pieces.len() {
        let part = length(&pieces[index]);
        if list && part > 0 && total > 0 {
            total += 1;
        }
        total += part;
        index += 1;
    }
    total
}

/// The text as bytes; `N` is its [`length`].
#[doc(hidden)]
pub const fn flatten<const N: usize>(piece: &Piece) -> [u8; N] {
    let mut bytes = [0; N];
    write(piece, &mut bytes, 0);
    bytes
}

#[expect(clippy::indexing_slicing, reason = "runs while compiling, where a wrong index is a compile error")]
const fn write(piece: &Piece, bytes: &mut [u8], start: usize) -> usize {
    let (pieces, list) = match *piece {
        Piece::Lit(literal) => return copy(literal, bytes, start),
        Piece::Around(before, pieces, after) => {
            if length(piece) == 0 {
                return start;
            }
            let end = copy(before, bytes, start);
            let end = write(&Piece::List(pieces), bytes, end);
            return copy(after, bytes, end);
        }
        Piece::Sub(pieces) => (pieces, false),
        Piece::List(pieces) => (pieces, true),
    };
    let mut end = start;
    let mut index = 0;
    while index < pieces.len() {
        if list && end > start && length(&pieces[index]) > 0 {
            end = copy(",", bytes, end);
        }
        end = write(&pieces[index], bytes, end);
        index += 1;
    }
    end
}

const fn copy(literal: &str, bytes: &mut [u8], start: usize) -> usize {
    let (target, _) = bytes.split_at_mut(start).1.split_at_mut(literal.len());
    target.copy_from_slice(literal.as_bytes());
    start + literal.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NESTED: Piece = Piece::List(&[
        Piece::Lit("a"),
        Piece::Lit(""),
        Piece::Around("[", &[Piece::Lit(""), Piece::Sub(&[])], "]"),
        Piece::Around("[", &[Piece::Lit("b"), Piece::Sub(&[Piece::Lit("c"), Piece::Lit("d")])], "]"),
    ]);
    const BYTES: [u8; length(&NESTED)] = flatten(&NESTED);

    #[test]
    fn pieces_give_the_same_text_while_compiling_and_while_running() {
        assert_eq!(BYTES, *b"a,[b,cd]");
        let mut text = String::new();
        append(&NESTED, &mut text);
        assert_eq!(text, "a,[b,cd]");
    }
}
