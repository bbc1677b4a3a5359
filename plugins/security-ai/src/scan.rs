//! The scan: the host searches the whole workspace for lines that are worth a look, and each is judged here. A secret never leaves
//! this file in plain text.

use std::collections::BTreeMap;

use regex_lite::Regex;
use rigor::{paths, project};
use skep_sdk::prelude::*;

use crate::details::{Facts, Finding};
use crate::rules::{ASSIGNED, DANGERS, Danger, NAMES, QUOTED, SECRETS, SEVERITIES, URL, WORDS};

/// The host gives no more lines than this for one search.
const MOST_LINES: u32 = 1_000;
/// The host cuts lines at about this length; a longer one is read from its file.
const CUT: usize = 390;
/// Findings that are kept.
const MOST_FINDINGS: usize = 100;

/// Looks at the whole workspace.
///
/// # Errors
/// When the workspace cannot be searched.
pub(crate) fn scan() -> Result<Facts> {
    let known: Vec<&str> = SECRETS
        .iter()
        .map(|secret| if secret.rule == "url-with-password" { URL } else { secret.pattern })
        .collect();
    let searches = [known.join("|"), NAMES.to_owned(), QUOTED.to_owned(), WORDS.to_owned()];
    let patterns = Patterns::new()?;
    let mut incomplete: Vec<String> = Vec::new();
    let mut lines: BTreeMap<(String, u32), String> = BTreeMap::new();
    let mut long: BTreeMap<String, Option<Vec<String>>> = BTreeMap::new();
    for (what, pattern) in
        ["known secrets", "assigned secrets", "long texts", "dangerous code"].iter().zip(searches)
    {
        let found = files::search(&pattern, "", MOST_LINES)?;
        if found.len() >= MOST_LINES as usize {
            incomplete.push(format!("{what}: more than {MOST_LINES} lines are worth a look"));
        }
        for line in found.into_iter().filter(|line| is_scanned(&line.path)) {
            let text = if line.text.len() < CUT {
                Some(line.text)
            } else {
                whole(&mut long, &line.path, line.line)?
            };
            match text {
                Some(text) => {
                    lines.insert((line.path, line.line), text);
                }
                None => incomplete.push(format!("{}:{} is too long to be read", line.path, line.line)),
            }
        }
    }
    let mut findings: Vec<Finding> = Vec::new();
    for ((path, line), text) in &lines {
        findings.extend(patterns.judge(path, *line, text));
    }
    findings.sort_by(|left, right| {
        (rank(&left.severity), &left.path, left.line).cmp(&(rank(&right.severity), &right.path, right.line))
    });
    let omitted = findings.len().saturating_sub(MOST_FINDINGS);
    findings.truncate(MOST_FINDINGS);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Facts {
        findings,
        omitted: count(omitted),
        lines: count(lines.len()),
        incomplete: incomplete.join("; "),
    })
}

/// The place of a severity, the worst first.
pub(crate) fn rank(severity: &str) -> usize {
    SEVERITIES.iter().position(|other| *other == severity).unwrap_or(SEVERITIES.len())
}

/// Lock files are full of digests; what is generated or fetched is not the project's.
fn is_scanned(path: &str) -> bool {
    paths::is_text(path)
        && !matches!(paths::name(path), "go.sum" | "composer.lock" | "Gemfile.lock" | "flake.lock")
}

fn whole(read: &mut BTreeMap<String, Option<Vec<String>>>, path: &str, line: u32) -> Result<Option<String>> {
    if !read.contains_key(path) {
        let lines = project::text(path)?.map(|text| text.lines().map(str::to_owned).collect());
        read.insert(path.to_owned(), lines);
    }
    let lines = read.get(path).and_then(Option::as_ref);
    Ok(lines.and_then(|lines| lines.get(usize::try_from(line).unwrap_or(0).saturating_sub(1))).cloned())
}

/// All patterns, ready.
pub(crate) struct Patterns {
    known: Vec<(&'static str, Regex)>,
    assigned: Regex,
    quoted: Regex,
    dangers: Vec<(&'static Danger, Regex)>,
}

fn ready(pattern: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|error| Error::other(format!("a pattern of security-ai is wrong: {error}")))
}

/// A secret on a line.
struct Spot {
    rule: &'static str,
    severity: &'static str,
    start: usize,
    end: usize,
    /// How many characters of it tell what it is and are no secret.
    shown: usize,
}

impl Patterns {
    pub(crate) fn new() -> Result<Self> {
        let known =
            SECRETS.iter().map(|secret| Ok((secret.rule, ready(secret.pattern)?))).collect::<Result<_>>()?;
        let dangers =
            DANGERS.iter().map(|danger| Ok((danger, ready(danger.pattern)?))).collect::<Result<_>>()?;
        Ok(Self { known, assigned: ready(ASSIGNED)?, quoted: ready(QUOTED)?, dangers })
    }

