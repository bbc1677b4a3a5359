//! Whether a shell script can be right: quotes, here-documents and blocks that end, and the guards that a script which changes a machine
//! needs. Read by a small scanner, which is no shell.

/// What is wrong, as `line: problem`.
pub(crate) fn problems(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let first = text.lines().next().unwrap_or_default();
    if !first.starts_with("#!") {
        problems
            .push("1: the first line does not say which shell runs it (`#!/usr/bin/env bash`)".to_owned());
    }
    let guards = text.lines().take(15).any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.first() == Some(&"set")
            && words.iter().any(|word| (word.starts_with('-') && word.contains('e')) || *word == "errexit")
    });
    if !guards {
        problems.push("1: `set -e` is missing: after a failed command the script would go on".to_owned());
    }
    let mut scan = Scan::default();
    for (number, line) in (1..).zip(text.lines()) {
        scan.line(number, line, &mut problems);
    }
    scan.end(&mut problems);
    problems
}

#[derive(Default)]
struct Scan {
    /// The quote that is open, and where it began.
    quote: Option<(char, usize)>,
    /// The here-document that is open: its end, whether tabs are left out, where it began.
    here: Option<(String, bool, usize)>,
    /// Words that have to be closed, and where they stand.
    blocks: Vec<(&'static str, usize)>,
}

impl Scan {
    fn line(&mut self, number: usize, line: &str, problems: &mut Vec<String>) {
        if let Some((end, tabs, _)) = &self.here {
            let found = if *tabs { line.trim_start_matches('\t') } else { line };
            if found == end {
                self.here = None;
            }
            return;
        }
        let code = self.code(number, line);
        if let Some(here) = here_document(&code) {
            self.here = Some((here.0, here.1, number));
        }
        let words: Vec<&str> = code
            .split(|letter: char| letter.is_whitespace() || ";&|()".contains(letter))
            .filter(|word| !word.is_empty())
            .collect();
        for (place, word) in words.iter().enumerate() {
            // `for` and `while` are closed by the `done` of their `do`; `if x; then` by `fi`. As arguments they are plain words.
            let begins = place == 0
                || matches!(words.get(place - 1), Some(&("then" | "do" | "else" | "!" | "elif")))
                || is_after_separator(&code, word);
            if !begins {
                continue;
            }
            match *word {
                "if" => self.blocks.push(("fi", number)),
                "case" => self.blocks.push(("esac", number)),
                "do" => self.blocks.push(("done", number)),
                "fi" | "esac" | "done" => match self.blocks.pop() {
                    Some((wanted, _)) if wanted == *word => {}
                    Some((wanted, at)) => {
                        problems.push(format!("{number}: `{word}` where line {at} waits for `{wanted}`"))
                    }
                    None => problems.push(format!("{number}: `{word}` closes nothing")),
                },
                _ => {}
            }
        }
        if words.contains(&"rm") && words.iter().any(|word| word.starts_with('-') && word.contains('r')) {
            let dangerous = line.split_whitespace().find(|word| {
                let plain = word.trim_matches(['"', '\'']);
                matches!(plain, "/" | "/*" | "~" | "$HOME")
                    || (plain.starts_with('$') && !plain.contains(":?") && plain.contains('/'))
            });
            if let Some(word) = dangerous {
                problems.push(format!("{number}: `rm -r {word}` removes everything when the variable is empty; write `${{NAME:?}}`"));
            }
        }
    }

    /// The line without what stands in quotes and without its comment.
    fn code(&mut self, number: usize, line: &str) -> String {
        let mut code = String::new();
        let mut letters = line.chars().peekable();
        let mut before = ' ';
        while let Some(letter) = letters.next() {
            match self.quote {
                Some((quote, _)) if letter == quote => self.quote = None,
                Some(('"', _)) if letter == '\\' => {
                    letters.next();
                }
                Some(_) => {}
                None if letter == '\\' => {
                    letters.next();
                }
                None if letter == '#' && (before.is_whitespace() || before == ';') => break,
                None if letter == '\'' || letter == '"' => {
                    self.quote = Some((letter, number));
                    code.push('_');
                }
                None => code.push(letter),
            }
            before = letter;
        }
        // `<<'END'` is told by its quotes, which are gone by now.
        if let Some(at) = line.find("<<")
            && code.contains("<<")
            && !code.contains("<<<")
        {
            let after = line.get(at..).unwrap_or_default();
            let start = code.find("<<").unwrap_or(code.len());
            code.truncate(start);
            code.push_str(after);
        }
        code
    }

    fn end(self, problems: &mut Vec<String>) {
        if let Some((quote, at)) = self.quote {
            problems.push(format!("{at}: the quote {quote} is never closed"));
        }
        if let Some((end, _, at)) = self.here {
            problems.push(format!("{at}: the here-document never comes to `{end}`"));
        }
        for (wanted, at) in self.blocks {
            problems.push(format!("{at}: a block is never closed, `{wanted}` is missing"));
        }
    }
}

/// The end of a here-document that begins on this line, and whether tabs before it are left out.
fn here_document(code: &str) -> Option<(String, bool)> {
    let (_, rest) = code.split_once("<<")?;
    if rest.starts_with('<') {
        return None;
    }
    let (tabs, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let word = rest.trim_start().trim_start_matches(['\'', '"', '\\']);
    let end: String = word.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    // `$((1 << 2))` shifts.
    (!end.is_empty() && !end.chars().all(|letter| letter.is_ascii_digit())).then_some((end, tabs))
}

fn is_after_separator(code: &str, word: &str) -> bool {
    [";", "&&", "||", "|", "("].iter().any(|separator| {
        code.match_indices(separator).any(|(at, found)| {
            let after = code.get(at + found.len()..).unwrap_or_default().trim_start();
            after.strip_prefix(word).is_some_and(|rest| {
                rest.chars().next().is_none_or(|letter| letter.is_whitespace() || ";)&|".contains(letter))
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "#!/usr/bin/env bash\nset -euo pipefail\n# It's fine: \"quotes\" of comments\nfor file in *.txt; do\n    if [ -f \"$file\" ]; then echo 'it is'; fi\ndone\ncat > out <<'END'\nif this is text \"\nEND\ncase $1 in\n    a) echo if then ;;\nesac\nrm -rf \"${TARGET:?}/old\"\n";

    #[test]
    fn a_sound_script_has_no_problem() {
        assert_eq!(problems(GOOD), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, problem) in [
            ("set -e\necho a\n", "1: the first line"),
            ("#!/bin/sh\necho a\n", "1: `set -e` is missing"),
            ("#!/bin/sh\nset -e\necho \"a\n", "3: the quote \" is never closed"),
            ("#!/bin/sh\nset -e\ncat <<END\na\n", "3: the here-document never comes to `END`"),
            ("#!/bin/sh\nset -e\nif true; then\n  echo a\n", "3: a block is never closed, `fi`"),
            ("#!/bin/sh\nset -e\nfor a in b; do\n  echo a\nfi\n", "5: `fi` where line 3 waits for `done`"),
            ("#!/bin/sh\nset -e\necho a\ndone\n", "4: `done` closes nothing"),
            ("#!/bin/sh\nset -e\nrm -rf $DIR/old\n", "3: `rm -r $DIR/old`"),
        ] {
            let found = problems(text);
            assert!(found.iter().any(|line| line.starts_with(problem)), "{text}: {found:?}");
        }
    }
}
