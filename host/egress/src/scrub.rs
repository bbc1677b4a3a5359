//! Takes secrets out of answers: a server that echoes a request must not tell a plugin what the host attached to it.
//!
//! A value is found as it is, in hex and in base64 (also inside a longer one), and each of these also where bytes of it are written as
//! percent, JSON, HTML or character escapes. What a server computes of a value (a hash, the value backwards) is not found: it may go
//! only to hosts that the operator named for it.

use app::ports::outbound::Attachment;
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use domain::effect::http::Credential;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// What stands in the place of a value.
const MASK: &[u8] = b"****";
/// Shorter pieces of base64 are in every text.
const SHORTEST_PIECE: usize = 6;
/// So often an escape may be escaped again.
const NESTING: usize = 3;

/// One form of a value.
struct Needle {
    bytes: Zeroizing<Vec<u8>>,
    /// Whether upper and lower case are the same.
    fold: bool,
}

/// Everything that must not be in an answer.
pub(crate) struct Scrubber {
    needles: Vec<Needle>,
    /// The values in lower case, for names of headers.
    lower: Vec<Zeroizing<String>>,
    /// Which bytes a match can begin with.
    first: [bool; 256],
}

impl Scrubber {
    pub(crate) fn new(attachments: &[Attachment]) -> Self {
        let mut scrubber = Self { needles: Vec::new(), lower: Vec::new(), first: [false; 256] };
        for Attachment { credential, value } in attachments {
            let value = value.reveal();
            scrubber.lower.push(Zeroizing::new(value.to_lowercase()));
            scrubber.add(value.as_bytes().to_vec(), false);
            scrubber.add(HEXLOWER.encode(value.as_bytes()).into_bytes(), true);
            scrubber.add_base64(value.as_bytes());
            if let Credential::Basic { user, .. } = credential {
                let pair = Zeroizing::new(format!("{user}:{value}"));
                scrubber.add_base64(pair.as_bytes());
            }
        }
        // The longest first, so that of a long form no end is left.
        scrubber.needles.sort_by_key(|needle| std::cmp::Reverse(needle.bytes.len()));
        scrubber
    }

    fn add(&mut self, bytes: Vec<u8>, fold: bool) {
        let Some(&begin) = bytes.first() else { return };
        let begins = [begin.to_ascii_lowercase(), begin.to_ascii_uppercase()];
        let escapes = [b'%', b'\\', b'&'].into_iter().chain((begin == b' ').then_some(b'+'));
        for byte in begins.into_iter().chain(escapes) {
            if let Some(slot) = self.first.get_mut(usize::from(byte)) {
                *slot = true;
            }
        }
        self.needles.push(Needle { bytes: Zeroizing::new(bytes), fold });
    }

    /// Base64 of something that has these bytes in it: what it looks like depends on where a group of three begins.
    fn add_base64(&mut self, bytes: &[u8]) {
        for encoding in [BASE64_NOPAD, BASE64URL_NOPAD] {
            for before in 0..3 {
                let mut padded = Zeroizing::new(vec![0; before]);
                padded.extend_from_slice(bytes);
                let text = Zeroizing::new(encoding.encode(&padded));
                // Characters that also hold bits of what is before or behind.
                let from = (before * 8).div_ceil(6);
                let to = padded.len() * 8 / 6;
                let piece = text.get(from..to).unwrap_or_default();
                // Alone it has all its characters.
                let piece = if before == 0 && text.len() <= SHORTEST_PIECE { text.as_str() } else { piece };
                if piece.len() >= SHORTEST_PIECE {
                    self.add(piece.as_bytes().to_vec(), false);
                }
            }
        }
    }

    /// The bytes with each value masked; none when there was nothing to mask.
    pub(crate) fn scrub(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut clean: Option<Vec<u8>> = None;
        let (mut copied, mut at) = (0, 0);
        while let Some(byte) = bytes.get(at) {
            let may_begin = self.first.get(usize::from(*byte)).copied().unwrap_or(false);
            let rest = bytes.get(at..).unwrap_or_default();
            let length =
                if may_begin { self.needles.iter().find_map(|needle| needle.length(rest)) } else { None };
            let Some(length) = length else {
                at += 1;
                continue;
            };
            let clean = clean.get_or_insert_default();
            clean.extend_from_slice(bytes.get(copied..at).unwrap_or_default());
            clean.extend_from_slice(MASK);
            at += length;
            copied = at;
        }
        let mut clean = clean?;
        clean.extend_from_slice(bytes.get(copied..).unwrap_or_default());
        Some(clean)
    }

    /// The text with each value masked.
    pub(crate) fn scrub_text(&self, text: String) -> String {
        match self.scrub(text.as_bytes()) {
            Some(clean) => String::from_utf8_lossy(&clean).into_owned(),
            None => text,
        }
    }

    /// Whether the name of a header, which comes in lower case, has a value in it.
    pub(crate) fn is_in_name(&self, name: &str) -> bool {
        self.lower.iter().any(|value| name.contains(value.as_str())) || self.scrub(name.as_bytes()).is_some()
    }
}

