//! The change itself: ask, try, ask once more, write.

use rigor::bench::Bench;
use rigor::change::{Change, SmallChange};
use rigor::material::{self, Material};
use rigor::talk::{is_deep, nothing_usable};
use rigor::{Asked, Question, Talk, Trade as _, earlier, kept, paths, written};
use skep_sdk::prelude::*;

use crate::answer::{Creation, SmallCreation};
use crate::{CoderAi, details, document, question};

/// Less than this of the files is not worth asking about.
const LEAST_BUDGET: usize = 600;

/// What came of asking, ready to be written.
struct Work {
    bench: Bench,
    summary: String,
    unused: Vec<String>,
    model: String,
    confidence: f32,
}

/// Makes the change and writes it.
///
/// # Errors
/// When the host cannot read, write or ask, and above demo when nothing at all can be used.
pub(crate) fn change(brief: &Brief, read: &[String], talk: &Talk) -> Result<Generation<details::Changed>> {
    let creation = !brief.files.iter().any(|path| paths::is_text(path));
    let (material, question, asked) = first(brief, read, talk, creation)?;
    let mut work = settle(brief, &material, talk, &question, asked, creation)?;
    if brief.scope() >= Scope::Product && !work.bench.is_empty() {
        checked(talk, &mut work)?;
    }
    let before = kept::earlier_changes(brief, CoderAi::ID);
    let kept = kept::changes(&before, &work.bench)?;
    if work.bench.is_empty()
        && kept.is_empty()
        && let Some(needless) = audited(brief)
    {
        return Ok(nothing(brief, work, &material, needless));
    }
    if work.bench.is_empty() && !kept.is_empty() {
        // The gates judge the work of the round before once more.
        work.summary = kept::summary(brief, CoderAi::ID);
        work.confidence = work.confidence.min(0.4);
    } else if work.bench.is_empty() {
        if is_deep(brief) {
            let mut reasons = work.unused;
            reasons.push(work.model);
            return Err(nothing_usable("no change came of the task", &reasons.join("; ")));
        }
        return document::instead(brief, &work.unused, &work.model);
    }
    progress::report(90, "writing files");
    let mut artifacts: Vec<Artifact> = kept.iter().map(written::Change::artifact).collect();
    let (mut changes, mut restored) = (kept, Vec::new());
    for (path, piece) in work.bench.pieces() {
        let artifact = files::write_artifact(path, &piece.now, paths::kind(path))?;
        let first = before.iter().find(|change| change.path == *path);
        let change = written::Change::of(brief.round, path, piece, &artifact.sha256, first);
        if change.before.as_ref() == Some(&artifact.sha256) {
            restored.push(change.path);
        } else {
            changes.push(change);
            artifacts.push(artifact);
        }
    }
    let details = details::Changed {
        summary: if work.summary.is_empty() {
            format!("{} file(s) changed.", changes.len())
        } else {
            work.summary
        },
        changes,
        restored,
        unused: work.unused,
        read: material.read,
        needless: false,
        findings: findings(brief),
        model: work.model,
    };
    Ok(Generation::new(details).artifacts(artifacts).confidence(work.confidence))
}

/// Where security-ai has judged the project and nobody planned a change: whether it found nothing to mend.
fn audited(brief: &Brief) -> Option<bool> {
    let judged = earlier::details(brief, "security-ai");
    let is_audit = !judged.is_null() && earlier::details(brief, "planner-ai").is_null();
    is_audit.then(|| earlier::texts(&judged, "mend").is_empty())
}

/// No change: nothing had to be mended, or nothing could be. The checks of security-ai say which, so this is no error.
fn nothing(brief: &Brief, work: Work, material: &Material, needless: bool) -> Generation<details::Changed> {
    let summary = if needless { "Nothing had to be changed." } else { "No change came of the findings." };
    let details = details::Changed {
        summary: summary.to_owned(),
        changes: Vec::new(),
        restored: Vec::new(),
        unused: work.unused,
        read: material.read.clone(),
        needless,
        findings: findings(brief),
        model: work.model,
    };
    Generation::new(details).confidence(if needless { work.confidence } else { 0.2 })
}

/// The failed checks that sent the work back.
pub(crate) fn findings(brief: &Brief) -> Vec<String> {
    brief.findings.iter().map(|gate| format!("{}: {}", gate.name, gate.evidence)).collect()
}

