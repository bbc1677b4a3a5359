//! One linker for each engine and ABI version, with every real host function: what a plugin may use is decided by its grant, not by what is linked.

use crate::abi::v0_1_0::imports::Imports;
use crate::state::State;
use crate::wasi;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

/// The linker of `skep:plugin@0.1.0`.
///
/// # Errors
/// wasmtime's, when a name is defined twice.
pub(crate) fn v0_1_0(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    Imports::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    wasi::add_to_linker(&mut linker)?;
    Ok(linker)
}
