//! Driver of agent tasks: the line of personalities through five phases each, gates after each round, repair rounds.
//!
//! A failed gate sends the work back, whether the host computed it or a personality that works again: the first who makes a result and
//! those after it get it as a finding. Who judges before coder-ai (security-ai in its own line) looks again first, and once more after
//! the last round. How often is the scope's. When no round is left, the scope decides which failed gates refuse the result;
//! those that do not are shown with it. Gates of those who do not work again (requirements, plan, design) are shown, too: no change
//! of files can mend them.
//!
//! Places: `source`, `survey@R`, `PERSONALITY@R/PHASE`, `gates@R`, where R is the round from 1.

mod output;
mod station;

use crate::address::Place;
use crate::component::CallFailure;
use crate::effect::files::FilesCall;
use crate::effect::gates::GatesRequest;
use crate::effect::source::SourceRequest;
use crate::effect::{Call, Reply};
use crate::history::{Command, Decision, Standing, TaskHistory, Work, Yield};
use crate::retry::RetryPolicy;
use crate::rigor::brief::{Brief, Contribution};
use crate::rigor::gate::{CHANGES, Gate, GateStatus, findings, refusals};
use crate::rigor::line::{Station, groups, judges, line, makes, repair, verifies};
use crate::rigor::phase::Phase;
use crate::rigor::request::{AgentTask, Source};
use crate::task::{AtWork, Progress, TaskFailure};
use serde_json::{Value, json};
use station::{Finished, StationStanding};

/// Its name and version.
pub const NAME: &str = "rigor/1";

/// Paths of the workspace that a brief lists at most.
const BRIEF_FILES: usize = 500;

/// Everything that was found out while walking the history.
struct Walk<'a> {
    history: &'a TaskHistory,
    task: AgentTask,
    progress: Progress,
    done: u32,
    expected: u32,
}

pub(super) fn decide(history: &TaskHistory) -> Result<Decision, String> {
    let task: AgentTask = serde_json::from_value(history.input.clone())
        .map_err(|error| format!("the input is not an agent task: {error}"))?;
    let stations = line(&task.capabilities);
    let expected = u32::try_from(stations.len() * Phase::ALL.len() + 2).unwrap_or(u32::MAX)
        + u32::from(matches!(task.source, Some(Source::Git { .. })));
    let mut walk = Walk { history, task, progress: Progress::default(), done: 0, expected };
    match walk.rounds(&stations) {
        Ok(output) => Ok(walk.decision(vec![Command::Complete(output)])),
        Err(Halt::Pending(commands)) => Ok(walk.decision(commands)),
        Err(Halt::Failed(failure)) => Ok(walk.decision(vec![Command::Fail(failure)])),
        Err(Halt::Broken(message)) => Err(message),
    }
}

/// Why a walk does not go further.
enum Halt {
    Pending(Vec<Command>),
    Failed(TaskFailure),
    Broken(String),
}