    /// Everything that one line has.
    pub(crate) fn judge(&self, path: &str, line: u32, text: &str) -> Vec<Finding> {
        let spots = self.spots(path, text);
        let masked = rigor::talk::cut(&masked(text, &spots), 160);
        let finding = |rule: &str, kind: &str, severity: &str, advice: &str| Finding {
            rule: rule.to_owned(),
            kind: kind.to_owned(),
            severity: severity.to_owned(),
            path: path.to_owned(),
            line,
            evidence: masked.clone(),
            advice: advice.to_owned(),
        };
        let mut findings: Vec<Finding> = spots
            .iter()
            .map(|spot| {
                let advice = "take it out of the file, read it from the environment, and revoke it: who has the repository has it";
                finding(spot.rule, "secret", spot.severity, advice)
            })
            .collect();
        if !is_comment(path, text) {
            let ending = paths::ending(path).to_ascii_lowercase();
            let ending =
                if paths::name(path).starts_with("Dockerfile") { "dockerfile" } else { ending.as_str() };
            for (danger, pattern) in &self.dangers {
                if danger.endings.contains(&ending) && pattern.is_match(text) && !is_harmless(danger, text) {
                    // A test may do on purpose what code must not.
                    let severity =
                        if paths::is_test(path) { lowered(danger.severity) } else { danger.severity };
                    findings.push(finding(danger.rule, "code", severity, danger.advice));
                }
            }
        }
        findings
    }

