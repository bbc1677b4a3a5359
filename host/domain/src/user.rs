//! An account.

use crate::id::UserId;
use crate::plan::Plan;
use crate::time::Timestamp;

/// Names that no user may have: they are words of paths.
pub const RESERVED_NAMES: [&str; 5] = ["ban", "unban", "role", "reserve", "publisher"];

/// A stored user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// Unique.
    pub name: String,
    /// Unique, if any.
    pub email: Option<String>,
    /// The limit set.
    pub plan: Plan,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why a text cannot name a user or an agent.
///
/// # Errors
/// What is wrong and what to do, naming the value.
pub fn check_name(text: &str) -> Result<(), String> {
    let shown = crate::effect::bounded(text.to_owned(), 80);
    if !crate::manifest::is_name(text) {
        return Err(format!(
            "name {shown:?} is not valid: use 1 to 63 lower-case letters, digits and hyphens, beginning with a letter or digit"
        ));
    }
    if uuid::Uuid::try_parse(text).is_ok() {
        return Err(format!("name {shown:?} has the form of a UUID; choose a word"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_short_word_and_never_a_uuid() {
        for (text, valid) in [
            ("default", true),
            ("a", true),
            ("7-up", true),
            ("", false),
            ("-a", false),
            ("Ada", false),
            ("a b", false),
            ("ä", false),
            ("550e8400-e29b-41d4-a716-446655440000", false),
            ("550e8400e29b41d4a716446655440000", false),
        ] {
            assert_eq!(check_name(text).is_ok(), valid, "{text:?}");
        }
        assert!(check_name(&"a".repeat(64)).is_err());
    }
}
