//! Whether every phase's output fits the schema that its personality's manifest has for it.

use crate::effects::attempt::Attempt;
use crate::effects::recorded::restore_output;
use crate::effects::schema;
use crate::ports::store_error::StoreError;
use domain::component::Output;
use domain::effect::bounded;
use domain::id::Digest;
use domain::journal::{Entry, EntryBody};
use domain::manifest::Manifest;
use domain::rigor::gate::{self, Gate, GateStatus};
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as MapEntry;

/// The details of one phase and what they must fit.
pub(super) struct Answer {
    /// `PERSONALITY/PHASE`.
    pub(super) name: String,
    /// None where the manifest has none.
    pub(super) schema: Option<Value>,
    pub(super) details: Value,
}

/// What the phases answered so far, from the journal, with the schemas of the components that answered.
pub(super) async fn answers(attempt: &Attempt) -> Result<Vec<Answer>, StoreError> {
    let mut manifests: BTreeMap<Digest, Option<Manifest>> = BTreeMap::new();
    let mut answers = Vec::new();
    for (scope, entries) in attempt.entries() {
        let Some((personality, _)) = scope.place.0.split_once('@') else { continue };
        let Some((digest, output)) = ended(attempt, &entries).await? else { continue };
        let Output::Phase(output) = output else { continue };
        if let MapEntry::Vacant(place) = manifests.entry(digest) {
            place.insert(manifest(attempt, digest).await?);
        }
        let found = manifests
            .get(&digest)
            .and_then(Option::as_ref)
            .and_then(|manifest| schema::of_phase(manifest, personality, &output).cloned());
        answers.push(Answer {
            name: format!("{personality}/{}", output.phase().as_str()),
            schema: found,
            details: output.details().clone(),
        });
    }
    Ok(answers)
}

/// The component and output of a scope that ended well.
async fn ended(attempt: &Attempt, entries: &[Entry]) -> Result<Option<(Digest, Output)>, StoreError> {
    let digest = entries.iter().find_map(|entry| match &entry.body {
        EntryBody::Start(start) => start.digest,
        EntryBody::Call(_) | EntryBody::End(_) => None,
    });
    let recorded = entries.iter().find_map(|entry| match &entry.body {
        EntryBody::End(end) => end.result.as_ref().ok(),
        EntryBody::Start(_) | EntryBody::Call(_) => None,
    });
    let (Some(digest), Some(recorded)) = (digest, recorded) else { return Ok(None) };
    let output = restore_output(attempt.app.ports.blobs.as_ref(), recorded).await?;
    Ok(output.map(|output| (digest, output)))
}

async fn manifest(attempt: &Attempt, digest: Digest) -> Result<Option<Manifest>, StoreError> {
    if let Some(plugin) = attempt.app.catalog.by_digest(digest) {
        return Ok(Some(plugin.manifest.clone()));
    }
    if let Some(record) = attempt.app.ports.plugins.find_plugin(digest).await? {
        return Ok(Some(record.manifest));
    }
    attempt.app.ports.skills.find_component(attempt.task.new.user, digest).await
}

/// Failed by an answer that does not fit; not run where an answer has nothing to fit.
pub(super) fn gate(answers: &[Answer]) -> Gate {
    let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer.schema.as_ref().map(|schema| schema::check(schema, &answer.details)) {
            None => unknown.push(answer.name.as_str()),
            Some(Ok(())) => {}
            Some(Err(problem)) => wrong.push(format!("{}: {problem}", answer.name)),
        }
    }
    let (status, evidence) = if !wrong.is_empty() {
        (GateStatus::Failed, wrong.join("; "))
    } else if !unknown.is_empty() {
        (GateStatus::NotRun, format!("no schema in the manifest for {}", unknown.join(", ")))
    } else {
        (
            GateStatus::Passed,
            format!("{} answer(s) of phases fit the schemas of their manifests", answers.len()),
        )
    };
    Gate { name: gate::SCHEMA.to_owned(), status, evidence: bounded(evidence, 2000) }
}
