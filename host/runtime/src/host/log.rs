//! `log`: lines of the guest, bounded by the scope.

use crate::abi::v0_1_0::wit::log;
use crate::state::State;
use domain::log::Level;

impl log::Host for State {
    fn write(
        &mut self,
        level: log::Level,
        message: String,
        fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Trace => Level::Trace,
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        self.scope.log(level, message, fields);
        Ok(())
    }
}
