//! A skill that uses secrets in every way that there is, and looks for them in its own memory.

#![allow(missing_docs, reason = "a guest of the tests: the macros make public items")]
#![allow(unsafe_code, reason = "it reads all of its memory")]

use skep_sdk::prelude::*;

/// Keeps nothing.
#[skill(capabilities(
    http(
        hosts("127.0.0.1"),
        methods("GET", "POST"),
        header("authorization", "CANARY"),
        header("x-key", "CANARY"),
        basic("ada", "CANARY"),
        query("key", "CANARY"),
        form("key", "CANARY"),
        json_pointer("/auth/key", "CANARY"),
        header("x-key", "ELSEWHERE"),
        header("x-key", "MISSING"),
        "shows it around"
    ),
    secrets(names("CANARY", "SEED", "MISSING"), "signs"),
    files(read_write, "leaves what it found"),
))]
mod keeper {
    use skep_sdk::secrets::Algorithm;

    /// What stands in `scrambled` texts between two characters: the guest must not have the value to look for it.
    const SALT: u8 = 0x2a;
    /// Part of a dump.
    const CHUNK: usize = 1 << 20;

    /// Send a request with a secret in a place; the answer, its headers before it.
    #[tool(egress)]
    fn show(url: String, place: String, secret: String) -> Result<String> {
        let request = match place.as_str() {
            "bearer" => http::get(url).bearer(secret),
            "header" => http::get(url).secret_header("x-key", secret),
            "basic" => http::get(url).basic("ada", secret),
            "query" => http::get(url).secret_query("key", secret),
            "form" => http::post(url)
                .header("content-type", "application/x-www-form-urlencoded")
                .body("more=1")
                .secret_form("key", secret),
            "json" => http::post(url).json(&json!({ "auth": {}, "n": 1 }))?.secret_json("/auth/key", secret),
            "other" => http::get(url).secret_header("x-other", secret),
            other => return Err(Error::invalid_input(format!("no place {other}"))),
        };
        let answer = request.send()?;
        let headers: Vec<String> =
            answer.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        Ok(format!("{} {}\n{}", answer.status, headers.join("\n"), answer.text()))
    }

    /// Sign a text; the signature in hex.
    #[tool(read_only)]
    fn sign(secret: String, algorithm: String, text: String) -> Result<String> {
        let algorithm = match algorithm.as_str() {
            "ed25519" => Algorithm::Ed25519,
            _ => Algorithm::HmacSha256,
        };
        let signature = secrets::sign(&secret, algorithm, text.as_bytes())?;
        Ok(signature.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether a secret is there.
    #[tool(read_only)]
    fn exists(secret: String) -> Result<bool> {
        secrets::exists(&secret)
    }

    /// Send it, then how often a text is in all of this guest's memory. The text comes scrambled.
    #[tool(egress)]
    fn search(url: String, secret: String, scrambled: Vec<u8>) -> Result<u32> {
        let answer = http::get(&url).bearer(&secret).secret_header("x-key", &secret).send()?;
        let mut found = 0;
        for start in 1..memory().saturating_sub(scrambled.len()) {
            let is_here =
                scrambled.iter().enumerate().all(|(offset, byte)| byte_at(start + offset) ^ SALT == *byte);
            found += u32::from(is_here);
        }
        // It lives until here, so that what came in is searched, too.
        std::hint::black_box(&answer);
        Ok(found)
    }

    /// Send it, write all of this guest's memory into files as a core dump would, and trap.
    #[tool(egress)]
    fn dump(url: String, secret: String, into: String, planted: String) -> Result<u32> {
        let answer = http::get(&url).bearer(&secret).send()?;
        let mut start = 1;
        while start < memory() {
            let end = (start + CHUNK).min(memory());
            let part: Vec<u8> = (start..end).map(byte_at).collect();
            files::write(&format!("{into}/{start:010}"), &part)?;
            start = end;
        }
        std::hint::black_box((&answer, &planted));
        std::process::abort()
    }

    /// Bytes of linear memory.
    fn memory() -> usize {
        #[cfg(target_arch = "wasm32")]
        return core::arch::wasm32::memory_size(0) << 16;
        #[cfg(not(target_arch = "wasm32"))]
        return 1;
    }

    fn byte_at(address: usize) -> u8 {
        // SAFETY: the address is not 0 and below the size of linear memory, where every byte can be read.
        unsafe { std::ptr::with_exposed_provenance::<u8>(address).read_volatile() }
    }
}
