//! `model`: complete a conversation.

use crate::abi::v0_1_0::convert::{error_to_guest, json_from_guest};
use crate::abi::v0_1_0::wit::{model, types};
use crate::state::State;
use domain::effect::model::{
    Finish, ModelMessage, ModelRequest, ModelTool, ModelToolCall, Role, Tier, ToolChoice,
};
use domain::effect::{Call, CallError, ErrorKind, Reply};

impl model::Host for State {
    async fn complete(
        &mut self,
        request: model::Request,
    ) -> wasmtime::Result<Result<model::Answer, types::Error>> {
        let bytes = size(&request);
        let request = match convert(request) {
            Ok(request) => request,
            Err(error) => return Ok(Err(error_to_guest(error))),
        };
        match self.perform(Call::Model(request), bytes).await? {
            Ok(Reply::Model(answer)) => Ok(Ok(model::Answer {
                content: answer.content,
                tool_calls: answer.tool_calls.into_iter().map(tool_call_to_guest).collect(),
                finish: match answer.finish {
                    Finish::Stop => model::Finish::Stop,
                    Finish::Length => model::Finish::Length,
                    Finish::ToolCalls => model::Finish::ToolCalls,
                },
                usage: model::Usage {
                    input_tokens: answer.usage.input_tokens,
                    output_tokens: answer.usage.output_tokens,
                },
                model: answer.model,
            })),
            Ok(reply) => Err(self.mismatch("model.complete", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }
}

fn convert(request: model::Request) -> Result<ModelRequest, CallError> {
    let tier = |text: String| {
        Tier::parse(&text).ok_or_else(|| {
            let message = format!("tier {text:?} is not one of core, pro, ultra");
            CallError::new(ErrorKind::InvalidInput, "tier", message)
        })
    };
    let tool = |tool: model::Tool| {
        let parameters =
            json_from_guest(&format!("the parameters of tool {:?}", tool.name), &tool.parameters)?;
        Ok(ModelTool { name: tool.name, description: tool.description, parameters })
    };
    let schema = |text: String| json_from_guest("answer-schema", &text);
    Ok(ModelRequest {
        messages: request.messages.into_iter().map(message).collect(),
        tools: request.tools.into_iter().map(tool).collect::<Result<_, CallError>>()?,
        tool_choice: match request.tool_choice {
            model::ToolChoice::Auto => ToolChoice::Auto,
            model::ToolChoice::None => ToolChoice::None,
            model::ToolChoice::Required => ToolChoice::Required,
            model::ToolChoice::Named(name) => ToolChoice::Named(name),
        },
        answer_schema: request.answer_schema.map(schema).transpose()?,
        tier: request.tier.map(tier).transpose()?,
        max_tokens: request.max_tokens,
        temperature: request.temperature,
        stop: request.stop,
    })
}

fn message(message: model::Message) -> ModelMessage {
    let call =
        |call: model::ToolCall| ModelToolCall { id: call.id, name: call.name, arguments: call.arguments };
    ModelMessage {
        role: match message.role {
            model::Role::System => Role::System,
            model::Role::User => Role::User,
            model::Role::Assistant => Role::Assistant,
            model::Role::Tool => Role::Tool,
        },
        content: message.content,
        tool_calls: message.tool_calls.into_iter().map(call).collect(),
        tool_call_id: message.tool_call_id,
    }
}

fn tool_call_to_guest(call: ModelToolCall) -> model::ToolCall {
    model::ToolCall { id: call.id, name: call.name, arguments: call.arguments }
}

fn size(request: &model::Request) -> usize {
    let calls =
        |message: &model::Message| message.tool_calls.iter().map(|call| call.arguments.len()).sum::<usize>();
    let messages: usize = request.messages.iter().map(|message| message.content.len() + calls(message)).sum();
    let tools: usize = request.tools.iter().map(|tool| tool.description.len() + tool.parameters.len()).sum();
    messages + tools + request.answer_schema.as_ref().map_or(0, String::len)
}
