//! The change itself: ask, try, ask once more, write.

use rigor::talk::{is_deep, nothing_usable};
use rigor::{Asked, Question, Talk, paths};
use skep_sdk::prelude::*;

use crate::answer::{Change, Creation, SmallChange, SmallCreation};
use crate::bench::{Bench, Piece};
use crate::material::{self, Material};
use crate::{details, document, kept, question};

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
    let earlier = kept::earlier_changes(brief);
    let kept = kept::changes(&earlier, &work.bench)?;
    if work.bench.is_empty() && !kept.is_empty() {
        // The gates judge the work of the round before once more.
        work.summary = kept::summary(brief);
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
    let mut artifacts: Vec<Artifact> = kept.iter().map(kept::artifact).collect();
    let (mut changes, mut restored) = (kept, Vec::new());
    for (path, piece) in work.bench.pieces() {
        let artifact = files::write_artifact(path, &piece.now, paths::kind(path))?;
        let first = earlier.iter().find(|change| change.path == *path);
        let change = described(brief.round, path, piece, &artifact.sha256, first);
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
        findings: findings(brief),
        model: work.model,
    };
    Ok(Generation::new(details).artifacts(artifacts).confidence(work.confidence))
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
    // In a round of repair there may be nothing left to do.
    if bench.is_empty() && unused.is_empty() && brief.round == 1 {
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
    if second_bench.is_empty() && second_unused.is_empty() && brief.round == 1 {
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

/// `first` is what an earlier round did to the file: against the project as it was, that decides what the change is.
fn described(
    round: u32,
    path: &str,
    piece: &Piece,
    sha256: &str,
    first: Option<&details::Change>,
) -> details::Change {
    let before = piece.before.as_deref().unwrap_or_default();
    let (change, first_sha256) = match (first, &piece.before) {
        (Some(first), _) => (first.change.as_str(), first.before.clone()),
        (None, Some(text)) => ("modify", Some(skep_sdk::sha256(text.as_bytes()))),
        (None, None) => ("create", None),
    };
    let note = match (&piece.before, piece.edits) {
        (None, _) => "new file".to_owned(),
        (Some(_), 1) => "one edit".to_owned(),
        (Some(_), more) => format!("{more} edits"),
    };
    details::Change {
        path: path.to_owned(),
        change: change.to_owned(),
        sha256: sha256.to_owned(),
        before: first_sha256,
        lines_added: lines_only_in(&piece.now, before),
        lines_removed: lines_only_in(before, &piece.now),
        note,
        round,
    }
}

/// Lines of the first text that the second does not have, repeated ones counted.
fn lines_only_in(text: &str, other: &str) -> u32 {
    let mut known: std::collections::BTreeMap<&str, u32> = std::collections::BTreeMap::new();
    for line in other.lines() {
        *known.entry(line).or_default() += 1;
    }
    let mut count = 0;
    for line in text.lines() {
        match known.get_mut(line) {
            Some(left) if *left > 0 => *left -= 1,
            _ => count += 1,
        }
    }
    count
}
