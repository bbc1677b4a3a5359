//! What only PostgreSQL has: what a server must be, commits whose answer is lost, notifications, hosts beside each other. What both
//! databases share is in `conformance`.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod connect;
mod database;
mod fence;
mod hosts;
mod lost_commit;
mod proxy;
mod words;
