//! What every store must do, as cases that run on SQLite and on PostgreSQL.
//!
//! A case is a sentence. `cases!` makes two tests of it, `sqlite::SENTENCE` and `postgres::SENTENCE`; each has a database of its own and
//! a clock that only the test moves. PostgreSQL is at `SKEP_TEST_DATABASE_URL`; without it that half fails, it is never skipped.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bench;
mod build;

mod accounts;
mod agent_files;
mod agents;
mod append;
mod blobs;
mod cancel;
mod claim;
mod clean;
mod eliza;
mod ending;
mod fence;
mod idempotency;
mod logs;
mod people;
mod plugins;
mod rates;
mod rooms;
mod secrets;
mod skills;
mod sqlite_only;
mod strikes;
mod submit;
mod telling;
mod templates;
mod ticks;
mod together;
#[cfg(feature = "failpoints")]
mod unfenced;
mod users;
mod waiting;
mod workspace;

/// Turns cases into tests on both databases.
#[macro_export]
macro_rules! cases {
    ($(async fn $name:ident($bench:ident: &Bench) $body:block)*) => {
        mod cases {
            #![allow(clippy::wildcard_imports, reason = "the cases are written in the module around this one")]
            use super::*;
            $(pub(super) async fn $name($bench: &Bench) $body)*
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let bench = $crate::bench::Bench::sqlite().await;
                super::cases::$name(&bench).await;
                bench.close().await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let bench = $crate::bench::Bench::postgres().await;
                super::cases::$name(&bench).await;
                bench.close().await;
            })*
        }
    };
}
