//! What makes a personality: the questions, computations and checks of its own trade. [`phases`](crate::phases) does the rest.

use skep_sdk::Result;
use skep_sdk::personality::{Brief, Details, Gate, Generation};
use skep_sdk::schema::Schema;

use crate::details::{Inspect, Optimize, Research, Review};
use crate::{Question, Talk};

/// One answer in its two forms: the schema that is asked for at demo, and the one above, in which details keep it.
/// `(Risks<false>, Risks<true>)` is one.
pub trait Answers {
    /// Asked for at demo. What fits it fits `Deep`.
    type Short: Schema;
    /// Asked for above.
    type Deep: Details;
}

impl<Short: Schema, Deep: Details> Answers for (Short, Deep) {
    type Short = Short;
    type Deep = Deep;
}

/// Details of a trade's research.
pub type ResearchOf<T> = Research<<T as Trade>::Facts, <<T as Trade>::Researched as Answers>::Deep>;
/// Details of a trade's inspection.
pub type InspectOf<T> = Inspect<<<T as Trade>::Inspected as Answers>::Deep>;
/// Details of a trade's optimization.
pub type OptimizeOf<T> = Optimize<<T as Trade>::Measures, <<T as Trade>::Optimized as Answers>::Deep>;
/// Details of a trade's review.
pub type ReviewOf<T> = Review<<<T as Trade>::Reviewed as Answers>::Deep>;

/// The trade of a personality. Put `rigor::phases! { … }` beside it, and it is one.
///
/// Each phase asks one question; the functions named like a phase word it. What they get is everything that the question may stand
/// on, so that a later phase can repeat it word for word.
pub trait Trade: Sized {
    /// Its id, which stands in the marker of each question.
    const ID: &'static str;
    /// What a person reads while each of the five phases runs, in their order.
    const DOING: [&'static str; 5];

    /// Computed by research; [`Nothing`](crate::details::Nothing) if it is.
    type Facts: Details;
    /// The deliverable: the details of generate. Later personalities read it.
    type Work: Details;
    /// Computed by optimize about the deliverable.
    type Measures: Details;
    /// Answers of research.
    type Researched: Answers;
    /// Answers of inspect; [`Risks`](crate::Risks) for most.
    type Inspected: Answers;
    /// Answers of optimize.
    type Optimized: Answers;
    /// Answers of review.
    type Reviewed: Answers;

    /// What is known without a model.
    ///
    /// # Errors
    /// When the workspace cannot be read.
    fn facts(brief: &Brief) -> Result<Self::Facts>;

    /// The first question.
    fn research(brief: &Brief, facts: &Self::Facts) -> Question;

    /// What may go wrong?
    fn inspect(brief: &Brief) -> Question;

    /// Why it goes on, as one fragment. A doubt of the model belongs here: it stops nothing.
    fn reason(
        brief: &Brief,
        research: &ResearchOf<Self>,
        answer: Option<&<Self::Inspected as Answers>::Deep>,
    ) -> String;

    /// What must hold before anything is made, beside a task that says something. One that fails ends the task.
    fn conditions(_brief: &Brief) -> Vec<Gate> {
        Vec::new()
    }

    /// Makes the deliverable. `talk` has what research and inspect asked.
    ///
    /// # Errors
    /// What the host says when it cannot ask the model, read or write; and when nothing can be made that the task could go on with.
    fn make(brief: &Brief, research: &ResearchOf<Self>, talk: Talk) -> Result<Generation<Self::Work>>;

    /// Adds the question that made the deliverable, and the deliverable as the answer to it, for the phases after it. Left out where
    /// these are too long to be said again.
    fn retold(_brief: &Brief, _work: &Self::Work, talk: Talk) -> Talk {
        talk
    }

    /// What is computed about the deliverable.
    fn measures(facts: &Self::Facts, work: &Self::Work) -> Self::Measures;

    /// Could it be better?
    fn optimize(brief: &Brief, work: &Self::Work) -> Question;

    /// The confidence after the measures are known.
    fn confidence(before: f32, _measures: &Self::Measures) -> f32 {
        before
    }

    /// The checks of the review, from counts and bytes as they are now, never from an answer. One that fails sends the work back.
    ///
    /// # Errors
    /// When the workspace cannot be read for a reason that may pass.
    fn gates(brief: &Brief, facts: &Self::Facts, made: &Generation<Self::Work>) -> Result<Vec<Gate>>;

    /// The last question; it may name the checks that failed.
    fn review(brief: &Brief, work: &Self::Work, failed: &[String]) -> Question;
}
