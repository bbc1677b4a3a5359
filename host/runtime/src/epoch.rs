//! The one thread that ticks the engines' epochs: at each tick a running guest looks at its deadline and lets others run.

use std::time::Duration;
use wasmtime::{Engine, EngineWeak};

/// How long a guest computes before it yields its thread, and how late a deadline may be noticed.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Tick until all engines are gone.
///
/// # Errors
/// The system's, when there is no thread to be had.
pub(crate) fn start(engines: [&Engine; 2]) -> std::io::Result<()> {
    let engines: Vec<EngineWeak> = engines.iter().map(|engine| engine.weak()).collect();
    let tick = move || {
        loop {
            std::thread::sleep(TICK);
            let alive: Vec<Engine> = engines.iter().filter_map(EngineWeak::upgrade).collect();
            if alive.is_empty() {
                return;
            }
            alive.iter().for_each(Engine::increment_epoch);
        }
    };
    std::thread::Builder::new().name("epoch".to_owned()).spawn(tick).map(drop)
}
