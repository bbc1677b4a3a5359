//! `kv`: small state of a plugin for an agent, under the quota of its grant.

use super::host::{Halt, Performed};
use super::live::Live;
use domain::effect::{CallError, ErrorKind, KvCall, Reply};
use domain::journal::LocalEffect;
use domain::manifest::grant::Capability;

/// Longest key in bytes.
const KEY_LIMIT: usize = 256;

pub(super) async fn perform(live: &Live, call: &KvCall) -> Result<Performed, Halt> {
    let attempt = &live.host.attempt;
    let kv = &attempt.app.ports.kv;
    let Some(plugin) = &live.host.plugin else {
        return Ok(Performed::error(CallError::new(
            ErrorKind::Denied,
            "no-plugin",
            "only a plugin has keys",
        )));
    };
    let (agent, name) = (attempt.task.new.agent, plugin.manifest.name.clone());
    Ok(match call {
        KvCall::Get { key } => Performed::reply(Reply::Bytes(kv.find_value(agent, &name, key).await?)),
        KvCall::Keys { prefix } => Performed::reply(Reply::Texts(kv.list_keys(agent, &name, prefix).await?)),
        KvCall::Delete { key } => {
            Performed::local(Reply::Unit, vec![LocalEffect::DeleteKv { plugin: name, key: key.clone() }])
        }
        KvCall::Put { key, value } => {
            if key.is_empty() || key.len() > KEY_LIMIT {
                let message =
                    format!("a key of {} bytes is refused: 1 to {KEY_LIMIT} are allowed", key.len());
                return Ok(Performed::error(CallError::new(ErrorKind::InvalidInput, "key", message)));
            }
            let quota = live.host.granted().await?.into_iter().flatten().find_map(|grant| match grant {
                Capability::Kv { quota, .. } => Some(quota),
                _ => None,
            });
            let quota = quota.unwrap_or(0);
            let present = kv.find_value(agent, &name, key).await?.map_or(0, |value| value.len() + key.len());
            let wanted = kv.size(agent, &name).await?.saturating_sub(present as u64)
                + (key.len() + value.len()) as u64;
            if wanted > quota {
                let message = format!("{wanted} bytes are more than the granted quota of {quota}");
                return Ok(Performed::error(CallError::new(ErrorKind::Exhausted, "quota", message)));
            }
            Performed::local(
                Reply::Unit,
                vec![LocalEffect::PutKv { plugin: name, key: key.clone(), value: value.clone() }],
            )
        }
    })
}
