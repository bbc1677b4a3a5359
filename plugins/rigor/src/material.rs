//! Files as the model sees them, within a budget of characters.

use skep_sdk::prelude::*;

use crate::task;

/// Lines shown around each line of interest when a file is too long.
const AROUND: usize = 12;

/// What was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// For the prompt.
    pub text: String,
    /// Files that were shown, in whole or in part.
    pub read: Vec<String>,
    /// Those of them that were shown in part.
    pub parts: Vec<String>,
}

/// How many characters of files the model sees.
pub fn budget(scope: Scope) -> usize {
    match scope {
        Scope::Demo => 1_800,
        Scope::Poc | Scope::Mvp => 16_000,
        Scope::Product | Scope::Production => 32_000,
    }
}

/// Reads files until the budget is used up. Those that are not text are left out.
pub fn gather(brief: &Brief, paths: &[String], budget: usize) -> Result<Material> {
    let mut material = Material { text: String::new(), read: Vec::new(), parts: Vec::new() };
    let words = task::words(&brief.task);
    let mut left = budget;
    for path in paths {
        let text = match files::read_text_if_exists(path) {
            Ok(Some(text)) => text,
            Ok(None) => continue,
            Err(error) if error.kind == ErrorKind::InvalidInput => continue,
            Err(error) => return Err(error),
        };
        let shown = if text.len() <= left {
            format!("FILE {path}\n{}\nEND\n", text.trim_end_matches('\n'))
        } else if left >= 400 {
            material.parts.push(path.clone());
            part(path, &text, &words, left)
        } else {
            continue;
        };
        left = left.saturating_sub(shown.len());
        material.text.push_str(&shown);
        material.read.push(path.clone());
    }
    Ok(material)
}

/// The lines around those that have most words of the task, else the beginning, with their numbers in the header.
fn part(path: &str, text: &str, words: &[String], most: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let score = |line: &str| {
        let low = line.to_lowercase();
        words.iter().filter(|word| low.contains(word.as_str())).count()
    };
    let mut wanted: Vec<bool> = vec![false; lines.len()];
    // The lines with most words first: they get the room.
    let mut hits: Vec<(usize, usize)> =
        (0..).zip(&lines).map(|(index, line)| (index, score(line))).filter(|(_, score)| *score > 0).collect();
    hits.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
    let mut hits: Vec<usize> = hits.into_iter().map(|(index, _)| index).collect();
    if hits.is_empty() {
        hits.push(0);
    }
    let mut used = 0;
    'hits: for hit in hits {
        for index in hit.saturating_sub(AROUND)..=hit.saturating_add(AROUND) {
            let (Some(wanted), Some(line)) = (wanted.get_mut(index), lines.get(index)) else { continue };
            if !*wanted {
                used += line.len() + 1;
                if used > most {
                    break 'hits;
                }
                *wanted = true;
            }
        }
    }
    let mut shown = String::new();
    let mut before = false;
    for (number, (line, wanted)) in (1..).zip(lines.iter().zip(&wanted)) {
        if *wanted {
            if !before {
                shown.push_str(&format!("PART OF FILE {path} from line {number} of {}\n", lines.len()));
            }
            shown.push_str(line);
            shown.push('\n');
        } else if before {
            shown.push_str("END OF PART\n");
        }
        before = *wanted;
    }
    if before {
        shown.push_str("END OF PART\n");
    }
    shown
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use skep_sdk::testing::{Host, brief};

    #[test]
    fn small_files_are_shown_whole_and_others_around_the_words_of_the_task() {
        let long: String = (1..=400)
            .map(
                |number| {
                    if number == 200 { "the overdue line\n".to_owned() } else { format!("line {number}\n") }
                },
            )
            .collect();
        let _host = Host::new().file("a.py", "x = 1\n").file("b.py", &long).file("c.bin", [0xff, 0xfe]);
        let paths = ["a.py", "c.bin", "missing.py", "b.py"].map(str::to_owned);
        let material = gather(&brief("fix overdue"), &paths, 1_000).unwrap();
        assert!(material.text.starts_with("FILE a.py\nx = 1\nEND\n"), "{}", material.text);
        assert!(
            material.text.contains("PART OF FILE b.py from line 188 of 400\nline 188\n"),
            "{}",
            material.text
        );
        assert!(material.text.contains("the overdue line\n") && !material.text.contains("line 300\n"));
        assert_eq!(
            (material.read, material.parts),
            (vec!["a.py".to_owned(), "b.py".into()], vec!["b.py".to_owned()])
        );
    }

    #[test]
    fn the_budget_grows_with_the_scope_and_is_kept() {
        assert!(budget(Scope::Demo) < budget(Scope::Mvp) && budget(Scope::Mvp) < budget(Scope::Production));
        let _host = Host::new().file("a.py", "x\n".repeat(5_000)).file("b.py", "y\n".repeat(5_000));
        let material = gather(&brief("fix it"), &["a.py".to_owned(), "b.py".to_owned()], 600).unwrap();
        assert!(material.text.len() < 800, "{}", material.text.len());
    }
}
