//! Whether added lines hold text that looks like a secret.

use super::{ChangedContent, judged};
use domain::rigor::gate::{self, Gate, GateStatus};
use regex::RegexSet;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Formats that their issuers document: their own prefixes, or PEM headers.
const PATTERNS: [(&str, &str); 9] = [
    ("a private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    ("an AWS access key id", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{60,}"),
    ("an OpenAI key", r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{32,}"),
    ("an Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{32,}"),
    ("a Slack token", r"\bxox[abposr]-[A-Za-z0-9-]{10,}"),
    ("a Google key", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("a Skep key", r"\bskep_[a-z0-9]{8,}_[A-Za-z0-9]{20,}"),
    ("a Stripe key", r"\b[rs]k_live_[0-9A-Za-z]{20,}"),
];

static SET: LazyLock<Result<RegexSet, regex::Error>> =
    LazyLock::new(|| RegexSet::new(PATTERNS.map(|(_, pattern)| pattern)));

/// Failed when a line that is new in its file looks like a secret. The value is not repeated in the evidence.
pub(super) fn gate(changed: &[ChangedContent]) -> Gate {
    let set = match &*SET {
        Ok(set) => set,
        Err(error) => {
            let evidence = format!("the patterns cannot be used: {error}");
            return Gate { name: gate::NO_SECRETS.to_owned(), status: GateStatus::NotRun, evidence };
        }
    };
    let mut problems = Vec::new();
    for file in changed {
        let Some(after) = file.after.as_deref().and_then(|content| std::str::from_utf8(content).ok()) else {
            continue;
        };
        let before =
            file.before.as_deref().and_then(|content| std::str::from_utf8(content).ok()).unwrap_or_default();
        let old: HashSet<&str> = before.lines().collect();
        for (index, line) in after.lines().enumerate().filter(|(_, line)| !old.contains(line)) {
            for name in found(set, line) {
                problems.push(format!("{} line {} looks like {name}", file.path, index + 1));
            }
        }
    }
    judged(gate::NO_SECRETS, &problems, "no added line looks like a secret".to_owned())
}

fn found(set: &RegexSet, line: &str) -> Vec<&'static str> {
    set.matches(line).into_iter().filter_map(|index| PATTERNS.get(index).map(|(name, _)| *name)).collect()
}
