//! RIGOR: which personalities work on a task, in which order, through which phases, and what their result must pass.

pub mod body;
pub mod brief;
pub mod estimate;
pub mod gate;
pub mod line;
pub mod notice;
pub mod phase;
pub mod request;
