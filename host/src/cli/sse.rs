//! Reading `text/event-stream`, as the host sends it.

use super::Failure;
use app::ports::outbound::OutboundResponse;
use futures_util::StreamExt as _;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ServerEvent {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) data: String,
}

/// Call `each` for every event until it answers false or the stream ends.
pub(crate) async fn read(
    response: OutboundResponse,
    mut each: impl FnMut(ServerEvent) -> bool,
) -> Result<(), Failure> {
    let (mut body, mut buffer) = (response.body, Vec::new());
    let mut event = ServerEvent::default();
    while let Some(chunk) = body.next().await {
        buffer.extend_from_slice(&chunk.map_err(|error| Failure::new(error.message))?);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                let whole = std::mem::take(&mut event);
                let says_nothing = whole.data.is_empty() && whole.name.is_empty();
                if !says_nothing && !each(whole) {
                    return Ok(());
                }
            } else {
                field(&mut event, line);
            }
        }
    }
    Ok(())
}

fn field(event: &mut ServerEvent, line: &str) {
    let (name, value) = line
        .split_once(':')
        .map_or((line, ""), |(name, value)| (name, value.strip_prefix(' ').unwrap_or(value)));
    match name {
        "id" => event.id = Some(value.to_owned()),
        "event" => value.clone_into(&mut event.name),
        "data" if event.data.is_empty() => value.clone_into(&mut event.data),
        "data" => {
            event.data.push('\n');
            event.data.push_str(value);
        }
        // Comments and unknown fields.
        _ => {}
    }
}
