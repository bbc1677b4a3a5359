//! What an agent reads before a turn.

mod assemble;

pub(crate) use assemble::{Reading, assemble};

use crate::context::App;
use crate::ports::rooms::Window;
use crate::ports::store_error::StoreError;
use domain::id::TaskId;
use domain::room::{Message, QuietTicks};
use domain::turn::{Origin, Turn};

/// A tick takes up at most this many instructions; the next one goes on.
pub(crate) const MOST_INSTRUCTIONS: u32 = 20;
/// Messages of a room that are looked at; [`assemble`] keeps what fits.
const MOST_MESSAGES: u32 = 200;

/// The newest messages of the room that a turn may read, oldest first.
pub(crate) async fn history(app: &App, turn: &Turn, task: &TaskId) -> Result<Vec<Message>, StoreError> {
    let window = match turn.origin {
        // What came later has a turn of its own.
        Origin::Chat => Window::UpToTurn(task.clone()),
        Origin::Tick => Window::Newest { before: None },
    };
    let mut found = app.ports.rooms.list_messages(turn.room, window, MOST_MESSAGES).await?;
    // For people.
    found.retain(|message| message.new.id != QuietTicks::message_id(turn.room));
    Ok(found)
}
