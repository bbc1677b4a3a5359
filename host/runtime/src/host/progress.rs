//! `progress`: shown live, never stored.

use crate::abi::v0_1_0::wit::progress;
use crate::state::State;
use domain::effect::bounded;

/// Longest text, as `progress.wit` says.
const TEXT_LIMIT: usize = 200;

impl progress::Host for State {
    fn report(&mut self, percent: u8, text: String) -> wasmtime::Result<()> {
        self.report(percent.min(100), &bounded(text, TEXT_LIMIT));
        Ok(())
    }
}
