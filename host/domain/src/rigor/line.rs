//! Which personalities work on a task: the line of its capabilities.

use super::request::Capability;

/// A personality of a line: its id and the entry of `completedPhases` that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Station {
    /// Personality id.
    pub personality: &'static str,
    /// Word of the documented vocabulary.
    pub milestone: &'static str,
}

const REQUIREMENTS: Station = Station { personality: "req-ai", milestone: "requirements" };
const PLANNER: Station = Station { personality: "planner-ai", milestone: "architecture" };
const ARCHITECT: Station = Station { personality: "architect-ai", milestone: "architecture" };
const CODER: Station = Station { personality: "coder-ai", milestone: "implementation" };
const TESTER: Station = Station { personality: "tester-ai", milestone: "verification" };
const OPS: Station = Station { personality: "ops-ai", milestone: "operations" };
const SECURITY: Station = Station { personality: "security-ai", milestone: "security" };
const PLATFORM: Station = Station { personality: "platform-ai", milestone: "platform" };
const EVOLVE: Station = Station { personality: "evolve-ai", milestone: "evolution" };
const OPTIMIZE: Station = Station { personality: "optimize-ai", milestone: "optimization" };
const GOVERN: Station = Station { personality: "govern-ai", milestone: "governance" };

/// Every personality in the order in which a line runs: who understands, designs, makes, specializes, verifies.
const ORDER: [Station; 11] =
    [REQUIREMENTS, PLANNER, ARCHITECT, CODER, OPS, SECURITY, PLATFORM, EVOLVE, OPTIMIZE, GOVERN, TESTER];

fn stations(capability: Capability) -> &'static [Station] {
    match capability {
        Capability::Build => &[REQUIREMENTS, PLANNER, ARCHITECT, CODER, TESTER],
        Capability::Operate => &[REQUIREMENTS, OPS, TESTER],
        Capability::Secure => &[REQUIREMENTS, SECURITY, CODER, TESTER],
        Capability::Platform => &[REQUIREMENTS, ARCHITECT, PLATFORM, TESTER],
        Capability::Evolve => &[REQUIREMENTS, ARCHITECT, EVOLVE, TESTER],
        Capability::Optimize => &[REQUIREMENTS, OPTIMIZE, TESTER],
        Capability::Govern => &[REQUIREMENTS, GOVERN],
    }
}

/// The line of these capabilities: one capability's own order, or the union in the common order, each personality once.
#[must_use]
pub fn line(capabilities: &[Capability]) -> Vec<Station> {
    if let [capability] = capabilities {
        return stations(*capability).to_vec();
    }
    let wanted: Vec<Station> =
        capabilities.iter().flat_map(|capability| stations(*capability)).copied().collect();
    ORDER.into_iter().filter(|station| wanted.contains(station)).collect()
}

/// The line in groups: the personalities of a group do not depend on each other and run at the same time (planner-ai beside architect-ai).
#[must_use]
pub fn groups(line: &[Station]) -> Vec<Vec<Station>> {
    let mut groups: Vec<Vec<Station>> = Vec::new();
    for station in line {
        match groups.last_mut() {
            Some(group) if group.iter().all(|other| other.milestone == station.milestone) => {
                group.push(*station)
            }
            _ => groups.push(vec![*station]),
        }
    }
    groups
}

/// The end of a line that works again when failed gates send the work back: from the first who makes or judges a result, coder-ai
/// in most lines. Those who understand and plan come before.
#[must_use]
pub fn repair(line: &[Station]) -> &[Station] {
    line.iter().position(makes).and_then(|start| line.get(start..)).unwrap_or_default()
}

/// Who judges the work of coder-ai before it begins, as security-ai does in its own line: what they found is only known to be mended
/// when they have looked again.
#[must_use]
pub fn judges(line: &[Station]) -> &[Station] {
    let repairing = repair(line);
    let coder = repairing.iter().position(|station| *station == CODER).unwrap_or(0);
    repairing.get(..coder).unwrap_or_default()
}

/// True for those whose work is the result, or a judgement of it.
#[must_use]
pub fn makes(station: &Station) -> bool {
    ![REQUIREMENTS, PLANNER, ARCHITECT].contains(station)
}

/// True for those who only verify what others made.
#[must_use]
pub fn verifies(station: &Station) -> bool {
    *station == TESTER
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(capabilities: &[Capability]) -> Vec<&'static str> {
        line(capabilities).into_iter().map(|station| station.personality).collect()
    }

    #[test]
    fn build_is_the_documented_line() {
        assert_eq!(
            ids(&[Capability::Build]),
            ["req-ai", "planner-ai", "architect-ai", "coder-ai", "tester-ai"]
        );
        assert_eq!(ids(&[Capability::Secure]), ["req-ai", "security-ai", "coder-ai", "tester-ai"]);
    }

    #[test]
    fn a_union_has_each_personality_once_and_does_not_depend_on_the_order_of_the_request() {
        let union = ids(&[Capability::Build, Capability::Govern]);
        assert_eq!(union, ["req-ai", "planner-ai", "architect-ai", "coder-ai", "govern-ai", "tester-ai"]);
        assert_eq!(union, ids(&[Capability::Govern, Capability::Build]));
        assert_eq!(ids(&Capability::ALL).len(), 11);
    }

    #[test]
    fn planner_and_architect_are_one_group() {
        let sizes: Vec<usize> = groups(&line(&[Capability::Build])).iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 2, 1, 1]);
    }

    #[test]
    fn work_goes_back_to_the_first_who_makes_or_judges_a_result_and_everybody_after() {
        let back = |capabilities: &[Capability]| {
            let line = line(capabilities);
            repair(&line).iter().map(|station| station.personality).collect::<Vec<_>>()
        };
        for (capabilities, expected) in [
            (&[Capability::Build][..], &["coder-ai", "tester-ai"][..]),
            (&[Capability::Secure], &["security-ai", "coder-ai", "tester-ai"]),
            (&[Capability::Operate], &["ops-ai", "tester-ai"]),
            (&[Capability::Platform], &["platform-ai", "tester-ai"]),
            (&[Capability::Govern], &["govern-ai"]),
            (&[Capability::Operate, Capability::Optimize], &["ops-ai", "optimize-ai", "tester-ai"]),
            (&[Capability::Build, Capability::Operate], &["coder-ai", "ops-ai", "tester-ai"]),
        ] {
            assert_eq!(back(capabilities), expected, "{capabilities:?}");
        }
        assert_eq!(repair(&[REQUIREMENTS, PLANNER]), []);
        assert_eq!(judges(&line(&[Capability::Secure])), [SECURITY]);
        for none in
            [&[Capability::Build][..], &[Capability::Operate], &[Capability::Build, Capability::Secure]]
        {
            assert_eq!(judges(&line(none)), [], "{none:?}");
        }
    }
}
