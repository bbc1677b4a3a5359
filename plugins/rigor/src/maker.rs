//! How a personality of a trade changes files: it shows them to the model, asks for edits and whole files, tries them on the bench,
//! says once what does not fit, and writes what holds. coder-ai has its own way, since it chooses among all files of a project.

use std::collections::BTreeMap;

use skep_sdk::prelude::*;

use crate::bench::{Bench, Piece};
use crate::change::{self, Change, Changes};
use crate::material::{self, Material};
use crate::talk::{bullets, is_deep};
use crate::written;
use crate::{Asked, Question, Talk, kept, paths};

/// Less than this of the files is not worth asking about.
const LEAST_BUDGET: usize = 600;

/// Why a file must not be written, from its path and what would stand there.
pub type Refusal<'order> = dyn Fn(&str, &Piece) -> Result<Option<String>> + 'order;

/// What is asked for.
pub struct Order<'order> {
    /// Who asks.
    pub personality: &'static str,
    /// Files to show, the most telling first.
    pub read: &'order [String],
    /// What stands before the files: computed facts.
    pub facts: &'order str,
    /// What to do, at demo.
    pub short: &'order str,
    /// What to do, above.
    pub deep: &'order str,
    /// What the trade does not write.
    pub refuse: &'order Refusal<'order>,
}

/// What came of it.
#[derive(Debug)]
pub struct Made {
    /// Each file that is written, now or in an earlier round.
    pub changes: Vec<written::Change>,
    /// The same as artifacts.
    pub artifacts: Vec<Artifact>,
    /// Files that are again as they were before the task.
    pub restored: Vec<String>,
    /// What was written now, with what stood there before.
    pub pieces: BTreeMap<String, Piece>,
    /// Edits of the model that could not be made, and why.
    pub unused: Vec<String>,
    /// What the change does, in the words of the model.
    pub summary: String,
    /// Whether its answer could be used.
    pub model: String,
    /// From answers and repairs.
    pub confidence: f32,
}

/// Asks and writes. Nothing usable is no error: what was computed stands, and the checks say what is missing.
///
/// # Errors
/// When the host cannot ask, read or write.
pub fn make(brief: &Brief, talk: &Talk, order: &Order<'_>) -> Result<Made> {
    let (material, question, asked) = first(brief, talk, order)?;
    let confidence = asked.confidence();
    let Some(answer) = asked.answer else {
        return write(
            brief,
            order.personality,
            Bench::default(),
            Vec::new(),
            String::new(),
            asked.model,
            confidence,
        );
    };
    let (mut bench, mut unused) = tried(&material, order, &answer)?;
    let (mut summary, mut model, mut confidence) =
        (answer.summary.trim().to_owned(), asked.model, confidence);
    if !unused.is_empty() {
        progress::report(60, "correcting the change");
        let talk = talk.clone().turn("generate", &question, Some(&answer));
        let again = talk.ask::<Changes>("generate/repair", &change::repair(&unused))?;
        confidence = 0.5;
        if let Some(second) = again.answer {
            let (other, still) = tried(&material, order, &second)?;
            if other.pieces().len() >= bench.pieces().len() {
                (bench, unused, summary) = (other, still, second.summary.trim().to_owned());
            }
            "answered after 1 repair".clone_into(&mut model);
            if unused.is_empty() {
                confidence = 0.7;
            }
        } else {
            model = format!("{model}; repair: {}", again.model);
        }
    }
    write(brief, order.personality, bench, unused, summary, model, confidence)
}

/// Asks with as much of the files as the model takes.
fn first(brief: &Brief, talk: &Talk, order: &Order<'_>) -> Result<(Material, Question, Asked<Change>)> {
    let mut budget = material::budget(brief.scope());
    loop {
        let material = material::gather(brief, order.read, budget)?;
        let question = change::question(worded(brief, order, &material.text));
        match talk.ask::<Changes>("generate", &question) {
            Err(error) if error.kind == ErrorKind::TooLarge && budget / 3 > LEAST_BUDGET => budget /= 3,
            asked => return Ok((material, question, asked?)),
        }
    }
}

fn worded(brief: &Brief, order: &Order<'_>, shown: &str) -> String {
    let deep = is_deep(brief);
    let findings = if brief.findings.is_empty() {
        String::new()
    } else {
        let failed: Vec<String> =
            brief.findings.iter().map(|gate| format!("{}: {}", gate.name, gate.evidence)).collect();
        format!(
            "These checks failed and must hold after your change:\n{}",
            bullets(&failed, if deep { 4_000 } else { 600 })
        )
    };
    let task = crate::talk::cut(&brief.task, if deep { 2_000 } else { 400 });
    let words = if deep { format!("{} {}", order.deep, change::RULES) } else { order.short.to_owned() };
    format!("{shown}{}{findings}TASK: {task}\n{words}\nJSON: {}", order.facts, change::FORM)
}

fn tried(material: &Material, order: &Order<'_>, answer: &Change) -> Result<(Bench, Vec<String>)> {
    let mut bench = Bench::new(&material.parts);
    let mut problems = bench.apply(answer)?;
    problems.extend(bench.refuse(order.refuse)?);
    Ok((bench, problems))
}

/// Writes what stands on a bench, beside what earlier rounds wrote.
///
/// # Errors
/// When the host cannot read or write.
pub fn write(
    brief: &Brief,
    personality: &str,
    bench: Bench,
    unused: Vec<String>,
    summary: String,
    model: String,
    confidence: f32,
) -> Result<Made> {
    progress::report(90, "writing files");
    let earlier = kept::earlier_changes(brief, personality);
    let mut changes = kept::changes(&earlier, &bench)?;
    let summary =
        if bench.is_empty() && !changes.is_empty() { kept::summary(brief, personality) } else { summary };
    let mut artifacts: Vec<Artifact> = changes.iter().map(written::Change::artifact).collect();
    let mut restored = Vec::new();
    for (path, piece) in bench.pieces() {
        let artifact = files::write_artifact(path, &piece.now, paths::kind(path))?;
        let first = earlier.iter().find(|change| change.path == *path);
        let change = written::Change::of(brief.round, path, piece, &artifact.sha256, first);
        if change.before.as_ref() == Some(&artifact.sha256) {
            restored.push(change.path);
        } else {
            changes.push(change);
            artifacts.push(artifact);
        }
    }
    Ok(Made {
        changes,
        artifacts,
        restored,
        pieces: bench.pieces().clone(),
        unused,
        summary,
        model,
        confidence,
    })
}

/// Whether every edit of the model could be made.
pub fn edits_made(unused: &[String]) -> Gate {
    let evidence = if unused.is_empty() { "every edit could be made".to_owned() } else { unused.join("; ") };
    Gate::of("edits-made", unused.is_empty(), evidence)
}

/// One check of many places: failed with the first of them, passed with what was looked at, not run if there was nothing.
pub fn judged(name: &str, problems: &[String], looked_at: usize, what: &str) -> Gate {
    if !problems.is_empty() {
        let shown: Vec<&str> = problems.iter().take(10).map(String::as_str).collect();
        let more = problems.len() - shown.len();
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        return Gate::failed(name, format!("{}{rest}", shown.join("; ")));
    }
    if looked_at == 0 {
        return Gate::not_run(name, format!("there is no {what}"));
    }
    Gate::passed(name, format!("{looked_at} {what}(s)"))
}
