//! Live progress.

/// Shows a percentage (cut to 100) and a short text while the call runs.
pub fn report(percent: u8, text: &str) {
    crate::host::progress::report(percent.min(100), text);
}
