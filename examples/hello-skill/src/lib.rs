//! The smallest useful skill: one typed tool.
use skep_sdk::prelude::*;
/// Greets people.
#[skill]
mod hello {
    /// Say hello to someone by name, once or several times.
    #[tool(read_only)]
    fn greet(name: String, times: Option<u8>) -> Result<String> {
        Ok(format!("Hello, {name}! ").repeat(times.unwrap_or(1).into()))
    }
}
