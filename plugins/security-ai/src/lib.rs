//! The personality `security-ai`: it looks through the whole workspace for secrets and for code that is dangerous in its language, with
//! patterns and by how random a text is. It changes nothing: coder-ai gets the findings, and the next round looks again.
//!
//! `go` and `no-go` follow from the findings and the scope, never from what a model says; secrets are masked before anything leaves the
//! scan.
//!
//! Start reading at [`SecurityAi`], then `scan.rs`; the patterns are in `rules.rs`.

mod answer;
mod check;
mod details;
mod question;
mod rules;
mod scan;
#[cfg(test)]
mod tests;

use answer::{First, Fixes, Remark, Threats};
use rigor::{Question, ResearchOf, Risks, Talk, Trade};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct SecurityAi;

rigor::phases! {
    /// Looks for secrets and dangerous code in the workspace, says how they are mended, and decides go or no-go from what is found.
    #[personality(
        id = "security-ai",
        capabilities(
            model("says how findings are mended"),
            files(read, "searches the workspace for secrets and dangerous code"),
        ),
        limits(wall_ms = 600000)
    )]
    SecurityAi
}

impl Trade for SecurityAi {
    const ID: &'static str = "security-ai";
    const DOING: [&'static str; 5] = [
        "searching for secrets and dangerous code",
        "looking for what mending may break",
        "saying how it is mended",
        "ordering the findings",
        "deciding go or no-go",
    ];

    type Facts = details::Facts;
    type Work = details::Reviewed;
    type Measures = details::Measures;
    type Researched = (Threats<false>, Threats<true>);
    type Inspected = (Risks<false>, Risks<true>);
    type Optimized = (First<false>, First<true>);
    type Reviewed = (Remark<false>, Remark<true>);

    fn facts(_brief: &Brief) -> Result<details::Facts> {
        scan::scan()
    }

    fn research(brief: &Brief, facts: &details::Facts) -> Question {
        question::research(brief, facts)
    }

    fn inspect(brief: &Brief) -> Question {
        question::inspect(brief)
    }

    fn reason(brief: &Brief, research: &ResearchOf<Self>, _answer: Option<&Risks<true>>) -> String {
        let facts = &research.facts;
        format!("{} finding(s), {}", facts.findings.len(), check::decision(brief, facts))
    }

    fn make(brief: &Brief, research: &ResearchOf<Self>, talk: Talk) -> Result<Generation<details::Reviewed>> {
        let asked = talk.ask::<(Fixes<false>, Fixes<true>)>("generate", &question::generate(brief))?;
        let confidence = asked.confidence();
        let details = check::reviewed(brief, &research.facts, asked.answer.as_ref(), asked.model);
        Ok(Generation::new(details).confidence(confidence))
    }

    fn retold(brief: &Brief, reviewed: &details::Reviewed, talk: Talk) -> Talk {
        talk.turn("generate", &question::generate(brief), Some(&answer::said(reviewed)))
    }

    fn measures(_facts: &details::Facts, reviewed: &details::Reviewed) -> details::Measures {
        check::measures(reviewed)
    }

    fn optimize(brief: &Brief, _reviewed: &details::Reviewed) -> Question {
        question::optimize(brief)
    }

    fn gates(
        brief: &Brief,
        facts: &details::Facts,
        _made: &Generation<details::Reviewed>,
    ) -> Result<Vec<Gate>> {
        Ok(check::gates(brief, facts))
    }

    fn review(brief: &Brief, _reviewed: &details::Reviewed, failed: &[String]) -> Question {
        question::review(brief, failed)
    }
}
