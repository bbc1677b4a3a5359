//! The checks. They follow from the scan alone.

use rigor::earlier;
use skep_sdk::prelude::*;

use crate::answer::Fixes;
use crate::details::{Facts, Finding, Fix, Measures, Reviewed};
use crate::scan::rank;

/// The mildest severity that a scope does not allow: of secrets, and of code.
fn thresholds(scope: Scope) -> (&'static str, &'static str) {
    match scope {
        Scope::Demo | Scope::Poc => ("high", "critical"),
        Scope::Mvp => ("medium", "high"),
        Scope::Product | Scope::Production => ("medium", "medium"),
    }
}

/// `path:line: severity rule: what stands there`.
pub(crate) fn shown(finding: &Finding) -> String {
    format!("{}:{}: {} {}: {}", finding.path, finding.line, finding.severity, finding.rule, finding.evidence)
}

/// The findings of a kind that the scope does not allow.
pub(crate) fn refused<'facts>(
    brief: &Brief,
    findings: &'facts [Finding],
    kind: &str,
) -> Vec<&'facts Finding> {
    let (secret, code) = thresholds(brief.scope());
    let least = rank(if kind == "secret" { secret } else { code });
    findings.iter().filter(|finding| finding.kind == kind && rank(&finding.severity) <= least).collect()
}

/// `go` or `no-go`.
pub(crate) fn decision(brief: &Brief, facts: &Facts) -> &'static str {
    let open = ["secret", "code"].iter().any(|kind| !refused(brief, &facts.findings, kind).is_empty());
    if open { "no-go" } else { "go" }
}

/// The review from the facts and the model's fixes, as far as they are about files that have a finding.
pub(crate) fn reviewed(
    brief: &Brief,
    facts: &Facts,
    answer: Option<&Fixes<true>>,
    model: String,
) -> Reviewed {
    let mend = ["secret", "code"]
        .iter()
        .flat_map(|kind| refused(brief, &facts.findings, kind))
        .map(|finding| format!("{}; {}", shown(finding), finding.advice))
        .take(40)
        .collect();
    let fixes = answer.map(|answer| answer.fixes.iter()).into_iter().flatten();
    let fixes = fixes
        .map(|fix| Fix { path: rigor::paths::tidy(&fix.path.0).to_owned(), fix: fix.fix.trim().to_owned() })
        .filter(|fix| facts.findings.iter().any(|finding| finding.path == fix.path))
        .collect();
    Reviewed {
        decision: decision(brief, facts).to_owned(),
        findings: facts.findings.clone(),
        mend,
        fixes,
        model,
    }
}

/// How much was found.
pub(crate) fn measures(reviewed: &Reviewed) -> Measures {
    let count = |severity: &str| {
        let findings = reviewed.findings.iter().filter(|finding| finding.severity == severity);
        u32::try_from(findings.count()).unwrap_or(u32::MAX)
    };
    let mut without_fix: Vec<String> = reviewed.findings.iter().map(|finding| finding.path.clone()).collect();
    without_fix.sort();
    without_fix.dedup();
    without_fix.retain(|path| !reviewed.fixes.iter().any(|fix| fix.path == *path));
    Measures {
        critical: count("critical"),
        high: count("high"),
        medium: count("medium"),
        low: count("low"),
        without_fix,
    }
}

/// What the scan found, as it is.
pub(crate) fn gates(brief: &Brief, facts: &Facts) -> Vec<Gate> {
    let mut gates = vec![
        of_kind(brief, facts, "no-secrets", "secret"),
        of_kind(brief, facts, "no-dangerous-code", "code"),
    ];
    gates.push(if facts.incomplete.is_empty() {
        Gate::passed("scan-complete", format!("{} line(s) were worth a look", facts.lines))
    } else {
        Gate::not_run("scan-complete", facts.incomplete.clone())
    });
    let before = earlier::details(brief, "security-ai");
    if !before.is_null() {
        gates.push(nothing_new(facts, &before));
    }
    gates
}

fn of_kind(brief: &Brief, facts: &Facts, name: &str, kind: &str) -> Gate {
    let refused = refused(brief, &facts.findings, kind);
    let all = facts.findings.iter().filter(|finding| finding.kind == kind).count();
    if refused.is_empty() {
        let milder =
            if all > 0 { format!(", {all} finding(s) that `{}` allows", brief.scope) } else { String::new() };
        return Gate::passed(name, format!("{} line(s) looked at{milder}", facts.lines));
    }
    let lines: Vec<String> = refused.iter().take(10).map(|finding| shown(finding)).collect();
    let more = refused.len() - lines.len();
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    Gate::failed(name, format!("{}{rest}", lines.join("; ")))
}

/// In a later round: whether the change of the round before brought findings that were not there.
fn nothing_new(facts: &Facts, before: &Value) -> Gate {
    let known: Vec<Finding> = before
        .get("findings")
        .cloned()
        .and_then(|findings| serde_json::from_value(findings).ok())
        .unwrap_or_default();
    // Lines move; what stands there does not.
    let key = |finding: &Finding| (finding.rule.clone(), finding.path.clone(), finding.evidence.clone());
    let was: Vec<_> = known.iter().map(key).collect();
    let new: Vec<String> =
        facts.findings.iter().filter(|finding| !was.contains(&key(finding))).take(10).map(shown).collect();
    let now: Vec<_> = facts.findings.iter().map(key).collect();
    let mended = was.iter().filter(|finding| !now.contains(finding)).count();
    let evidence = if new.is_empty() {
        format!("{mended} mended, {} left", facts.findings.len())
    } else {
        format!("new since the round before: {}", new.join("; "))
    };
    Gate::of("nothing-new", new.is_empty(), evidence)
}
