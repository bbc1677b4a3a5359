//! Calls into the exports of the three worlds.

use super::convert::{context_to_guest, error_from_guest};
use super::{personality, phases, skill, step};
use crate::output::{Answered, json_output};
use crate::state::State;
use domain::component::{CallContext, Export};
use domain::manifest::PluginKind;
use wasmtime::Store;
use wasmtime::component::InstancePre;

/// A linked component whose exports have been found and type-checked once, so that a call does neither.
pub(crate) enum Guest {
    /// World `skill`.
    Skill(skill::SkillPre<State>),
    /// World `personality`.
    Personality(personality::PersonalityPre<State>),
    /// World `step`.
    Step(step::StepPre<State>),
}

impl Guest {
    /// Find the exports of the world.
    ///
    /// # Errors
    /// wasmtime's, when an export is missing or has another type.
    pub(crate) fn new(kind: PluginKind, linked: InstancePre<State>) -> wasmtime::Result<Self> {
        Ok(match kind {
            PluginKind::Skill => Self::Skill(skill::SkillPre::new(linked)?),
            PluginKind::Personality => Self::Personality(personality::PersonalityPre::new(linked)?),
            PluginKind::Step => Self::Step(step::StepPre::new(linked)?),
        })
    }

    /// The interface that a component of this kind exports.
    pub(crate) fn interface(kind: PluginKind) -> String {
        format!("skep:plugin/{}-guest@0.1.0", kind.as_str())
    }

    fn kind(&self) -> PluginKind {
        match self {
            Self::Skill(_) => PluginKind::Skill,
            Self::Personality(_) => PluginKind::Personality,
            Self::Step(_) => PluginKind::Step,
        }
    }

    /// Make an instance and call nothing.
    pub(crate) async fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<()> {
        match self {
            Self::Skill(linked) => linked.instantiate_async(store).await.map(|_| ()),
            Self::Personality(linked) => linked.instantiate_async(store).await.map(|_| ()),
            Self::Step(linked) => linked.instantiate_async(store).await.map(|_| ()),
        }
    }

    /// Make an instance and call the export.
    pub(crate) async fn call(
        &self,
        store: &mut Store<State>,
        export: Export,
        context: CallContext,
    ) -> wasmtime::Result<Answered> {
        let context = context_to_guest(context);
        match (self, export) {
            (Self::Skill(linked), Export::Tool { tool, arguments }) => {
                let instance = linked.instantiate_async(&mut *store).await?;
                let guest = instance.skep_plugin_skill_guest();
                let arguments = arguments.to_string();
                let answer = guest.call_call(store, &tool, &arguments, &context).await?;
                Ok(answer.map_or_else(|error| Answered::Error(error_from_guest(error)), json_output))
            }
            (Self::Step(linked), Export::Step { config, input }) => {
                let instance = linked.instantiate_async(&mut *store).await?;
                let guest = instance.skep_plugin_step_guest();
                let (config, input) = (config.to_string(), input.to_string());
                let answer = guest.call_run(store, &config, &input, &context).await?;
                Ok(answer.map_or_else(|error| Answered::Error(error_from_guest(error)), json_output))
            }
            (Self::Personality(linked), Export::Phase(input)) => {
                let instance = linked.instantiate_async(&mut *store).await?;
                phases::call(instance.skep_plugin_personality_guest(), store, *input, &context).await
            }
            (guest, export) => Ok(Answered::WrongKind(format!(
                "the component is a {}, it has no {}",
                guest.kind().as_str(),
                match export {
                    Export::Tool { tool, .. } => format!("tool {tool:?}"),
                    Export::Phase(input) => format!("phase {}", input.phase().as_str()),
                    Export::Step { .. } => "step".to_owned(),
                }
            ))),
        }
    }
}
