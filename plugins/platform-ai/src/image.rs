//! What is wrong with an image: its base, its user, and what is baked into it.

use crate::check::{Problem, problem};

/// One instruction, its line from 1, with continued lines joined.
struct Instruction {
    line: usize,
    word: String,
    rest: String,
}

fn instructions(text: &str) -> Vec<Instruction> {
    let mut found: Vec<Instruction> = Vec::new();
    let mut open = false;
    for (line, raw) in (1..).zip(text.lines()) {
        let trimmed = raw.trim();
        if trimmed.starts_with('#') || trimmed.is_empty() {
            continue;
        }
        let goes_on = trimmed.ends_with('\\');
        let words = trimmed.trim_end_matches('\\').trim();
        match (open, found.last_mut()) {
            (true, Some(last)) => {
                last.rest.push(' ');
                last.rest.push_str(words);
            }
            _ => {
                let (word, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
                found.push(Instruction { line, word: word.to_uppercase(), rest: rest.trim().to_owned() });
            }
        }
        open = goes_on;
    }
    found
}

/// Everything that a Dockerfile does wrong. `digest` asks for digests, not only for tags.
pub(crate) fn problems(path: &str, text: &str, digest: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (mut stages, mut user, mut last_from): (Vec<String>, Option<(usize, String)>, usize) =
        (Vec::new(), None, 1);
    let all = instructions(text);
    if !all.iter().any(|instruction| instruction.word == "FROM") {
        problems.push(problem("config-parses", path, 1, "there is no FROM: this is no image"));
        return problems;
    }
    for instruction in &all {
        let line = instruction.line;
        match instruction.word.as_str() {
            "FROM" => {
                let words: Vec<&str> =
                    instruction.rest.split_whitespace().filter(|word| !word.starts_with("--")).collect();
                let image = words.first().copied().unwrap_or_default();
                if !stages.iter().any(|stage| stage == image)
                    && let Some(why) = unpinned(image, digest)
                {
                    problems.push(problem("images-pinned", path, line, &why));
                }
                if let Some(name) = words
                    .iter()
                    .position(|word| word.eq_ignore_ascii_case("as"))
                    .and_then(|at| words.get(at + 1))
                {
                    stages.push((*name).to_owned());
                }
                (user, last_from) = (None, line);
                if image.contains("nonroot") || image.contains("distroless") && image.ends_with("nonroot") {
                    user = Some((line, "nonroot".to_owned()));
                }
            }
            "USER" => user = Some((line, instruction.rest.clone())),
            "ENV" | "ARG" => {
                for name in baked(&instruction.rest) {
                    problems.push(problem(
                        "no-baked-secrets",
                        path,
                        line,
                        &format!("{name} is kept in the image for everyone who has it"),
                    ));
                }
            }
            "ADD"
                if ["http://", "https://"].iter().any(|scheme| instruction.rest.contains(scheme))
                    && !instruction.rest.contains("--checksum") =>
            {
                problems.push(problem(
                    "images-pinned",
                    path,
                    line,
                    "ADD takes a file from the network without --checksum",
                ));
            }
            _ => {}
        }
    }
    match user {
        None => problems.push(problem(
            "non-root",
            path,
            last_from,
            "the last stage has no USER, so the program runs as root",
        )),
        Some((line, name)) if is_root(&name) => {
            problems.push(problem("non-root", path, line, "USER is root"));
        }
        Some(_) => {}
    }
    problems
}

fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default().trim();
    name == "root" || name == "0"
}

/// Names of variables with a value that may be a secret.
fn baked(rest: &str) -> Vec<String> {
    let pairs = rest.split_whitespace().filter_map(|pair| pair.split_once('='));
    let is_secret = |name: &str| {
        let low = name.to_lowercase();
        ["password", "passwd", "secret", "token", "api_key", "apikey", "private_key"]
            .iter()
            .any(|word| low.contains(word))
    };
    pairs
        .filter(|(name, value)| is_secret(name) && !value.is_empty() && !value.starts_with('$'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Why an image may be another one tomorrow.
pub(crate) fn unpinned(image: &str, digest: bool) -> Option<String> {
    if image == "scratch" || image.starts_with('$') || image.contains("${") {
        return None;
    }
    if image.contains("@sha256:") {
        return None;
    }
    let name = image.rsplit('/').next().unwrap_or_default();
    match name.split_once(':') {
        None => Some(format!("`{image}` has no tag")),
        Some((_, "latest" | "stable" | "edge" | "main" | "master" | "nightly")) => {
            Some(format!("`{image}` is another image tomorrow"))
        }
        Some(_) if digest => Some(format!("`{image}` has a tag and no digest, which production asks for")),
        Some(_) => None,
    }
}