impl Walk<'_> {
    fn decision(&mut self, commands: Vec<Command>) -> Decision {
        let percent = self.done.saturating_mul(100) / self.expected.max(1);
        self.progress.percent = u8::try_from(percent.min(99)).unwrap_or(99);
        self.progress.at_work = commands.iter().filter_map(at_work).collect();
        if let Some(first) = self.progress.at_work.first() {
            self.progress.current_agent = Some(first.agent.clone());
            self.progress.current_phase = Some(first.phase.clone());
        }
        Decision { commands, progress: std::mem::take(&mut self.progress) }
    }

    fn rounds(&mut self, stations: &[Station]) -> Result<Value, Halt> {
        self.source()?;
        let mut contributions: Vec<Contribution> = Vec::new();
        let mut brief_findings: Vec<Gate> = Vec::new();
        let mut own_gates: Vec<(Station, Vec<Gate>)> = Vec::new();
        let mut summaries: Vec<(Station, String)> = Vec::new();
        let rounds = self.task.scope.rounds();
        let (repairing, judges) = (repair(stations), judges(stations));
        // After the last round, those who judge before coder-ai look once more: what they say in the end is about the end.
        for round in 1..=rounds + 1 {
            let working = match round {
                1 => stations,
                round if round > rounds => judges,
                _ => repairing,
            };
            if round > 1 {
                self.expected = self
                    .expected
                    .saturating_add(u32::try_from(working.len() * Phase::ALL.len() + 2).unwrap_or(0));
            }
            let files = self.survey(round)?;
            for group in groups(working) {
                let is_judged = group.iter().all(|station| judges.contains(station));
                // They found nothing any more and nothing else was wrong: what stands there was verified in the round before.
                if round > 1 && !judges.is_empty() && !is_judged && brief_findings.is_empty() {
                    break;
                }
                let brief = Brief {
                    task: self.task.task.clone(),
                    scope: self.task.scope.as_str().to_owned(),
                    round,
                    files: files.clone(),
                    earlier: contributions.clone(),
                    findings: brief_findings.clone(),
                };
                for (station, finished) in self.group(&group, &brief)? {
                    contributions.retain(|contribution| contribution.personality != station.personality);
                    own_gates.retain(|(other, _)| *other != station);
                    let gates = named(&station, finished.gates);
                    if round > 1 && is_judged {
                        let of = format!("{}: ", station.personality);
                        brief_findings.retain(|finding| !finding.name.starts_with(&of));
                        let failed = gates.iter().filter(|gate| has_failed(gate));
                        brief_findings.extend(failed.cloned());
                    }
                    own_gates.push((station, gates));
                    summaries.retain(|(other, _)| *other != station);
                    summaries.push((station, finished.summary));
                    contributions.push(Contribution {
                        personality: station.personality.to_owned(),
                        details: finished.details,
                    });
                    // `group` answers only once all its stations are through, and a group shares one milestone.
                    if !self.progress.completed_phases.iter().any(|word| word == station.milestone) {
                        self.progress.completed_phases.push(station.milestone.to_owned());
                    }
                }
            }
            let mut report = self.gates(round)?;
            let must_change = self.task.capabilities.iter().any(|capability| capability.changes());
            report.gates.iter_mut().filter(|_| !must_change).for_each(excuse);
            // Every personality's checks are shown; only those whose work can be made again send it back.
            let own: Vec<Gate> = own_gates
                .iter()
                .filter(|(station, _)| repairing.contains(station))
                .flat_map(|(_, gates)| gates.iter().cloned())
                .collect();
            let mut gates = report.gates.clone();
            gates.extend(own_gates.iter().flat_map(|(_, gates)| gates.iter().cloned()));
            let scope = self.task.scope;
            let demanded = |gate: &Gate| must_change || gate.name != CHANGES;
            brief_findings = findings(scope, &report.gates, &own);
            brief_findings.retain(demanded);
            let looks_again = round == rounds
                && own_gates
                    .iter()
                    .any(|(station, gates)| judges.contains(station) && gates.iter().any(has_failed));
            if !brief_findings.is_empty() && !repairing.is_empty() && (round < rounds || looks_again) {
                continue;
            }
            let mut refused = refusals(scope, &report.gates, &own);
            refused.retain(demanded);
            if refused.is_empty() {
                return Ok(output::build(
                    &summary(&summaries),
                    &self.task,
                    &report,
                    gates,
                    &contributions,
                    round,
                ));
            }
            let last = working.last().map(|station| station.personality);
            return Err(Halt::Failed(output::refused(scope, round, last, &refused, &gates)));
        }
        Err(Halt::Broken("a scope has no rounds".to_owned()))
    }

    fn source(&mut self) -> Result<(), Halt> {
        let Some(Source::Git { url, reference }) = self.task.source.clone() else { return Ok(()) };
        let request = SourceRequest { url: url.clone(), reference };
        match self.host("source", || Call::Source(request))? {
            Ok(_) => Ok(()),
            Err((failure, _)) => Err(Halt::Failed(TaskFailure {
                code: "SOURCE_FAILED".to_owned(),
                message: format!("source {url} could not be imported: {failure}"),
                agent: None,
                phase: None,
                details: Value::Null,
            })),
        }
    }

    fn survey(&mut self, round: u32) -> Result<Vec<String>, Halt> {
        let call = || Call::Files(FilesCall::List { path: String::new(), recursive: true });
        match self.host(&format!("survey@{round}"), call)? {
            Ok(Reply::Entries(entries)) => Ok(entries
                .into_iter()
                .filter(|entry| !entry.folder)
                .map(|entry| entry.path)
                .take(BRIEF_FILES)
                .collect()),
            Ok(other) => Err(Halt::Broken(format!("unexpected reply to the survey: {other:?}"))),
            Err((failure, _)) => Err(Halt::Failed(host_failure("WORKSPACE_UNREADABLE", &failure))),
        }
    }

    fn gates(&mut self, round: u32) -> Result<crate::effect::gates::GatesReport, Halt> {
        let call = || Call::Gates(GatesRequest { round });
        match self.host(&format!("gates@{round}"), call)? {
            Ok(Reply::Gates(report)) => Ok(report),
            Ok(other) => Err(Halt::Broken(format!("unexpected reply to the gates: {other:?}"))),
            Err((failure, _)) => Err(Halt::Failed(host_failure("GATES_UNAVAILABLE", &failure))),
        }
    }

    /// One call that the host makes itself. The outer error ends the walk; the inner one is the call's.
    fn host(
        &mut self,
        place: &str,
        call: impl FnOnce() -> Call,
    ) -> Result<Result<Reply, (CallFailure, bool)>, Halt> {
        let work = || Work::Host(Box::new(call()));
        match self.history.standing(&Place::new(place), RetryPolicy::default(), work) {
            Standing::Done(Yield::Reply(reply)) => {
                self.done += 1;
                Ok(Ok(reply))
            }
            Standing::Done(Yield::Output(_)) => {
                Err(Halt::Broken(format!("{place} has a component's output")))
            }
            Standing::Pending(command) => Err(Halt::Pending(vec![command])),
            Standing::Failed { failure, partial } => Ok(Err((failure, partial))),
        }
    }

    /// All stations of a group; they run at the same time.
    fn group(&mut self, group: &[Station], brief: &Brief) -> Result<Vec<(Station, Finished)>, Halt> {
        let mut finished = Vec::new();
        let mut commands = Vec::new();
        for station in group {
            let (phases, standing) = station::walk(self.history, station, brief).map_err(Halt::Broken)?;
            self.done += phases;
            match standing {
                StationStanding::Finished(result) => finished.push((*station, *result)),
                StationStanding::Pending(command) => commands.push(*command),
                StationStanding::Failed(failure) => return Err(Halt::Failed(*failure)),
            }
        }
        if commands.is_empty() { Ok(finished) } else { Err(Halt::Pending(commands)) }
    }
}

