//! `skep agents`: a user's agents on a running host.

mod autonomy;

use super::client::{Client, segment};
use super::show::{confirm, table};
use super::{Common, Failure};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

/// Whose agents.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Id or name of the user.
    #[arg(long, global = true, default_value = "default")]
    user: String,
    #[command(subcommand)]
    verb: AgentsVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AgentsVerb {
    /// List the user's agents.
    List,
    /// Create agents and start them; their keys are shown this once.
    Create {
        /// Lower-case letters, digits and hyphens; several for several agents.
        #[arg(required_unless_present = "count")]
        names: Vec<String>,
        /// So many agents with names of the host's choice.
        #[arg(long, conflicts_with = "names")]
        count: Option<u32>,
        /// core, pro or ultra.
        #[arg(long, conflicts_with = "count")]
        model: Option<String>,
    },
    /// Show an agent.
    Show {
        /// Id or name.
        agent: String,
    },
    /// Start an agent.
    Start {
        /// Id or name.
        agent: String,
        /// Let it tick and begin conversations.
        #[arg(long)]
        autonomy: bool,
        /// Override its configuration until it is stopped, such as temperature=0.8.
        #[arg(long = "set", value_name = "KEY=JSON")]
        settings: Vec<String>,
    },
    /// Stop an agent.
    Stop {
        /// Id or name.
        agent: String,
    },
    /// Delete an agent and everything of it.
    Delete {
        /// Id or name.
        agent: String,
        /// There is no way back.
        #[arg(long)]
        yes: bool,
    },
    /// Give an agent a new key; the old one is dead at once.
    RotateKey {
        /// Id or name.
        agent: String,
    },
    /// Check whether an agent is online.
    Ping {
        /// Id or name.
        agent: String,
    },
    /// Let the user's default agent act on its own, or not; instruct it.
    #[command(subcommand)]
    Autonomy(autonomy::AutonomyVerb),
    /// Show or change the configuration of an agent.
    Config {
        /// Id or name.
        agent: String,
        /// A change, such as model=pro or tools.deny='["files.delete"]'; null is the default again.
        #[arg(value_name = "KEY=JSON")]
        changes: Vec<String>,
    },
}

pub(crate) async fn run(common: &Common, options: Options) -> Result<(), Failure> {
    let client = Client::new(common)?;
    let agents = format!("/api/v1/users/{}/agents", segment(&options.user));
    let path = |agent: &str| format!("{agents}/{}", segment(agent));
    match options.verb {
        AgentsVerb::List => {
            let found = client.all(&agents, "agents").await?;
            common.show(&json!({ "agents": found, "total": found.len() }), |_| {
                table(&found, &["name", "status", "model", "id", "createdAt"]);
            });
        }
        AgentsVerb::Create { names, count, model } => {
            let made = client.post(&agents, &request(&names, count, model.as_deref()), None).await?;
            common.show(&made, |made| {
                table(
                    made.get("agents").and_then(Value::as_array).map_or(&[], Vec::as_slice),
                    &["name", "status", "apiKey"],
                );
                println!("The keys are not shown again.");
            });
        }
        AgentsVerb::Show { agent } => {
            let found = client.get(&path(&agent)).await?;
            common.show(&found, |found| {
                table(std::slice::from_ref(found), &["name", "status", "model", "skills", "id"])
            });
        }
        AgentsVerb::Start { agent, autonomy, settings } => {
            let id = id_of(&client, &path(&agent)).await?;
            let settings = merged(&settings)?;
            let body = json!({ "enableAutonomy": autonomy, "settings": settings });
            let answer = client.post_as(&options.user, &format!("/agents/{id}/start"), &body).await?;
            common.show(&answer, |_| println!("{agent} is active"));
        }
        AgentsVerb::Stop { agent } => {
            let id = id_of(&client, &path(&agent)).await?;
            let answer = client.post_as(&options.user, &format!("/agents/{id}/stop"), &json!({})).await?;
            common.show(&answer, |_| println!("{agent} is inactive"));
        }
        AgentsVerb::Delete { agent, yes } => {
            confirm(yes, &format!("deletes the agent {agent:?} and everything of it"))?;
            client.delete(&path(&agent)).await?;
            common.show(&json!({ "deleted": agent }), |_| println!("{agent} is deleted"));
        }
        AgentsVerb::RotateKey { agent } => {
            let key = client.post(&format!("{}/rotate-key", path(&agent)), &json!({}), None).await?;
            common.show(&key, |key| {
                println!("key {}", key.get("apiKey").and_then(Value::as_str).unwrap_or("-"));
                println!("The key is not shown again; the old one is dead.");
            });
        }
        AgentsVerb::Ping { agent } => {
            let answer = client.get(&format!("{}/ping", path(&agent))).await?;
            common.show(&answer, |answer| {
                let online = answer.get("online").and_then(Value::as_bool) == Some(true);
                let latency = answer.get("latencyMs").cloned().unwrap_or_default();
                println!("{agent} is {} ({latency} ms)", if online { "online" } else { "offline" });
            });
        }
        AgentsVerb::Autonomy(verb) => autonomy::run(common, &client, &options.user, verb).await?,
        AgentsVerb::Config { agent, changes } => {
            let path = format!("{}/config", path(&agent));
            let config = match changes.as_slice() {
                [] => client.get(&path).await?,
                changes => client.patch(&path, &merged(changes)?).await?,
            };
            common.show(&config, |config| {
                println!("{}", serde_json::to_string_pretty(config).unwrap_or_else(|_| config.to_string()));
            });
        }
    }
    Ok(())
}

