//! Leveled, structured log lines.

pub use crate::bindings::imports::skep::plugin::log::Level;

/// One function for each level.
macro_rules! levels {
    ($($(#[$documentation:meta])* $name:ident => $level:ident;)*) => {$(
        $(#[$documentation])*
        pub fn $name(message: &str, fields: &[(&str, &str)]) {
            write(Level::$level, message, fields);
        }
    )*};
}

levels! {
    /// For the author, in detail.
    trace => Trace;
    /// For the author.
    debug => Debug;
    /// For the operator.
    info => Info;
    /// Something is not as it should be; the call goes on.
    warn => Warn;
    /// The call fails.
    error => Error;
}

/// Writes one line; `fields` are keys and values.
pub fn write(level: Level, message: &str, fields: &[(&str, &str)]) {
    let fields: Vec<(String, String)> =
        fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    crate::host::log::write(level, message, &fields);
}
