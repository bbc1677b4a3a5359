//! What the personalities of the BUILD line share: the frame of their prompts, bounded answers, and facts that are computed
//! rather than asked for.
//!
//! What it does not do: it has no personality of its own, decides nothing, and writes no file. Each personality words its own
//! questions and makes its own checks.
//!
//! Start reading at [`talk::Talk`]. The markers and answers that a scripted model needs are listed in `plugins/README.md`.

pub mod asked;
pub mod bounded;
pub mod content;
pub mod earlier;
pub mod paths;
pub mod talk;
pub mod task;

pub use asked::Asked;
pub use bounded::{Line, Lines, List, Path, Paths, Risks};
pub use talk::{Talk, Tokens};
