//! `log`: lines of the guest, bounded by the scope.

use crate::abi::v0_1_0::wit::log;
use crate::state::State;
use app::ports::host_calls::LogLevel;

impl log::Host for State {
    fn write(
        &mut self,
        level: log::Level,
        message: String,
        fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Trace => LogLevel::Trace,
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        self.scope.log(level, message, fields);
        Ok(())
    }
}
