//! What only PostgreSQL has: what a server must be, commits whose answer is lost, notifications, hosts beside each other. What both
//! databases share is in `conformance`.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "postgres/connect.rs"]
mod connect;
#[path = "postgres/database.rs"]
mod database;
#[path = "postgres/fence.rs"]
mod fence;
#[path = "postgres/hosts.rs"]
mod hosts;
#[path = "postgres/lost_commit.rs"]
mod lost_commit;
#[path = "postgres/proxy.rs"]
mod proxy;
#[path = "postgres/words.rs"]
mod words;
