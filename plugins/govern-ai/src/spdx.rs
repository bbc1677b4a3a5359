//! Licences as SPDX expressions, and whether a list of allowed ones lets them in.

/// True if the expression can be met with allowed licences alone: of `OR` one side, of `AND` both. `None` if it is no expression.
pub(crate) fn is_allowed(expression: &str, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    // The form of npm and Cargo before SPDX.
    let text = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut parser = Parser { words: &words, at: 0, allowed };
    let value = parser.either()?;
    (parser.at == words.len()).then_some(value)
}

struct Parser<'words> {
    words: &'words [&'words str],
    at: usize,
    allowed: &'words dyn Fn(&str) -> bool,
}

impl Parser<'_> {
    fn next_is(&mut self, word: &str) -> bool {
        let is = self.words.get(self.at).is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn either(&mut self) -> Option<bool> {
        let mut value = self.both()?;
        while self.next_is("OR") {
            value |= self.both()?;
        }
        Some(value)
    }

    fn both(&mut self) -> Option<bool> {
        let mut value = self.one()?;
        while self.next_is("AND") {
            value &= self.one()?;
        }
        Some(value)
    }

    fn one(&mut self) -> Option<bool> {
        if self.next_is("(") {
            let value = self.either()?;
            return self.next_is(")").then_some(value);
        }
        let word = self.words.get(self.at).copied()?;
        if matches!(word, "(" | ")")
            || ["AND", "OR", "WITH"].iter().any(|other| word.eq_ignore_ascii_case(other))
        {
            return None;
        }
        self.at += 1;
        let mut name = word.to_owned();
        if self.next_is("WITH") {
            name = format!("{name} WITH {}", self.words.get(self.at)?);
            self.at += 1;
        }
        // An exception gives more freedom, never less.
        Some((self.allowed)(&name) || (self.allowed)(word))
    }
}

/// The licence of a text, by words that only it has; none if it is not one of the usual ones.
pub(crate) fn of_text(text: &str) -> Option<&'static str> {
    let low = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let has = |words: &str| low.contains(words);
    if has("apache license") && has("version 2.0") {
        Some("Apache-2.0")
    } else if has("gnu affero general public license") {
        Some("AGPL-3.0")
    } else if has("gnu lesser general public license") {
        Some(if has("version 2.1") { "LGPL-2.1" } else { "LGPL-3.0" })
    } else if has("gnu general public license") {
        Some(if has("version 2,") || has("version 2 ") { "GPL-2.0" } else { "GPL-3.0" })
    } else if has("mozilla public license") {
        Some("MPL-2.0")
    } else if has("permission is hereby granted, free of charge")
        && has("the above copyright notice and this permission notice")
    {
        Some("MIT")
    } else if has("permission to use, copy, modify, and/or distribute") {
        Some(if has("the above copyright notice") { "ISC" } else { "0BSD" })
    } else if has("redistribution and use in source and binary forms") {
        Some(if has("neither the name") { "BSD-3-Clause" } else { "BSD-2-Clause" })
    } else if has("this is free and unencumbered software") {
        Some("Unlicense")
    } else if has("cc0 1.0 universal") {
        Some("CC0-1.0")
    } else {
        None
    }
}

/// `GPL-3.0-only` and `GPL-3.0` are one family.
pub(crate) fn family(licence: &str) -> String {
    licence
        .trim()
        .trim_end_matches("-only")
        .trim_end_matches("-or-later")
        .trim_end_matches('+')
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_by_what_is_allowed() {
        let allowed = |name: &str| matches!(name, "MIT" | "Apache-2.0");
        for (expression, met) in [
            ("MIT", Some(true)),
            ("GPL-3.0-only", Some(false)),
            ("MIT OR GPL-3.0-only", Some(true)),
            ("MIT AND GPL-3.0-only", Some(false)),
            ("(MIT OR GPL-2.0) AND Apache-2.0", Some(true)),
            ("MIT/Apache-2.0", Some(true)),
            ("Apache-2.0 WITH LLVM-exception", Some(true)),
            ("GPL-2.0 WITH Classpath-exception-2.0", Some(false)),
            ("", None),
            ("MIT OR", None),
            ("(MIT", None),
            ("SEE LICENSE IN x", None),
        ] {
            assert_eq!(is_allowed(expression, &allowed), met, "{expression}");
        }
    }

    #[test]
    fn usual_licences_are_known_by_their_words() {
        assert_eq!(of_text("Apache License\n  Version 2.0, January 2004"), Some("Apache-2.0"));
        assert_eq!(of_text("GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007"), Some("GPL-3.0"));
        assert_eq!(
            of_text(
                "Permission is hereby granted, free of charge, to … The above copyright notice and this permission notice shall"
            ),
            Some("MIT")
        );
        assert_eq!(of_text("All rights reserved."), None);
        assert_eq!((family("GPL-3.0-or-later"), family("MIT")), ("gpl-3.0".into(), "mit".into()));
    }
}
