//! What can be computed about the words of a task.

use skep_sdk::personality::Gate;

/// Words that say nothing about which file is meant.
const COMMON: [&str; 48] = [
    "the", "and", "for", "with", "that", "this", "from", "into", "are", "was", "not", "but", "all", "any",
    "can", "should", "must", "make", "makes", "add", "fix", "please", "new", "use", "when", "does", "its",
    "has", "have", "will", "only", "file", "files", "code", "test", "tests", "bug", "change", "project",
    "write", "create", "update", "failing", "pass", "passes", "function", "work", "works",
];

/// Whether the task says something that can be done. Computed: a model's opinion stops nothing.
pub fn stated(task: &str) -> Gate {
    let task = task.trim();
    let name = "task-stated";
    if task.is_empty() {
        return Gate::failed(name, "the task is empty");
    }
    let letters: Vec<char> =
        task.chars().filter(|character| character.is_alphabetic()).flat_map(char::to_lowercase).collect();
    let mut kinds = letters.clone();
    kinds.sort_unstable();
    kinds.dedup();
    // One ideograph can be a word; of an alphabet it takes two different letters.
    let needed = if letters.iter().any(|letter| !letter.is_lowercase()) { 1 } else { 2 };
    if kinds.len() < needed {
        return Gate::failed(name, format!("there is no word in the task `{}`", crate::talk::cut(task, 80)));
    }
    Gate::passed(
        name,
        format!("{} characters, {} word(s)", task.chars().count(), task.split_whitespace().count()),
    )
}

/// Words of the task that may occur in paths and code, in lower case, in order, each once.
pub fn words(task: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let parts = task.split(|character: char| !character.is_alphanumeric() && character != '_');
    for word in parts.map(str::to_lowercase).filter(|word| word.chars().count() >= 3) {
        if !COMMON.contains(&word.as_str()) && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// Names that stand in the task as code: in backticks or quotes, with `_`, `.`, `(` or an inner capital. In order, each once.
pub fn names(task: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut keep = |name: &str| {
        let name = name.trim_matches(|character: char| !character.is_alphanumeric() && character != '_');
        if name.chars().count() >= 3 && !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    };
    for quote in ['`', '"', '\''] {
        for (index, part) in task.split(quote).enumerate() {
            if index % 2 == 1 && part.len() <= 60 && !part.contains(char::is_whitespace) {
                keep(part);
            }
        }
    }
    for word in task.split_whitespace() {
        let inner = word.trim_matches(|character: char| !character.is_alphanumeric());
        let capital_inside = inner
            .chars()
            .zip(inner.chars().skip(1))
            .any(|(first, second)| first.is_lowercase() && second.is_uppercase());
        if inner.contains('_') || word.contains("()") || capital_inside {
            keep(inner.split('(').next().unwrap_or(inner));
        }
    }
    names
}

/// A regular expression that finds this text, in upper or lower case.
pub fn pattern(text: &str) -> String {
    let mut pattern = "(?i)".to_owned();
    for character in text.chars() {
        if character.is_ascii_punctuation() && character != '_' {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_needs_a_word() {
        for task in ["fix the login", "Hi", "修复登录", "修", "add x2"] {
            assert!(!stated(task).is_failed(), "{task}");
        }
        for task in ["", "  \n", "???", "123 456", "aaaaaaaa", "x x x", "{}[]"] {
            assert!(stated(task).is_failed(), "{task}");
        }
    }

    #[test]
    fn words_leave_out_what_says_nothing() {
        assert_eq!(
            words("Fix the bug in overdue() of todo.py, please: the Overdue items"),
            ["overdue", "todo", "items"]
        );
    }

    #[test]
    fn a_pattern_means_its_text() {
        assert_eq!(pattern("a_b.c(d)*"), "(?i)a_b\\.c\\(d\\)\\*");
    }

    #[test]
    fn names_are_what_stands_there_as_code() {
        assert_eq!(
            names("`slugify` must keep digits; see TodoList.add_item() and it's fine"),
            ["slugify", "TodoList.add_item"]
        );
    }
}
