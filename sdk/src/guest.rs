//! What happens at the beginning of each call inside a component.

/// Makes a panic leave its message in the log before the instance traps; without it only `unreachable` would be seen.
pub(crate) fn begin() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| {
        crate::log::error(&panic.to_string(), &[]);
    }));
}
