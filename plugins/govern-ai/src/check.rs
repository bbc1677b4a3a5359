//! The checks: one for each rule, and the decision that follows from all of them.

use rigor::maker::edits_made;
use skep_sdk::prelude::*;

use crate::details::{Facts, Governed, Measures, Rule};
use crate::rules;

/// `go`, or `no-go` while a rule is broken.
pub(crate) fn decision(rules: &[Rule]) -> &'static str {
    if rules.iter().any(Rule::is_broken) { "no-go" } else { "go" }
}

/// Rules that end a task before anything is made, if they are broken.
pub(crate) fn conditions(brief: &Brief) -> Vec<Gate> {
    let facts = match rules::judge(brief) {
        Ok(facts) => facts,
        Err(error) => return vec![Gate::not_run("stop-rules", error.message)],
    };
    facts.rules.iter().filter(|rule| rule.stop).map(gate).collect()
}

fn gate(rule: &Rule) -> Gate {
    let name = format!("rule:{}", rule.id);
    let reference = if rule.reference.is_empty() { String::new() } else { format!(" ({})", rule.reference) };
    let evidence = format!("{}{reference}: {}", rule.text, rule.evidence);
    if rule.is_open() { Gate::not_run(name, evidence) } else { Gate::of(name, !rule.is_broken(), evidence) }
}

/// The checks of a review, from the files as they are now.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn gates(brief: &Brief, governed: &Governed) -> Result<Vec<Gate>> {
    let facts = rules::judge(brief)?;
    let mut gates: Vec<Gate> = facts.rules.iter().filter(|rule| !rule.stop).map(gate).collect();
    let broken: Vec<&str> =
        facts.rules.iter().filter(|rule| rule.is_broken()).map(|rule| rule.id.as_str()).collect();
    let evidence = if broken.is_empty() {
        format!("go: {} rule(s), none broken", facts.rules.len())
    } else {
        format!("no-go: broken {}", broken.join(", "))
    };
    gates.push(Gate::of("decision", broken.is_empty(), evidence));
    if brief.scope() >= Scope::Mvp {
        gates.push(edits_made(&governed.unused));
    }
    Ok(gates)
}

/// How many rules hold.
pub(crate) fn measures(facts: &Facts, governed: &Governed) -> Measures {
    let count = |rules: &[Rule], wanted: fn(&Rule) -> bool| {
        u32::try_from(rules.iter().filter(|rule| wanted(rule)).count()).unwrap_or(u32::MAX)
    };
    Measures {
        held: count(&governed.rules, |rule| !rule.is_broken() && !rule.is_open()),
        broken: count(&governed.rules, Rule::is_broken),
        not_judged: count(&governed.rules, Rule::is_open),
        broken_before: count(&facts.rules, Rule::is_broken),
    }
}
