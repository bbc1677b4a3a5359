//! Gates: computed checks, never claims. Which of them a scope requires, and the confidence that follows.

use super::request::RigorScope;
use serde::{Deserialize, Serialize};

/// Whether a check was made and what it gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateStatus {
    /// Made and good.
    Passed,
    /// Made and bad.
    Failed,
    /// Could not be made; `evidence` says why.
    NotRun,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// One of the names below, or `PERSONALITY: NAME` for a personality's own.
    pub name: String,
    /// What it gave.
    pub status: GateStatus,
    /// What was seen.
    pub evidence: String,
}

/// The diff applies to a clean copy of the source and gives the workspace.
pub const PATCH_APPLIES: &str = "patch_applies";
/// Every changed path is a plain path inside the workspace.
pub const INSIDE_WORKSPACE: &str = "inside_workspace";
/// Size and number of changes are within limits.
pub const SIZE: &str = "size";
/// Every phase's output fits its schema.
pub const SCHEMA: &str = "schema";
/// Changed files parse in their language.
pub const PARSES: &str = "parses";
/// No secret-looking text in added lines.
pub const NO_SECRETS: &str = "no_secrets";
/// The task changed at least one file.
pub const CHANGES: &str = "changes";
/// The project's own tests pass in a sandboxed interpreter.
pub const TESTS_PASS: &str = "tests_pass";

/// All that the host computes, in the order in which they are shown.
pub const ALL: [&str; 8] =
    [PATCH_APPLIES, INSIDE_WORKSPACE, SIZE, NO_SECRETS, SCHEMA, PARSES, CHANGES, TESTS_PASS];

/// The gates that a scope requires, in the order they are shown. Each scope requires those of the one before it.
#[must_use]
pub fn required(scope: RigorScope) -> &'static [&'static str] {
    match scope {
        // What is too large is not looked at, so every scope wants the size.
        RigorScope::Demo => &[PATCH_APPLIES, INSIDE_WORKSPACE, SIZE],
        RigorScope::Poc => &[PATCH_APPLIES, INSIDE_WORKSPACE, SIZE, NO_SECRETS],
        RigorScope::Mvp => &[PATCH_APPLIES, INSIDE_WORKSPACE, SIZE, NO_SECRETS, SCHEMA, PARSES],
        RigorScope::Product => &[PATCH_APPLIES, INSIDE_WORKSPACE, SIZE, NO_SECRETS, SCHEMA, PARSES, CHANGES],
        RigorScope::Production => &ALL,
    }
}

/// The required gates that stand against the result. `production` refuses what was not run; the others only what failed.
#[must_use]
pub fn unmet(scope: RigorScope, gates: &[Gate]) -> Vec<Gate> {
    required(scope)
        .iter()
        .filter_map(|name| match gates.iter().find(|gate| gate.name == *name) {
            Some(gate) if gate.status == GateStatus::Passed => None,
            Some(gate) if gate.status == GateStatus::NotRun && scope != RigorScope::Production => None,
            Some(gate) => Some(gate.clone()),
            None => Some(Gate {
                name: (*name).to_owned(),
                status: GateStatus::NotRun,
                evidence: "was not computed".to_owned(),
            }),
        })
        .collect()
}

/// What sends the work back: whatever the scope requires and is unmet, and every other gate that failed, of the host or of a
/// personality that works again. What no scope requires and was not run is no reason.
#[must_use]
pub fn findings(scope: RigorScope, computed: &[Gate], own: &[Gate]) -> Vec<Gate> {
    let mut findings = unmet(scope, computed);
    for gate in computed.iter().chain(own) {
        if gate.status == GateStatus::Failed && !findings.contains(gate) {
            findings.push(gate.clone());
        }
    }
    findings
}

/// What stands against the result when no round is left. `demo` and `poc` show what a personality's own checks found, with the
/// result; from `mvp` on a failed one refuses it.
#[must_use]
pub fn refusals(scope: RigorScope, computed: &[Gate], own: &[Gate]) -> Vec<Gate> {
    let mut refusals = unmet(scope, computed);
    if !matches!(scope, RigorScope::Demo | RigorScope::Poc) {
        refusals.extend(own.iter().filter(|gate| gate.status == GateStatus::Failed).cloned());
    }
    refusals
}