fn request(names: &[String], count: Option<u32>, model: Option<&str>) -> Value {
    if let Some(count) = count {
        return json!({ "count": count });
    }
    let of_name = |name: &String| {
        let mut fields = Map::from_iter([("name".to_owned(), json!(name))]);
        fields.extend(model.map(|model| ("model".to_owned(), json!(model))));
        Value::Object(fields)
    };
    json!({ "agents": names.iter().map(of_name).collect::<Vec<_>>() })
}

/// Start and stop take the id only.
async fn id_of(client: &Client, path: &str) -> Result<String, Failure> {
    let found = client.get(path).await?;
    let id = found.get("id").and_then(Value::as_str);
    id.map(str::to_owned).ok_or_else(|| Failure::new(format!("the host's answer has no id: {found}")))
}

/// `a.b=VALUE` as `{"a":{"b":VALUE}}`; a value that is no JSON is text.
fn merged(changes: &[String]) -> Result<Value, Failure> {
    let mut whole = json!({});
    for change in changes {
        let Some((key, text)) = change.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(Failure::new(format!("{change:?} is not KEY=VALUE, such as temperature=0.8")));
        };
        let mut value = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        for part in key.rsplit('.') {
            value = Value::Object(Map::from_iter([(part.to_owned(), value)]));
        }
        join(&mut whole, value);
    }
    Ok(whole)
}

/// Objects become one object; the later value of a key counts.
fn join(whole: &mut Value, more: Value) {
    match (whole, more) {
        (Value::Object(whole), Value::Object(more)) => {
            for (key, value) in more {
                match whole.get_mut(&key) {
                    Some(present) => join(present, value),
                    None => drop(whole.insert(key, value)),
                }
            }
        }
        (whole, more) => *whole = more,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn changes_become_one_object() {
        let changes =
            ["model=pro", "tools.allow=[\"files.*\"]", "tools.deny=null", "budget=5"].map(str::to_owned);
        let expected =
            json!({ "model": "pro", "tools": { "allow": ["files.*"], "deny": null }, "budget": 5 });
        assert_eq!(merged(&changes).unwrap(), expected);
        assert!(merged(&["=5".to_owned()]).is_err() && merged(&["model".to_owned()]).is_err());
    }
}