impl Needle {
    /// How many bytes of `text`, from its beginning, are this needle.
    fn length(&self, text: &[u8]) -> Option<usize> {
        // Pairs of how much of the needle and of the text is read; the same byte may be read in several ways.
        let mut open = BTreeSet::from([(0_usize, 0_usize)]);
        while let Some((read, at)) = open.pop_first() {
            let Some(wanted) = self.bytes.get(read..).filter(|wanted| !wanted.is_empty()) else {
                return Some(at);
            };
            let rest = text.get(at..).unwrap_or_default();
            each_reading(rest, |unit, length| {
                let begins = wanted.get(..unit.len()).is_some_and(|begin| {
                    if self.fold { begin.eq_ignore_ascii_case(unit) } else { begin == unit }
                });
                if begins {
                    open.insert((read + unit.len(), at + length));
                }
            });
        }
        None
    }
}

/// What the beginning of `text` may stand for, and how many bytes of it that takes.
fn each_reading(text: &[u8], mut found: impl FnMut(&[u8], usize)) {
    let Some((&byte, rest)) = text.split_first() else { return };
    found(&[byte], 1);
    match byte {
        b'+' => found(b" ", 1),
        b'%' => percent(rest, &mut found),
        b'\\' => backslash(text, &mut found),
        b'&' => entity(rest, &mut found),
        _ => {}
    }
}

/// `%2F`, `%252F`.
fn percent(mut rest: &[u8], found: &mut impl FnMut(&[u8], usize)) {
    let mut before = 1;
    for _nesting in 0..=NESTING {
        if let Some(byte) = rest.get(..2).and_then(hex) {
            found(&[u8::try_from(byte).unwrap_or_default()], before + 2);
        }
        let Some(deeper) = rest.strip_prefix(b"25") else { return };
        (rest, before) = (deeper, before + 2);
    }
}

/// `\n`, `\"`, `\/`, `\u00e9`, `\ud83d\ude00`, `\x41`; the backslash may be doubled by each escaping.
fn backslash(text: &[u8], found: &mut impl FnMut(&[u8], usize)) {
    let run = text.iter().take_while(|byte| **byte == b'\\').count().min(1 << NESTING);
    for power in 1..=NESTING {
        if run >= 1 << power {
            found(b"\\", 1 << power);
        }
    }
    for slashes in 1..=run {
        let Some((letter, rest)) = text.get(slashes..).and_then(<[u8]>::split_first) else { return };
        let plain: Option<&[u8]> = match letter {
            b'n' => Some(b"\n"),
            b't' => Some(b"\t"),
            b'r' => Some(b"\r"),
            b'b' => Some(b"\x08"),
            b'f' => Some(b"\x0c"),
            b'0' => Some(b"\0"),
            b'"' => Some(b"\""),
            b'\'' => Some(b"'"),
            b'/' => Some(b"/"),
            _ => None,
        };
        if let Some(plain) = plain {
            found(plain, slashes + 1);
        }
        if let (b'x', Some(byte)) = (letter, rest.get(..2).and_then(hex)) {
            found(&[u8::try_from(byte).unwrap_or_default()], slashes + 3);
        }
        if let (b'u', Some(unit)) = (letter, rest.get(..4).and_then(hex)) {
            let low = rest.get(4..).map(|rest| {
                let again = rest.iter().take_while(|byte| **byte == b'\\').count();
                (again, rest.get(again..).unwrap_or_default())
            });
            let low =
                low.and_then(|(again, rest)| Some((again, rest.strip_prefix(b"u")?.get(..4).and_then(hex)?)));
            match (char::from_u32(unit), low) {
                (Some(character), _) => character_found(character, slashes + 5, found),
                (None, Some((again, low))) => {
                    let pair = [unit, low].map(|unit| u16::try_from(unit).unwrap_or_default());
                    if let Some(Ok(character)) = char::decode_utf16(pair).next() {
                        character_found(character, slashes + 5 + again + 5, found);
                    }
                }
                (None, None) => {}
            }
        }
    }
}

/// `&amp;`, `&#47;`, `&#x2F;`.
fn entity(rest: &[u8], found: &mut impl FnMut(&[u8], usize)) {
    let Some(end) = rest.iter().take(10).position(|byte| *byte == b';') else { return };
    let name = rest.get(..end).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
    let character = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => name.strip_prefix('#').and_then(|number| {
            let value = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            value.ok().and_then(char::from_u32)
        }),
    };
    if let Some(character) = character {
        character_found(character, end + 2, found);
    }
}

fn character_found(character: char, length: usize, found: &mut impl FnMut(&[u8], usize)) {
    let mut bytes = [0; 4];
    found(character.encode_utf8(&mut bytes).as_bytes(), length);
}

/// Hex digits, all of them.
fn hex(digits: &[u8]) -> Option<u32> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests;
