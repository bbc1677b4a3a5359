//! The host interfaces with the signatures that wit-bindgen gives them, answered by the script of the thread.

use super::script::{LogLine, Script, current, current_if_any, take};
use crate::bindings::imports::skep::plugin as wire;
use wire::types::Error;

pub(crate) mod log {
    use super::{LogLine, current_if_any, wire};

    pub(crate) fn write(level: wire::log::Level, message: &str, fields: &[(String, String)]) {
        current_if_any(|script| {
            script.log.push(LogLine { level, message: message.into(), fields: fields.to_vec() });
        });
    }
}

pub(crate) mod progress {
    use super::current_if_any;

    pub(crate) fn report(percent: u8, text: &str) {
        current_if_any(|script| script.progress.push((percent, text.into())));
    }
}

pub(crate) mod clock {
    use super::current;

    pub(crate) fn now_ms() -> u64 {
        current("clock.now-ms", |script| {
            script.readings += 1;
            script.now_ms + script.readings / 1000
        })
    }

    pub(crate) fn monotonic_ns() -> u64 {
        current("clock.monotonic-ns", |script| {
            script.readings += 1;
            script.readings * 1000
        })
    }
}

pub(crate) mod random {
    use super::{Script, current};

    pub(crate) fn bytes(count: u32) -> Vec<u8> {
        current("random.bytes", |script| (0..count).map(|_| next(script).to_le_bytes()[0]).collect())
    }

    pub(crate) fn number() -> u64 {
        current("random.number", next)
    }

    /// SplitMix64: a fixed sequence, different in all its numbers.
    fn next(script: &mut Script) -> u64 {
        script.random = script.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (script.random ^ (script.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

pub(crate) mod model {
    use super::{Error, current, wire};

    #[expect(clippy::panic, reason = "a call that was not scripted fails the author's test")]
    pub(crate) fn complete(request: &wire::model::Request) -> Result<wire::model::Answer, Error> {
        current("model.complete", |script| {
            script.model_requests.push(request.clone());
            match script.model.pop_front() {
                Some(answer) => answer,
                None => {
                    let last =
                        request.messages.last().map(|message| message.content.as_str()).unwrap_or_default();
                    panic!(
                        "the plugin asked the model, but no answer was scripted for it; the last message is: {last}"
                    )
                }
            }
        })
    }
}

pub(crate) mod http {
    use super::{Error, current, take, wire};

    pub(crate) fn send(request: &wire::http::Request) -> Result<wire::http::Response, Error> {
        let call = format!("{} {}", request.method, request.url);
        current(&call, |script| {
            script.http_requests.push(request.clone());
            take(&mut script.http, &call)
        })
    }
}

pub(crate) mod secrets {
    use super::{Error, current, wire};

    pub(crate) fn exists(name: &str) -> Result<bool, Error> {
        current("secrets.exists", |script| Ok(script.secrets.contains_key(name)))
    }

    pub(crate) fn sign(
        name: &str,
        _algorithm: wire::secrets::Algorithm,
        _bytes: &[u8],
    ) -> Result<Vec<u8>, Error> {
        current("secrets.sign", |script| {
            script
                .secrets
                .get(name)
                .cloned()
                .ok_or_else(|| crate::Error::not_found(format!("the agent has no secret `{name}`")).into())
        })
    }
}

pub(crate) mod files {
    use super::{Error, current, wire};

    pub(crate) fn read(path: &str) -> Result<Vec<u8>, Error> {
        current("files.read", |script| script.workspace.read(path))
    }

    pub(crate) fn write(path: &str, content: &[u8]) -> Result<(), Error> {
        current("files.write", |script| script.workspace.write(path, content))
    }

    pub(crate) fn delete(path: &str) -> Result<(), Error> {
        current("files.delete", |script| script.workspace.delete(path))
    }

    pub(crate) fn list(path: &str, recursive: bool) -> Result<Vec<wire::files::Entry>, Error> {
        current("files.list", |script| script.workspace.list(path, recursive))
    }

    pub(crate) fn search(query: &wire::files::SearchQuery) -> Result<Vec<wire::files::MatchLine>, Error> {
        current("files.search", |script| script.workspace.search(query))
    }
}

pub(crate) mod kv {
    use super::{Error, current};

    pub(crate) fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
        current("kv.get", |script| Ok(script.kv.get(key).cloned()))
    }

    pub(crate) fn put(key: &str, value: &[u8]) -> Result<(), Error> {
        current("kv.put", |script| {
            script.kv.insert(key.into(), value.to_vec());
            Ok(())
        })
    }

    pub(crate) fn delete(key: &str) -> Result<(), Error> {
        current("kv.delete", |script| {
            script.kv.remove(key);
            Ok(())
        })
    }

    pub(crate) fn keys(prefix: &str) -> Result<Vec<String>, Error> {
        current("kv.keys", |script| {
            Ok(script.kv.keys().filter(|key| key.starts_with(prefix)).cloned().collect())
        })
    }
}

pub(crate) mod tools {
    use super::{Error, current, take, wire};

    pub(crate) fn available() -> Result<Vec<wire::tools::Description>, Error> {
        current("tools.available", |script| Ok(script.available.clone()))
    }

    pub(crate) fn call(name: &str, arguments: &str) -> Result<String, Error> {
        current(name, |script| {
            let arguments = serde_json::from_str(arguments).unwrap_or_default();
            script.tool_calls.push((name.into(), arguments));
            take(&mut script.tools, name)
        })
    }
}

pub(crate) mod agents {
    use super::{Error, Script, current};

    fn tell(script: &mut Script, agent: &str, text: &str, prefix: &str) -> Result<String, Error> {
        if !script.agents.iter().any(|known| known == agent) {
            return Err(crate::Error::not_found(format!("there is no agent `{agent}`")).into());
        }
        script.agent_messages.push((agent.into(), text.into()));
        Ok(format!("{prefix}{:012x}", script.agent_messages.len()))
    }

    pub(crate) fn send(agent: &str, text: &str) -> Result<String, Error> {
        current("agents.send", |script| tell(script, agent, text, "msg_"))
    }

    pub(crate) fn start_task(agent: &str, request: &str) -> Result<String, Error> {
        current("agents.start-task", |script| tell(script, agent, request, "task_"))
    }
}
