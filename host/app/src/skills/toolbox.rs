//! What the agents of a user can use: the host's skills and the user's own, which stand before those of the same name.

use super::own;
use crate::context::App;
use crate::ports::store_error::StoreError;
use domain::agent::config::AgentConfig;
use domain::id::UserId;
use domain::manifest::{Manifest, PluginKind, Tool};
use std::collections::BTreeMap;

/// One skill.
#[derive(Debug, Clone, Default)]
struct Entry {
    description: String,
    instructions: Option<String>,
    tools: Vec<Tool>,
}

/// All skills of a user's agents, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Toolbox(BTreeMap<String, Entry>);

/// One skill as an agent may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Usable<'a> {
    /// The plugin's name.
    pub(crate) name: &'a str,
    /// What it is for.
    pub(crate) description: &'a str,
    /// What the model reads of it.
    pub(crate) instructions: Option<&'a str>,
    /// The tools that the agent may call, as `skill.tool` with what each does.
    pub(crate) tools: Vec<(String, &'a str)>,
}

impl Toolbox {
    /// The skills that are live now.
    pub(crate) async fn of(app: &App, user: UserId) -> Result<Self, StoreError> {
        let view = app.catalog.view();
        let live = view.live.iter().filter(|((kind, _), _)| *kind == PluginKind::Skill);
        let mut entries: BTreeMap<String, Entry> =
            live.map(|((_, name), plugin)| (name.clone(), entry(&plugin.manifest))).collect();
        for skill in app.ports.skills.list_skills(user).await? {
            let Some(version) = &skill.live else { continue };
            let manifest = own::live(app, user, &skill).map(|(_, plugin)| plugin.manifest);
            if manifest.as_ref().is_some_and(|manifest| manifest.kind != PluginKind::Skill)
                && version.instructions.is_none()
            {
                continue;
            }
            let skills_own = manifest.filter(|manifest| manifest.kind == PluginKind::Skill);
            entries.insert(
                skill.id.clone(),
                Entry {
                    description: version.description.clone(),
                    instructions: version.instructions.clone(),
                    tools: skills_own.map(|manifest| manifest.tools).unwrap_or_default(),
                },
            );
        }
        Ok(Self(entries))
    }

    /// What an agent with this configuration may use. A skill of which it may call nothing is not there for it; one without tools is when
    /// its name is allowed.
    pub(crate) fn usable<'a>(&'a self, config: &AgentConfig) -> Vec<Usable<'a>> {
        let usable = self.0.iter().filter_map(|(name, entry)| {
            let tools: Vec<(String, &str)> = entry
                .tools
                .iter()
                .map(|tool| (format!("{name}.{}", tool.name), tool.description.as_str()))
                .filter(|(tool, _)| config.allows_tool(tool))
                .collect();
            let text_only = entry.tools.is_empty() && config.allows_skill(name);
            (text_only || !tools.is_empty()).then_some(Usable {
                name,
                description: &entry.description,
                instructions: entry.instructions.as_deref(),
                tools,
            })
        });
        usable.collect()
    }
}

fn entry(manifest: &Manifest) -> Entry {
    Entry { description: manifest.description.clone(), instructions: None, tools: manifest.tools.clone() }
}
