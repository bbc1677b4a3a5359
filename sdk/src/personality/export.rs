//! Between the records of the WIT, whose details are JSON text, and the typed ones.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    Brief, GenerateInput, Generation, InspectInput, Inspection, Optimization, OptimizeInput, Personality,
    Review, ReviewInput,
};
use crate::bindings::imports::skep::plugin::types;
use crate::bindings::personality::exports::skep::plugin::personality_guest as wire;
use crate::{Context, Error, Result, guest, manifest};

/// The personalities of a plugin, by id. `#[personality]` implements it.
pub trait Personalities: manifest::Manifest {
    /// Shows the visitor the personality that is asked for.
    fn visit<V: Visitor>(id: Option<&str>, visitor: V) -> Result<V::Output>;
}

/// Does something with a personality.
pub trait Visitor {
    /// What comes out.
    type Output;
    /// Called with the type.
    fn visit<P: Personality>(self) -> Result<Self::Output>;
}

/// The plugin does not have this personality.
pub fn no_such_personality(id: Option<&str>) -> Error {
    match id {
        Some(id) => Error::not_found(format!("this plugin has no personality `{id}`")),
        None => Error::invalid_input("this plugin has several personalities; the call must say which"),
    }
}

/// One call of a phase.
struct Call<'call, I> {
    input: I,
    context: &'call Context,
}

/// A visitor for each phase: reads the input, calls, writes the output.
macro_rules! phase {
    ($name:ident, $function:ident, $input:ty, $output:ty, |$in:ident, $personality:ident| $typed:expr, |$out:ident| $written:expr) => {
        struct $name<'call>(Call<'call, $input>);

        impl Visitor for $name<'_> {
            type Output = $output;

            fn visit<$personality: Personality>(self) -> Result<$output> {
                let Call { input: $in, context } = self.0;
                let typed = $typed;
                let $out = $personality::$function(&typed, context)?;
                Ok($written)
            }
        }
    };
}

phase!(Research, research, Brief, wire::ResearchOutput, |brief, P| brief, |details| wire::ResearchOutput {
    details: manifest::answer(&details)?
});

phase!(
    Inspect,
    inspect,
    wire::InspectInput,
    wire::InspectOutput,
    |input, P| InspectInput::<P> { brief: input.brief, research: read("research", &input.research.details)? },
    |output| wire::InspectOutput {
        decision: output.decision,
        gates: output.gates,
        details: manifest::answer(&output.details)?
    }
);

phase!(
    Generate,
    generate,
    wire::GenerateInput,
    wire::GenerateOutput,
    |input, P| GenerateInput::<P> {
        brief: input.brief,
        research: read("research", &input.research.details)?,
        inspect: inspection(input.inspect)?,
    },
    |output| wire::GenerateOutput {
        artifacts: output.artifacts,
        confidence: output.confidence,
        details: manifest::answer(&output.details)?,
    }
);

phase!(
    Optimize,
    optimize,
    wire::OptimizeInput,
    wire::OptimizeOutput,
    |input, P| OptimizeInput::<P> {
        brief: input.brief,
        research: read("research", &input.research.details)?,
        inspect: inspection(input.inspect)?,
        generate: generation(input.generate)?,
    },
    |output| wire::OptimizeOutput {
        artifacts: output.artifacts,
        confidence: output.confidence,
        details: manifest::answer(&output.details)?,
    }
);

phase!(
    ReviewPhase,
    review,
    wire::ReviewInput,
    wire::ReviewOutput,
    |input, P| ReviewInput::<P> {
        brief: input.brief,
        research: read("research", &input.research.details)?,
        inspect: inspection(input.inspect)?,
        generate: generation(input.generate)?,
        optimize: Optimization {
            artifacts: input.optimize.artifacts,
            confidence: input.optimize.confidence,
            details: read("optimize", &input.optimize.details)?,
        },
    },
    |output| review(&output)?
);

fn read<D: DeserializeOwned>(phase: &str, json: &str) -> Result<D> {
    manifest::input(&format!("details of the phase {phase}"), json)
}

fn inspection<D: DeserializeOwned>(output: wire::InspectOutput) -> Result<Inspection<D>> {
    Ok(Inspection {
        decision: output.decision,
        gates: output.gates,
        details: read("inspect", &output.details)?,
    })
}

fn generation<D: DeserializeOwned>(output: wire::GenerateOutput) -> Result<Generation<D>> {
    Ok(Generation {
        artifacts: output.artifacts,
        confidence: output.confidence,
        details: read("generate", &output.details)?,
    })
}

fn review<D: Serialize>(output: &Review<D>) -> Result<wire::ReviewOutput> {
    Ok(wire::ReviewOutput {
        verdict: output.verdict,
        gates: output.gates.clone(),
        details: manifest::answer(&output.details)?,
    })
}

/// Each export is the same but for its types.
macro_rules! export {
    ($($function:ident($input:ty) -> $output:ty = $visitor:ident;)*) => {
        impl<T: Personalities> wire::Guest for T {$(
            fn $function(input: $input, context: types::Context) -> Result<$output, types::Error> {
                guest::begin();
                let context = Context::from(context);
                let visitor = $visitor(Call { input, context: &context });
                Ok(T::visit(context.personality.as_deref(), visitor)?)
            }
        )*}
    };
}

export! {
    research(Brief) -> wire::ResearchOutput = Research;
    inspect(wire::InspectInput) -> wire::InspectOutput = Inspect;
    generate(wire::GenerateInput) -> wire::GenerateOutput = Generate;
    optimize(wire::OptimizeInput) -> wire::OptimizeOutput = Optimize;
    review(wire::ReviewInput) -> wire::ReviewOutput = ReviewPhase;
}
