//! A skill that does one thing as it is told: a call that its host must allow or refuse, or something that no host can wait for.
//!
//! Tests install it several times, under other names and with other grants, by another manifest around the same code.

#![allow(missing_docs, reason = "a guest of the tests: the macros make public items")]

use skep_sdk::prelude::*;

/// Runs errands.
#[skill(capabilities(
    http(hosts("*"), methods("GET", "POST"), "goes where it is sent"),
    files(read_write, "takes and leaves files"),
))]
mod errand {
    use std::hint::black_box;
    use std::time::Duration;

    const MEBIBYTE: usize = 1 << 20;

    /// Get a page; its status.
    #[tool(read_only, egress)]
    fn get(url: String) -> Result<u16> {
        Ok(http::get(url).timeout(Duration::from_secs(2)).send()?.status)
    }

    /// Post a text; the status.
    #[tool(egress)]
    fn send(url: String, body: String) -> Result<u16> {
        Ok(http::post(url).body(body).send()?.status)
    }

    /// Write a file.
    #[tool]
    fn write(path: String, content: String) -> Result<u32> {
        files::write(&path, &content)?;
        Ok(u32::try_from(content.len())?)
    }

    /// Read a file; how long it is.
    #[tool(read_only)]
    fn read(path: String) -> Result<u32> {
        Ok(u32::try_from(files::read(&path)?.len())?)
    }

    /// Turn around so many times; 0 is for ever.
    #[tool(read_only)]
    fn spin(turns: u64) -> Result<u64> {
        let mut turned = 0_u64;
        while turns == 0 || turned < turns {
            turned = black_box(turned.wrapping_add(1));
        }
        Ok(turned)
    }

    /// Take so many mebibytes of memory; 0 is all there is, and more.
    #[tool(read_only)]
    fn grow(mebibytes: u32) -> Result<u32> {
        let mut taken: Vec<Vec<u8>> = Vec::new();
        while mebibytes == 0 || taken.len() < mebibytes as usize {
            taken.push(black_box(vec![1; MEBIBYTE]));
        }
        Ok(u32::try_from(taken.len())?)
    }

    /// Trap, or not.
    #[tool(read_only)]
    fn trap(really: bool) -> Result<bool> {
        if black_box(really) {
            std::process::abort();
        }
        Ok(really)
    }
}
