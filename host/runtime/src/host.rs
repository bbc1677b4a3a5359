//! Host interfaces, one file each. They translate between WIT and [`domain::effect::Call`] and decide nothing:
//! `app::effects` authorizes, budgets, journals and performs. `log`, `clock`, `random` and `progress` end here.

mod agents;
mod clock;
mod files;
mod http;
mod kv;
mod log;
mod model;
mod progress;
mod random;
mod secrets;
mod tools;

impl crate::abi::v0_1_0::wit::types::Host for crate::state::State {}
