//! The custom backend of getrandom 0.3 and 0.4. Both look for this symbol when `--cfg getrandom_backend="custom"` is set.
#![allow(unsafe_code, reason = "getrandom's interface for backends is a C-like function")]

/// Called by getrandom with a buffer that may be uninitialized.
///
/// # Safety
/// `target` is valid for writing `length` bytes, which getrandom promises.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    target: *mut u8,
    length: usize,
) -> Result<(), getrandom::Error> {
    let mut written = 0;
    while written < length {
        let count = u32::try_from(length - written).unwrap_or(u32::MAX).min(super::AT_ONCE);
        let bytes = crate::host::random::bytes(count);
        let count = bytes.len().min(length - written);
        if count == 0 {
            return Err(getrandom::Error::UNEXPECTED);
        }
        // SAFETY: `written + count` is at most `length`, and `bytes` is another allocation.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), target.add(written), count) };
        written += count;
    }
    Ok(())
}
