//! `tools`: the other skills of the agent.

use crate::abi::v0_1_0::convert::{error_to_guest, json_from_guest};
use crate::abi::v0_1_0::wit::{tools, types};
use crate::state::State;
use domain::effect::tools::{ToolDescription, ToolsCall};
use domain::effect::{Call, Reply};

impl tools::Host for State {
    async fn available(&mut self) -> wasmtime::Result<Result<Vec<tools::Description>, types::Error>> {
        let description = |tool: ToolDescription| tools::Description {
            name: tool.name,
            description: tool.description,
            parameters: tool.parameters.to_string(),
            read_only: tool.read_only,
        };
        match self.perform(Call::Tools(ToolsCall::Available), 0).await? {
            Ok(Reply::Tools(tools)) => {
                let tools: Vec<_> = tools.into_iter().map(description).collect();
                self.spend(tools.iter().map(|tool| tool.description.len() + tool.parameters.len()).sum())?;
                Ok(Ok(tools))
            }
            Ok(reply) => Err(self.mismatch("tools.available", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }

    async fn call(
        &mut self,
        name: String,
        arguments: String,
    ) -> wasmtime::Result<Result<String, types::Error>> {
        let bytes = name.len() + arguments.len();
        let arguments = match json_from_guest("arguments", &arguments) {
            Ok(arguments) => arguments,
            Err(error) => return Ok(Err(error_to_guest(error))),
        };
        match self.perform(Call::Tools(ToolsCall::Call { name, arguments }), bytes).await? {
            Ok(Reply::Json(value)) => {
                let text = value.to_string();
                self.spend(text.len())?;
                Ok(Ok(text))
            }
            Ok(reply) => Err(self.mismatch("tools.call", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }
}
