//! WASI 0.2 for guests of other toolchains: nothing is inherited, there are no files, sockets, arguments or environment.
//! Clocks, poll and random are ours, on the call's recorded clock and seed; stdout and stderr go to the call's log.

mod clocks;
mod output;
mod poll;
mod random;

use crate::scope::Scope;
use crate::state::State;
use output::LogStream;
use std::sync::Arc;
use wasmtime::component::{HasData, HasSelf, Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::{cli, clocks as wasi_clocks, filesystem, random as wasi_random, sockets};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView as _};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_io::bindings::wasi::io as wasi_io;

/// The WASI state of one call, made at its first use: most guests never need it.
pub(crate) struct Wasi {
    context: WasiCtx,
    /// Resources that the guest holds.
    pub(crate) table: ResourceTable,
    /// The nearest timer that the running `poll` has seen.
    pub(crate) timers: Arc<poll::Timers>,
}

/// Most resources (pollables, streams, errors) that a guest may hold.
const RESOURCES_LIMIT: usize = 10_000;

impl Wasi {
    fn new(scope: &Arc<Scope>) -> Self {
        let mut builder = WasiCtx::builder();
        builder
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .stdout(LogStream::stdout(scope))
            .stderr(LogStream::stderr(scope));
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_LIMIT);
        Self { context: builder.build(), table, timers: Arc::default() }
    }
}

impl State {
    /// The WASI state.
    pub(crate) fn wasi(&mut self) -> &mut Wasi {
        let scope = &self.scope;
        self.wasi.get_or_insert_with(|| Box::new(Wasi::new(scope)))
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi();
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

/// Link what the world `wasi:cli/imports` has.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    // Ours.
    wasi_io::poll::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    wasi_clocks::wall_clock::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    wasi_clocks::monotonic_clock::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    wasi_random::random::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    wasi_random::insecure::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    wasi_random::insecure_seed::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    // wasmtime's, over an empty context.
    wasi_io::error::add_to_linker::<State, Table>(linker, |state| &mut state.wasi().table)?;
    wasi_io::streams::add_to_linker::<State, Table>(linker, |state| &mut state.wasi().table)?;
    cli::exit::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::environment::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    filesystem::preopens::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;
    filesystem::types::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;
    sockets::network::add_to_linker::<State, WasiSockets>(
        linker,
        &sockets::network::LinkOptions::default(),
        State::sockets,
    )?;
    sockets::instance_network::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    sockets::ip_name_lookup::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    sockets::tcp::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    sockets::tcp_create_socket::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    sockets::udp::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    sockets::udp_create_socket::add_to_linker::<State, WasiSockets>(linker, State::sockets)
}
