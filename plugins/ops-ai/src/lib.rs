//! The personality `ops-ai`: runbooks, health checks, and scripts to deploy, roll back, save and bring back. What it writes is held
//! against the project's own files: commands, services, files and ports that it names have to be there.
//!
//! It runs nothing. Without an answer that can be used it puts the runbook together from the facts.
//!
//! Start reading at [`OpsAi`], then `facts.rs` and `check.rs`; the scanner of shell scripts is `shell.rs`.

mod answer;
mod check;
mod details;
mod facts;
mod question;
mod runbook;
mod shell;
#[cfg(test)]
mod tests;

use answer::{Automated, Duties, Rehearsal};
use rigor::bench::{Bench, Piece};
use rigor::maker::{self, Order};
use rigor::{Question, ResearchOf, Risks, Talk, Trade, paths, project};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct OpsAi;

rigor::phases! {
    /// Says how the project is run: runbooks with verification and rollback, and the scripts that they need.
    #[personality(
        id = "ops-ai",
        capabilities(
            model("writes runbooks and scripts"),
            files(read_write, "reads what the project defines, writes runbooks and scripts"),
        ),
        limits(wall_ms = 600000)
    )]
    OpsAi
}

/// Why a file is not this trade's to write.
fn refuse(path: &str, piece: &Piece) -> Option<String> {
    let folder = path.split('/').next().unwrap_or_default();
    let fits = paths::is_document(path)
        || facts::is_script(path)
        || rigor::commands::is_makefile(path)
        || matches!(folder, "ops" | "deploy" | "runbooks" | "monitoring");
    if !fits {
        return Some(format!(
            "`{path}` is no runbook and no script; how the project runs is written into docs/runbooks and scripts"
        ));
    }
    if !facts::is_script(path) {
        return None;
    }
    let found = shell::problems(&piece.now);
    (!found.is_empty()).then(|| format!("`{path}`: {}", found.join("; ")))
}

impl Trade for OpsAi {
    const ID: &'static str = "ops-ai";
    const DOING: [&'static str; 5] = [
        "reading what the project defines",
        "looking for how it fails",
        "writing runbooks",
        "looking for steps to automate",
        "holding the runbooks against the project",
    ];

    type Facts = details::Facts;
    type Work = details::Operated;
    type Measures = details::Measures;
    type Researched = (Duties<false>, Duties<true>);
    type Inspected = (Risks<false>, Risks<true>);
    type Optimized = (Automated<false>, Automated<true>);
    type Reviewed = (Rehearsal<false>, Rehearsal<true>);

    fn facts(_brief: &Brief) -> Result<details::Facts> {
        facts::gather()
    }

    fn research(brief: &Brief, facts: &details::Facts) -> Question {
        question::research(brief, facts)
    }

    fn inspect(brief: &Brief) -> Question {
        question::inspect(brief)
    }

    fn reason(_brief: &Brief, research: &ResearchOf<Self>, _answer: Option<&Risks<true>>) -> String {
        let facts = &research.facts;
        format!(
            "{} command(s), {} port(s), {} runbook(s) are there",
            facts.commands.len(),
            facts.ports.len(),
            facts.runbooks.len()
        )
    }

    fn make(brief: &Brief, research: &ResearchOf<Self>, talk: Talk) -> Result<Generation<details::Operated>> {
        let all = project::paths()?;
        let mut read: Vec<String> = research.facts.runbooks.clone();
        read.extend(all.into_iter().filter(|path| facts::is_settings(path) && paths::is_text(path)));
        read.truncate(8);
        let told = question::told(brief, &research.facts);
        let deep = if brief.scope() >= Scope::Product {
            format!("{}{}", question::DEEP, question::STRICT)
        } else {
            question::DEEP.to_owned()
        };
        let order = Order {
            personality: Self::ID,
            read: &read,
            facts: &told,
            short: question::SHORT,
            deep: &deep,
            refuse: &|path, piece| Ok(refuse(path, piece)),
        };
        let mut made = maker::make(brief, &talk, &order)?;
        let computed = made.changes.is_empty();
        if computed {
            let mut bench = Bench::default();
            bench.place(runbook::PATH, runbook::text(&brief.task, &research.facts))?;
            let summary = format!("{} says how the project is run, from its own files.", runbook::PATH);
            made = maker::write(brief, Self::ID, bench, made.unused, summary, made.model, 0.4)?;
        }
        let details = details::Operated {
            summary: made.summary,
            changes: made.changes,
            restored: made.restored,
            unused: made.unused,
            computed,
            model: made.model,
        };
        Ok(Generation::new(details).artifacts(made.artifacts).confidence(made.confidence))
    }

    fn measures(facts: &details::Facts, operated: &details::Operated) -> details::Measures {
        let texts: String =
            operated.changes.iter().filter_map(|change| project::text(&change.path).ok().flatten()).collect();
        check::measures(facts, operated, &texts)
    }

    fn optimize(brief: &Brief, _operated: &details::Operated) -> Question {
        question::optimize(brief)
    }

    fn gates(
        brief: &Brief,
        facts: &details::Facts,
        made: &Generation<details::Operated>,
    ) -> Result<Vec<Gate>> {
        check::gates(brief, facts, &made.details)
    }

    fn review(brief: &Brief, _operated: &details::Operated, failed: &[String]) -> Question {
        question::review(brief, failed)
    }
}