    fn spots(&self, path: &str, text: &str) -> Vec<Spot> {
        let mut spots: Vec<Spot> = Vec::new();
        let is_new = |spots: &[Spot], start: usize, end: usize| {
            !spots.iter().any(|spot| start < spot.end && spot.start < end)
        };
        for (rule, pattern) in &self.known {
            for found in pattern.find_iter(text) {
                let is_url = *rule == "url-with-password";
                // Between `:` and `@`, for a URL.
                let (start, end) = if is_url {
                    password(found.start(), found.as_str())
                } else {
                    (found.start(), found.end())
                };
                let value = text.get(start..end).unwrap_or_default();
                let is_harmless = is_placeholder(value) || (is_url && is_local(found.as_str(), value));
                if !is_harmless && is_new(&spots, start, end) {
                    let severity = if is_url { "high" } else { "critical" };
                    let shown = if is_url {
                        0
                    } else if *rule == "private-key" {
                        value.len()
                    } else {
                        4
                    };
                    spots.push(Spot { rule, severity, start, end, shown });
                }
            }
        }
        for found in self.assigned.captures_iter(text) {
            let (Some(name), Some(value)) = (found.get(1), found.get(2)) else { continue };
            let (start, end) = (value.start(), value.end());
            let quoted = text.get(..start).is_some_and(|before| before.ends_with(['"', '\'', '`']));
            // In code, what stands there without quotes is a name and no value.
            let is_value = quoted || is_settings(path);
            if is_value
                && is_new(&spots, start, end)
                && !is_placeholder(value.as_str())
                && is_secret(name.as_str(), value.as_str())
            {
                let sample = is_sample(path) || paths::is_test(path) || paths::is_document(path);
                spots.push(Spot {
                    rule: "assigned-secret",
                    severity: if sample { "low" } else { "high" },
                    start,
                    end,
                    shown: 0,
                });
            }
        }
        for found in self.quoted.captures_iter(text) {
            let Some(value) = found.get(1) else { continue };
            let (start, end) = (value.start(), value.end());
            if is_new(&spots, start, end) && is_random(value.as_str()) && !is_digest(text) && !is_sample(path)
            {
                let severity =
                    if paths::is_test(path) || paths::is_document(path) { "low" } else { "medium" };
                spots.push(Spot { rule: "random-text", severity, start, end, shown: 4 });
            }
        }
        spots.sort_by_key(|spot| spot.start);
        spots
    }
}

/// The line with `****` for each secret.
fn masked(text: &str, spots: &[Spot]) -> String {
    let (mut masked, mut from) = (String::new(), 0);
    for spot in spots {
        let shown = text.get(spot.start..).map_or(spot.start, |rest| {
            spot.start + rest.char_indices().nth(spot.shown).map_or(rest.len(), |(index, _)| index)
        });
        let shown = shown.min(spot.end);
        masked.push_str(text.get(from..shown).unwrap_or_default());
        masked.push_str("****");
        from = spot.end;
    }
    masked.push_str(text.get(from..).unwrap_or_default());
    masked.trim().to_owned()
}

fn lowered(severity: &'static str) -> &'static str {
    SEVERITIES.get(rank(severity) + 1).copied().unwrap_or(severity)
}

/// Where the password of a URL stands.
fn password(start: usize, url: &str) -> (usize, usize) {
    let user = url.find("://").map_or(0, |at| at + 3);
    let colon = url.get(user..).and_then(|rest| rest.find(':')).map_or(user, |at| user + at + 1);
    let at = url.get(colon..).and_then(|rest| rest.find('@')).map_or(url.len(), |at| colon + at);
    (start + colon, start + at)
}

/// `postgres:postgres@localhost` of a development database opens nothing.
fn is_local(url: &str, password: &str) -> bool {
    let host = url.rsplit_once('@').map_or("", |(_, host)| host);
    let here = ["localhost", "127.0.0.1", "[::1]", "db", "postgres", "redis", "mysql"].iter().any(|name| {
        host.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    here && password.len() <= 10
}

fn is_placeholder(value: &str) -> bool {
    let low = value.to_ascii_lowercase();
    const WORDS: [&str; 22] = [
        "example",
        "changeme",
        "change-me",
        "change_me",
        "your",
        "xxxx",
        "placeholder",
        "dummy",
        "redacted",
        "****",
        "<",
        "${",
        "$(",
        "{{",
        "env.",
        "environ",
        "getenv",
        "process.",
        "replace",
        "todo",
        "%(",
        "...",
    ];
    let mut letters: Vec<char> = low.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    letters.len() < 4 || low.starts_with('$') || WORDS.iter().any(|word| low.contains(word))
}

/// True if a value under such a name can be the secret itself: no word, no name of a function, path or type.
fn is_secret(name: &str, value: &str) -> bool {
    let low = name.to_ascii_lowercase();
    // Names that speak about secrets: limits, forms, places.
    const ABOUT: [&str; 14] = [
        "_file",
        "_path",
        "_name",
        "_url",
        "_type",
        "_count",
        "_limit",
        "_id",
        "max_",
        "_length",
        "tokenizer",
        "_tokens",
        "_field",
        "public",
    ];
    if ABOUT.iter().any(|part| low.contains(part))
        || value.contains(['(', '[', '{', '\\'])
        || value.starts_with(['/', '.', '-'])
    {
        return false;
    }
    let has = |test: fn(char) -> bool| value.chars().any(test);
    let kinds = [
        has(|c| c.is_ascii_lowercase()),
        has(|c| c.is_ascii_uppercase()),
        has(|c| c.is_ascii_digit()),
        has(|c| c.is_ascii_punctuation()),
    ];
    let kinds = kinds.iter().filter(|is| **is).count();
    // One word in one kind of letters is a name; `hunter22` is a password.
    kinds >= 2 && entropy(value) >= 2.5 && (!value.contains('.') || value.chars().any(|c| c.is_ascii_digit()))
}

/// Bits for each character.
pub(crate) fn entropy(text: &str) -> f64 {
    let mut counts: BTreeMap<char, f64> = BTreeMap::new();
    for letter in text.chars() {
        *counts.entry(letter).or_default() += 1.0;
    }
    let all: f64 = counts.values().sum();
    counts.values().map(|count| count / all).map(|share| -share * share.log2()).sum()
}

/// True if letters and digits are mixed as chance mixes them.
fn is_random(value: &str) -> bool {
    let hex = value.chars().all(|letter| letter.is_ascii_hexdigit());
    let digits = value.chars().filter(char::is_ascii_digit).count();
    if hex {
        return digits > 0 && entropy(value) >= 3.2;
    }
    let mixed = value.chars().any(|c| c.is_ascii_lowercase())
        && value.chars().any(|c| c.is_ascii_uppercase())
        && digits >= 2;
    mixed && entropy(value) >= 4.2 && value.matches(['-', '_', '/']).count() * 6 < value.len()
}

/// Long random texts that everyone may see.
fn is_digest(text: &str) -> bool {
    let low = text.to_ascii_lowercase();
    [
        "sha1",
        "sha256",
        "sha384",
        "sha512",
        "sha-",
        "md5",
        "digest",
        "checksum",
        "integrity",
        "hash",
        "commit",
        "revision",
        "etag",
        "uuid",
        "public",
        "fingerprint",
        "data:",
        "nonce",
    ]
    .iter()
    .any(|word| low.contains(word))
}

fn is_settings(path: &str) -> bool {
    let name = paths::name(path);
    name.starts_with(".env")
        || name.ends_with(".env")
        || matches!(
            paths::ending(path),
            "env" | "ini" | "cfg" | "conf" | "properties" | "yml" | "yaml" | "toml" | "tfvars" | "npmrc"
        )
        || matches!(name, ".npmrc" | ".pypirc" | ".netrc")
        || name.starts_with("Dockerfile")
}

fn is_sample(path: &str) -> bool {
    let low = paths::name(path).to_ascii_lowercase();
    ["example", "sample", "template", "dist"]
        .iter()
        .any(|word| low.split(['.', '-', '_']).any(|part| part == *word))
}

fn is_comment(path: &str, text: &str) -> bool {
    let trimmed = text.trim_start();
    match paths::ending(path) {
        "py" | "rb" | "sh" | "yml" | "yaml" => trimmed.starts_with('#'),
        _ => trimmed.starts_with("//") || trimmed.starts_with("* ") || trimmed.starts_with("/*"),
    }
}

/// Lines that a pattern takes for something else.
fn is_harmless(danger: &Danger, text: &str) -> bool {
    match danger.rule {
        "unsafe-yaml" => text.contains("SafeLoader"),
        "weak-hash" => text.contains("usedforsecurity=False"),
        "markup-from-text" => text.contains("innerHTML = ''") || text.contains("innerHTML = \"\""),
        _ => false,
    }
}
