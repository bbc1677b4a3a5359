//! The five phases, alike for all personalities: compute, put the question after everything that was asked before, keep both.

use skep_sdk::personality::{Brief, Generation, Inspection, Optimization, Review};
use skep_sdk::{Result, progress};

use crate::trade::{InspectOf, OptimizeOf, ResearchOf, ReviewOf, Trade};
use crate::{Asked, Talk, details, task};

/// Makes a [`Trade`] a personality of the SDK: write the description and `#[personality(…)]` into it, and the name of the type.
#[macro_export]
macro_rules! phases {
    ($(#[$($attribute:tt)*])* $trade:ident) => {
        $(#[$($attribute)*])*
        impl ::skep_sdk::personality::Personality for $trade {
            type Research = $crate::trade::ResearchOf<Self>;
            type Inspect = $crate::trade::InspectOf<Self>;
            type Generate = <Self as $crate::Trade>::Work;
            type Optimize = $crate::trade::OptimizeOf<Self>;
            type Review = $crate::trade::ReviewOf<Self>;

            fn research(
                brief: &::skep_sdk::personality::Brief,
                _context: &::skep_sdk::Context,
            ) -> ::skep_sdk::Result<Self::Research> {
                $crate::phases::research::<Self>(brief)
            }

            fn inspect(
                input: &::skep_sdk::personality::InspectInput<Self>,
                _context: &::skep_sdk::Context,
            ) -> ::skep_sdk::Result<::skep_sdk::personality::Inspection<Self::Inspect>> {
                $crate::phases::inspect::<Self>(&input.brief, &input.research)
            }

            fn generate(
                input: &::skep_sdk::personality::GenerateInput<Self>,
                _context: &::skep_sdk::Context,
            ) -> ::skep_sdk::Result<::skep_sdk::personality::Generation<Self::Generate>> {
                $crate::phases::generate::<Self>(&input.brief, &input.research, &input.inspect.details)
            }

            fn optimize(
                input: &::skep_sdk::personality::OptimizeInput<Self>,
                _context: &::skep_sdk::Context,
            ) -> ::skep_sdk::Result<::skep_sdk::personality::Optimization<Self::Optimize>> {
                $crate::phases::optimize::<Self>(
                    &input.brief,
                    &input.research,
                    &input.inspect.details,
                    &input.generate,
                )
            }

            fn review(
                input: &::skep_sdk::personality::ReviewInput<Self>,
                _context: &::skep_sdk::Context,
            ) -> ::skep_sdk::Result<::skep_sdk::personality::Review<Self::Review>> {
                $crate::phases::review::<Self>(
                    &input.brief,
                    &input.research,
                    &input.inspect.details,
                    &input.generate,
                )
            }
        }
    };
}

/// Computes the facts and asks. A task that says nothing is not worth asking about.
///
/// # Errors
/// When the host cannot ask or read.
pub fn research<T: Trade>(brief: &Brief) -> Result<ResearchOf<T>> {
    let [doing, _, _, _, _] = T::DOING;
    progress::report(10, doing);
    let facts = T::facts(brief)?;
    let asked = if task::stated(&brief.task).is_failed() {
        Asked::not_asked("the task says nothing that can be done")
    } else {
        let question = T::research(brief, &facts);
        Talk::new(T::ID, brief).ask::<T::Researched>("research", &question)?
    };
    Ok(details::Research { facts, answer: asked.answer, model: asked.model })
}

/// Asks for risks; goes on unless a condition fails.
///
/// # Errors
/// When the host cannot ask.
pub fn inspect<T: Trade>(brief: &Brief, research: &ResearchOf<T>) -> Result<Inspection<InspectOf<T>>> {
    let [_, doing, _, _, _] = T::DOING;
    let stated = task::stated(&brief.task);
    if stated.is_failed() {
        let reason = stated.evidence.clone();
        let model = Asked::<()>::not_asked(&reason).model;
        return Ok(Inspection::no_go(details::Inspect { reason, answer: None, model }).gate(stated));
    }
    progress::report(10, doing);
    let talk = after_research::<T>(brief, research);
    let asked = talk.ask::<T::Inspected>("inspect", &T::inspect(brief))?;
    let reason = T::reason(brief, research, asked.answer.as_ref());
    let details = details::Inspect { reason, answer: asked.answer, model: asked.model };
    Ok(T::conditions(brief).into_iter().fold(Inspection::go(details).gate(stated), Inspection::gate))
}

/// Lets the trade make its deliverable.
///
/// # Errors
/// What the trade says.
pub fn generate<T: Trade>(
    brief: &Brief,
    research: &ResearchOf<T>,
    inspect: &InspectOf<T>,
) -> Result<Generation<T::Work>> {
    let [_, _, doing, _, _] = T::DOING;
    progress::report(10, doing);
    T::make(brief, research, after_inspect::<T>(brief, research, inspect))
}

/// Measures the deliverable and asks what could be better. It stays as it is: an answer is a remark for people.
///
/// # Errors
/// When the host cannot ask.
pub fn optimize<T: Trade>(
    brief: &Brief,
    research: &ResearchOf<T>,
    inspect: &InspectOf<T>,
    made: &Generation<T::Work>,
) -> Result<Optimization<OptimizeOf<T>>> {
    let (work, [_, _, _, doing, _]) = (&made.details, T::DOING);
    progress::report(10, doing);
    let talk = after_inspect::<T>(brief, research, inspect);
    let asked = T::retold(brief, work, talk).ask::<T::Optimized>("optimize", &T::optimize(brief, work))?;
    let measures = T::measures(&research.facts, work);
    let confidence = T::confidence(made.confidence, &measures);
    Ok(Optimization::new(details::Optimize { measures, answer: asked.answer, model: asked.model })
        .artifacts(made.artifacts.iter().cloned())
        .confidence(confidence))
}

/// Checks the deliverable, then asks what the checks cannot see.
///
/// # Errors
/// When the host cannot ask or read.
pub fn review<T: Trade>(
    brief: &Brief,
    research: &ResearchOf<T>,
    inspect: &InspectOf<T>,
    made: &Generation<T::Work>,
) -> Result<Review<ReviewOf<T>>> {
    let (work, [_, _, _, _, doing]) = (&made.details, T::DOING);
    progress::report(10, doing);
    let gates = T::gates(brief, &research.facts, made)?;
    let failed: Vec<String> =
        gates.iter().filter(|gate| gate.is_failed()).map(|gate| gate.name.clone()).collect();
    let talk = after_inspect::<T>(brief, research, inspect);
    let question = T::review(brief, work, &failed);
    let asked = T::retold(brief, work, talk).ask::<T::Reviewed>("review", &question)?;
    let reason = if failed.is_empty() {
        format!("{} check(s), none failed", gates.len())
    } else {
        format!("failed: {}", failed.join(", "))
    };
    let review = Review::accept(details::Review { reason, answer: asked.answer, model: asked.model });
    Ok(gates.into_iter().fold(review, Review::gate))
}

fn after_research<T: Trade>(brief: &Brief, research: &ResearchOf<T>) -> Talk {
    let question = T::research(brief, &research.facts);
    Talk::new(T::ID, brief).turn("research", &question, research.answer.as_ref())
}

fn after_inspect<T: Trade>(brief: &Brief, research: &ResearchOf<T>, inspect: &InspectOf<T>) -> Talk {
    after_research::<T>(brief, research).turn("inspect", &T::inspect(brief), inspect.answer.as_ref())
}

#[cfg(test)]
mod tests;
