//! The runtime, through its port.

use super::{AGENT, ANSWER, ARGUMENTS, TASK, TOOL, USER};
use app::ports::components::{CallRequest, Components as _, Determinism};
use app::ports::host_calls::{Answer, HostCalls};
use bytes::Bytes;
use domain::component::{CallContext, Export, Limits, Output};
use domain::effect::{Call, CallError, ErrorKind};
use domain::id::Digest;
use domain::time::Timestamp;
use runtime::{Options, Runtime};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) struct Skep {
    runtime: Runtime,
    digest: Digest,
    arguments: Value,
    answer: Output,
}

impl Skep {
    pub(crate) fn new(component: Vec<u8>) -> Self {
        // The numbers of a real host; only who compiles differs, which no call sees.
        let runtime = Runtime::new(Options::in_process()).unwrap();
        let manifest = serde_json::from_value(
            json!({ "abi": "0.1.0", "kind": "skill", "name": "hello", "version": "0.1.0" }),
        )
        .unwrap();
        let digest = wait(runtime.compile(Bytes::from(component), &manifest)).unwrap().digest;
        println!("{:?}", runtime.allocation());
        let arguments = serde_json::from_str(ARGUMENTS).unwrap();
        let answer = Output::Json(serde_json::from_str(ANSWER).unwrap());
        Self { runtime, digest, arguments, answer }
    }

    pub(crate) fn calls(&self, count: usize) {
        wait(async {
            for _ in 0..count {
                let outcome = self.runtime.call(self.request()).await;
                assert_eq!(outcome.result.as_ref(), Ok(&self.answer));
            }
        });
    }

    /// Made anew for each call, as the host does.
    fn request(&self) -> CallRequest {
        CallRequest {
            digest: self.digest,
            export: Export::Tool { tool: TOOL.to_owned(), arguments: self.arguments.clone() },
            context: CallContext {
                task: TASK.to_owned(),
                user: USER.to_owned(),
                agent: AGENT.to_owned(),
                personality: None,
                config: json!({}),
            },
            limits: Limits::default(),
            determinism: Determinism { start: Timestamp(1_700_000_000_000), seed: [7; 32] },
            depth: 0,
            host: Arc::new(Refuses),
        }
    }
}

/// On this thread, with the clock that deadlines need.
pub(crate) fn wait<Output>(future: impl Future<Output = Output>) -> Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The host of one call. The tool asks it for nothing.
struct Refuses;

#[async_trait::async_trait]
impl HostCalls for Refuses {
    async fn perform(&self, call: Call) -> Answer {
        let message = format!("{} is not granted", call.name());
        Answer::Now { result: Err(CallError::new(ErrorKind::Denied, "grant", message)), duration_us: 1 }
    }

    fn log(&self, _: domain::log::Level, _: &str, _: &[(String, String)]) {}

    fn progress(&self, _: u8, _: &str) {}
}