/// Asks with as much of the files as the model takes.
fn first(
    brief: &Brief,
    read: &[String],
    talk: &Talk,
    creation: bool,
) -> Result<(Material, Question, Asked<Change>)> {
    let mut budget = material::budget(brief.scope());
    loop {
        let material = material::gather(brief, read, budget)?;
        let question = question::generate(brief, &material, creation);
        progress::report(20, "writing the change");
        match ask(talk, "generate", &question, creation) {
            Err(error) if error.kind == ErrorKind::TooLarge && budget / 3 > LEAST_BUDGET => budget /= 3,
            other => return Ok((material, question, other?)),
        }
    }
}

fn ask(talk: &Talk, phase: &str, question: &Question, creation: bool) -> Result<Asked<Change>> {
    if !creation {
        return talk.ask::<(SmallChange, Change)>(phase, question);
    }
    let asked = talk.ask::<(SmallCreation, Creation)>(phase, question)?;
    Ok(Asked { answer: asked.answer.map(Change::from), model: asked.model, repairs: asked.repairs })
}

/// Tries the answer; tells the model once what cannot be made and takes the better of both answers.
fn settle(
    brief: &Brief,
    material: &Material,
    talk: &Talk,
    question: &Question,
    asked: Asked<Change>,
    creation: bool,
) -> Result<Work> {
    let confidence = asked.confidence();
    let Some(change) = asked.answer else {
        let bench = Bench::new(&material.parts);
        return Ok(Work {
            bench,
            summary: String::new(),
            unused: Vec::new(),
            model: asked.model,
            confidence,
        });
    };
    let mut bench = Bench::new(&material.parts);
    let mut unused = bench.apply(&change)?;
    // In a round of repair there may be nothing left to do, and after a scan that found nothing, nothing at all.
    let may_idle = brief.round > 1 || audited(brief) == Some(true);
    if bench.is_empty() && unused.is_empty() && !may_idle {
        unused.push("the answer has no edit and no file".to_owned());
    }
    let summary = change.summary.trim().to_owned();
    if unused.is_empty() {
        return Ok(Work { bench, summary, unused, model: asked.model, confidence });
    }
    log::info("a change cannot be made as the model wrote it", &[("problems", &unused.join("; "))]);
    progress::report(60, "correcting the change");
    let talk = talk.clone().turn("generate", question, Some(&change));
    let again = ask(&talk, "generate/repair", &question::repair(brief, &unused, creation), creation)?;
    let confidence = if is_deep(brief) { 0.7 } else { 0.6 };
    let Some(second) = again.answer else {
        let model = format!("{}; repair: {}", asked.model, again.model);
        let confidence = if bench.is_empty() { 0.4 } else { 0.5 };
        return Ok(Work { bench, summary, unused, model, confidence });
    };
    let mut second_bench = Bench::new(&material.parts);
    let mut second_unused = second_bench.apply(&second)?;
    if second_bench.is_empty() && second_unused.is_empty() && !may_idle {
        second_unused.push("the corrected answer has no edit and no file".to_owned());
    }
    let second_is_better = (second_bench.pieces().len(), usize::MAX - second_unused.len())
        >= (bench.pieces().len(), usize::MAX - unused.len());
    let model = "answered after 1 repair".to_owned();
    let (bench, summary, unused) = if second_is_better {
        (second_bench, second.summary.trim().to_owned(), second_unused)
    } else {
        (bench, summary, unused)
    };
    let confidence = if unused.is_empty() { confidence } else { 0.5 };
    Ok(Work { bench, summary, unused, model, confidence })
}

/// Lets the model read what it has made and correct it. A correction that cannot be made whole is not made at all.
fn checked(talk: &Talk, work: &mut Work) -> Result<()> {
    progress::report(70, "reading the change again");
    let mut shown = String::new();
    for (path, piece) in work.bench.pieces() {
        let text = rigor::talk::cut(&piece.now, 12_000);
        shown.push_str(&format!("FILE {path}\n{text}\nEND\n"));
    }
    let asked = talk.ask::<(SmallChange, Change)>("generate/check", &question::check(&shown))?;
    let Some(correction) = asked.answer else {
        work.model = format!("{}; check: {}", work.model, asked.model);
        return Ok(());
    };
    if correction.edits.is_empty() && correction.files.is_empty() {
        return Ok(());
    }
    let mut bench = work.bench.clone();
    let problems = bench.apply(&correction)?;
    if problems.is_empty() {
        work.bench = bench;
        work.summary = correction.summary.trim().to_owned();
        work.model = format!("{}, corrected after a check of its own", work.model);
    } else {
        work.model = format!("{}; a correction could not be made: {}", work.model, problems.join("; "));
        work.confidence = work.confidence.min(0.6);
    }
    Ok(())
}
