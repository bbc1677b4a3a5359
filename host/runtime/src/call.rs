//! One call: a fresh store and instance, dropped after it, and how its end is told.

use crate::abi::v0_1_0::export::Guest;
use crate::epoch::TICK;
use crate::limits::SystemMemory;
use crate::state::State;
use app::ports::components::{CallRequest, Determinism};
use app::ports::host_calls::HostCalls;
use domain::component::{CallEnd, CallFailure, CallOutcome, Cost, LimitKind, Limits, Output, Stop};
use domain::effect::bounded;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::{Engine, Store, Trap, UpdateDeadline, WasmBacktrace};

/// Longest message of a trap.
const MESSAGE_LIMIT: usize = 4096;

/// Call an export on a fresh instance.
pub(crate) async fn call(
    engine: &Engine,
    guest: &Guest,
    request: CallRequest,
    counts_fuel: bool,
) -> CallOutcome {
    let CallRequest { export, context, limits, determinism, host, .. } = request;
    let started = Instant::now();
    let mut store = match new_store(engine, host, &limits, determinism, started, counts_fuel) {
        Ok(store) => store,
        Err(message) => {
            let failure = CallFailure::Unloadable { message };
            return CallOutcome { result: Err(CallEnd::Failed(failure)), cost: Cost::default() };
        }
    };
    let wall = Duration::from_millis(limits.wall_ms);
    // In its place before it is handed on: it is large, and handing it on would copy it.
    let answer = {
        let answer = std::pin::pin!(guest.call(&mut store, export, context));
        tokio::time::timeout(wall, answer).await
    };
    let result = match answer {
        Ok(Ok(answered)) => answered.within(&limits),
        Ok(Err(error)) => Err(end(&error, &mut store, &limits)),
        Err(_) => Err(CallEnd::Failed(CallFailure::Deadline { wall_ms: limits.wall_ms })),
    };
    finish(store, result, &limits, started, counts_fuel)
}

/// Make an instance and drop it.
///
/// # Errors
/// Why it could not be made.
pub(crate) async fn trial(
    engine: &Engine,
    guest: &Guest,
    host: Arc<dyn HostCalls>,
    limits: &Limits,
    counts_fuel: bool,
) -> Result<(), CallEnd> {
    let determinism = Determinism { start: domain::time::Timestamp(0), seed: [0; 32] };
    let mut store = new_store(engine, host, limits, determinism, Instant::now(), counts_fuel)
        .map_err(|message| CallEnd::Failed(CallFailure::Unloadable { message }))?;
    match tokio::time::timeout(Duration::from_millis(limits.wall_ms), guest.instantiate(&mut store)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(end(&error, &mut store, limits)),
        Err(_) => Err(CallEnd::Failed(CallFailure::Deadline { wall_ms: limits.wall_ms })),
    }
}

fn new_store(
    engine: &Engine,
    host: Arc<dyn HostCalls>,
    limits: &Limits,
    determinism: Determinism,
    started: Instant,
    counts_fuel: bool,
) -> Result<Store<State>, String> {
    let mut store = Store::new(engine, State::new(host, limits.clone(), determinism));
    store.limiter(|state| &mut state.meter);
    // What the host allocates for one host call's arguments, before the call is counted; and for a result.
    let transfer = limits.host_call_bytes.max(limits.output_bytes);
    store.set_hostcall_fuel(usize::try_from(transfer).unwrap_or(usize::MAX));
    match (limits.fuel, counts_fuel) {
        (fuel, true) => store.set_fuel(fuel.unwrap_or(u64::MAX)).map_err(|error| error.to_string())?,
        (Some(fuel), false) => {
            return Err(format!(
                "the call is limited to {fuel} instructions, but this host does not count them"
            ));
        }
        (None, false) => {}
    }
    // A guest that computes gives its thread away at each tick, so that a timeout and other calls come to their turn. The check here
    // ends it even where nobody polls timers.
    let hard_end = Duration::from_millis(limits.wall_ms).saturating_add(TICK);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        Ok(if started.elapsed() > hard_end { UpdateDeadline::Interrupt } else { UpdateDeadline::Yield(1) })
    });
    Ok(store)
}

fn finish(
    store: Store<State>,
    result: Result<Output, CallEnd>,
    limits: &Limits,
    started: Instant,
    counts_fuel: bool,
) -> CallOutcome {
    let left = if counts_fuel { store.get_fuel().ok() } else { None };
    let fuel = left.map(|left| limits.fuel.unwrap_or(u64::MAX).saturating_sub(left));
    let state = store.into_data();
    // First the WASI streams, whose last line may be unfinished.
    drop(state.wasi);
    state.scope.report_dropped();
    let wall_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    CallOutcome { result, cost: Cost { wall_us, fuel, memory_bytes: state.meter.memory_peak() } }
}

/// Whether the system, and not the guest, is the reason: no memory, no address space, no slot.
fn is_systems(error: &wasmtime::Error) -> bool {
    error.is::<SystemMemory>()
        || error.is::<std::io::Error>()
        || error.is::<wasmtime::PoolConcurrencyLimitError>()
}

/// Why a call ended without an answer.
fn end(error: &wasmtime::Error, store: &mut Store<State>, limits: &Limits) -> CallEnd {
    let state = store.data_mut();
    if let Some(end) = state.ended.take() {
        return end;
    }
    let limit = |kind, message: String| CallEnd::Failed(CallFailure::Limit { kind, message });
    let trap = error.downcast_ref::<Trap>().copied();
    match trap {
        Some(Trap::Interrupt) => return CallEnd::Failed(CallFailure::Deadline { wall_ms: limits.wall_ms }),
        Some(Trap::OutOfFuel) => {
            let fuel = limits.fuel.unwrap_or(u64::MAX);
            return limit(LimitKind::Fuel, format!("a call may run {fuel} instructions"));
        }
        Some(Trap::StackOverflow) => {
            return limit(LimitKind::Stack, "the call stack is exhausted".to_owned());
        }
        _ => {}
    }
    if trap.is_none() && is_systems(error) {
        return CallEnd::Stopped(Stop::Unavailable(bounded(format!("{error:#}"), MESSAGE_LIMIT)));
    }
    if let Some((kind, message)) = state.meter.refused() {
        return limit(kind, message);
    }
    let text = bounded(error.root_cause().to_string(), MESSAGE_LIMIT);
    if trap.is_none() {
        // wasmtime has no types for these two; `tests/hostile.rs` fails when the words change.
        if text.contains("fuel allocated for hostcalls has been exhausted") {
            // With frames of the guest below it, the guest was calling the host; without, it had returned.
            return if error.downcast_ref::<WasmBacktrace>().is_some() {
                let message = format!("a call may exchange {} bytes with its host", limits.host_call_bytes);
                limit(LimitKind::HostCallBytes, message)
            } else {
                let message = format!("a result may have {} bytes, this one is larger", limits.output_bytes);
                limit(LimitKind::Output, message)
            };
        }
        if let Some(rest) = text.strip_prefix("resource limit exceeded: ") {
            let kind = match rest {
                _ if rest.starts_with("memory") => LimitKind::Memory,
                _ if rest.starts_with("table") => LimitKind::Table,
                _ => LimitKind::Instances,
            };
            return limit(kind, rest.to_owned());
        }
    }
    let message = text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned();
    CallEnd::Failed(CallFailure::Trap { message })
}
