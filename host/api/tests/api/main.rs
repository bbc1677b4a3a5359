//! The HTTP side over a real SQLite store, real keys and real egress rules; models, components and packages are not reached from here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod agents;
mod approvals;
mod autonomy;
mod browsers;
mod chat;
mod documents;
mod eliza;
mod errors;
mod events;
mod every_route;
mod files;
mod first_start;
mod framework;
mod golden;
mod idempotency;
mod limits;
mod logs;
mod openapi;
mod operation;
mod people;
mod posts;
mod rights;
mod rules;
mod running;
mod secrets;
mod serving;
mod skills;
mod sockets;
mod start;
mod submit;
mod support;
mod tasks;
mod templates;
mod usage;
mod users;
