//! `agents`: other agents of the same user.

use crate::abi::v0_1_0::convert::{error_to_guest, json_from_guest};
use crate::abi::v0_1_0::wit::{agents, types};
use crate::state::State;
use domain::effect::{Call, Reply};

impl agents::Host for State {
    async fn send(&mut self, agent: String, text: String) -> wasmtime::Result<Result<String, types::Error>> {
        let bytes = agent.len() + text.len();
        match self.perform(Call::AgentSend { agent, text }, bytes).await? {
            Ok(Reply::Text(message)) => Ok(Ok(message)),
            Ok(reply) => Err(self.mismatch("agents.send", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }

    async fn start_task(
        &mut self,
        agent: String,
        request: String,
    ) -> wasmtime::Result<Result<String, types::Error>> {
        let bytes = agent.len() + request.len();
        let request = match json_from_guest("request", &request) {
            Ok(request) => request,
            Err(error) => return Ok(Err(error_to_guest(error))),
        };
        match self.perform(Call::AgentStart { agent, request }, bytes).await? {
            Ok(Reply::Text(task)) => Ok(Ok(task)),
            Ok(reply) => Err(self.mismatch("agents.start-task", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }
}