/// A line that judges may find that all is well: then no change is no failure.
fn excuse(gate: &mut Gate) {
    if gate.name == CHANGES && has_failed(gate) {
        gate.status = GateStatus::NotRun;
        gate.evidence.push_str("; these capabilities judge, and need not change anything");
    }
}

fn has_failed(gate: &Gate) -> bool {
    gate.status == GateStatus::Failed
}

/// The gates as they are shown and sent back: with the name of who made the check.
fn named(station: &Station, gates: Vec<Gate>) -> Vec<Gate> {
    let name = |gate: &Gate| format!("{}: {}", station.personality, gate.name);
    gates.into_iter().map(|gate| Gate { name: name(&gate), ..gate }).collect()
}

/// What those who made the result say of it, in the order of the line; else what the last one says.
fn summary(summaries: &[(Station, String)]) -> String {
    let told =
        |(station, text): &&(Station, String)| makes(station) && !verifies(station) && !text.is_empty();
    let mut texts: Vec<&str> = Vec::new();
    for (_, text) in summaries.iter().filter(told) {
        if !texts.contains(&text.as_str()) {
            texts.push(text);
        }
    }
    if texts.is_empty() {
        texts.extend(summaries.iter().map(|(_, text)| text.as_str()).rfind(|text| !text.is_empty()));
    }
    texts.join(" ")
}

/// Who works on a command, when it is the phase of a personality.
fn at_work(command: &Command) -> Option<AtWork> {
    let Command::Run { place, .. } = command else { return None };
    let (agent, phase) = place.0.split_once('/')?;
    let agent = agent.split('@').next().unwrap_or(agent);
    Some(AtWork { agent: agent.to_owned(), phase: phase.to_owned() })
}

fn host_failure(code: &str, failure: &CallFailure) -> TaskFailure {
    TaskFailure {
        code: code.to_owned(),
        message: failure.to_string(),
        agent: None,
        phase: None,
        details: json!(null),
    }
}

#[cfg(test)]
mod tests;
