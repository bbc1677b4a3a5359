//! sha256 as hex, which is how artifacts are named.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Lowercase hex, 64 digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing into a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
