//! The frame of the personalities: the five phases, how they ask a model, bounded answers, and facts that are computed rather than
//! asked for.
//!
//! What it does not do: it has no personality of its own and decides nothing. Each personality words its own questions and makes its
//! own checks; [`maker`] writes what a personality of a trade had made, and nothing that was not tried.
//!
//! Start reading at [`Trade`], which is what a personality writes, then [`phases`], which is what it gets for it. How to write the
//! next one, and the markers and answers that a scripted model needs, stand in `plugins/README.md`.

pub mod api;
pub mod asked;
pub mod bench;
pub mod bounded;
pub mod change;
pub mod commands;
pub mod content;
pub mod details;
pub mod earlier;
pub mod form;
pub mod kept;
pub mod maker;
pub mod material;
pub mod paths;
pub mod phases;
pub mod project;
pub mod question;
pub mod talk;
pub mod task;
pub mod trade;
pub mod written;

pub use asked::Asked;
pub use bounded::{Line, Lines, List, Path, Paths, Risks};
pub use question::{Question, Tokens};
pub use talk::Talk;
pub use trade::{Answers, ResearchOf, Trade};
