//! Extractors: what handlers take from a request, each refusing with the one typed error.

mod body;
mod caller;
mod list;
mod path;
mod reached;
mod upload;

pub(crate) use body::{JsonObject, read_at_most, read_body};
pub(crate) use caller::Authenticated;
pub(crate) use list::{Page, Parameters};
pub(crate) use path::{Segment, SegmentPair, SegmentTriple};
pub(crate) use reached::ReachedAs;
pub(crate) use upload::Upload;