/// 0.0 to 1.0: the share of gates that passed among all (a gate that was not run counts half), less a tenth for each repair round. Two decimals.
#[must_use]
pub fn confidence(gates: &[Gate], rounds: u32) -> f64 {
    if gates.is_empty() {
        return 0.0;
    }
    let points: u32 = gates
        .iter()
        .map(|gate| match gate.status {
            GateStatus::Passed => 2,
            GateStatus::NotRun => 1,
            GateStatus::Failed => 0,
        })
        .sum();
    let total = u32::try_from(gates.len()).unwrap_or(u32::MAX).saturating_mul(2);
    let share = f64::from(points) / f64::from(total);
    let repaired = share - 0.1 * f64::from(rounds.saturating_sub(1));
    (repaired.clamp(0.0, 1.0) * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(name: &str, status: GateStatus) -> Gate {
        Gate { name: name.to_owned(), status, evidence: String::new() }
    }

    #[test]
    fn each_scope_requires_what_the_one_before_it_requires() {
        for pair in RigorScope::ALL.windows(2) {
            if let [lower, higher] = pair {
                assert!(
                    required(*lower).iter().all(|name| required(*higher).contains(name)),
                    "{lower:?} {higher:?}"
                );
                assert!(required(*lower).len() < required(*higher).len());
            }
        }
    }

    #[test]
    fn production_refuses_what_was_not_run_and_others_do_not() {
        let gates: Vec<Gate> = required(RigorScope::Production)
            .iter()
            .map(|name| {
                gate(
                    name,
                    if *name == TESTS_PASS || *name == PARSES {
                        GateStatus::NotRun
                    } else {
                        GateStatus::Passed
                    },
                )
            })
            .collect();
        assert!(unmet(RigorScope::Product, &gates).is_empty());
        let names: Vec<String> =
            unmet(RigorScope::Production, &gates).into_iter().map(|gate| gate.name).collect();
        assert_eq!(names, [PARSES, TESTS_PASS]);
    }

    #[test]
    fn every_failed_gate_sends_the_work_back_and_the_scope_decides_which_refuse_it() {
        let host = |parses: GateStatus| -> Vec<Gate> {
            let status = |name: &str| match name {
                PARSES => parses,
                TESTS_PASS => GateStatus::NotRun,
                _ => GateStatus::Passed,
            };
            required(RigorScope::Production).iter().map(|name| gate(name, status(name))).collect()
        };
        let (clean, broken) = (host(GateStatus::Passed), host(GateStatus::Failed));
        let verified =
            [gate("tester-ai: content", GateStatus::Passed), gate("tester-ai: tests", GateStatus::NotRun)];
        let rejected =
            [gate("tester-ai: content", GateStatus::Failed), gate("tester-ai: tests", GateStatus::NotRun)];
        for (scope, computed, own, back, refused) in [
            (RigorScope::Mvp, &clean, &verified, &[][..], &[][..]),
            (RigorScope::Demo, &broken, &rejected, &[PARSES, "tester-ai: content"], &[]),
            (RigorScope::Poc, &clean, &rejected, &["tester-ai: content"], &[]),
            (RigorScope::Poc, &broken, &verified, &[PARSES], &[]),
            (RigorScope::Mvp, &clean, &rejected, &["tester-ai: content"], &["tester-ai: content"]),
            (RigorScope::Mvp, &broken, &verified, &[PARSES], &[PARSES]),
            (
                RigorScope::Product,
                &broken,
                &rejected,
                &[PARSES, "tester-ai: content"],
                &[PARSES, "tester-ai: content"],
            ),
            (RigorScope::Production, &clean, &verified, &[TESTS_PASS], &[TESTS_PASS]),
        ] {
            let names = |gates: Vec<Gate>| gates.into_iter().map(|gate| gate.name).collect::<Vec<_>>();
            assert_eq!(names(findings(scope, computed, own)), back, "{scope:?} {computed:?} {own:?}");
            assert_eq!(names(refusals(scope, computed, own)), refused, "{scope:?} {computed:?} {own:?}");
        }
    }

    #[test]
    fn confidence_falls_with_failures_gaps_and_repairs() {
        let all = [gate("a", GateStatus::Passed), gate("b", GateStatus::Passed)];
        let gap = [gate("a", GateStatus::Passed), gate("b", GateStatus::NotRun)];
        let bad = [gate("a", GateStatus::Passed), gate("b", GateStatus::Failed)];
        assert_eq!(confidence(&all, 1), 1.0);
        assert_eq!(confidence(&all, 2), 0.9);
        assert_eq!(confidence(&gap, 1), 0.75);
        assert_eq!(confidence(&bad, 1), 0.5);
        assert_eq!(confidence(&[], 1), 0.0);
    }
}
