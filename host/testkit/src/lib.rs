//! What tests and benches of several crates share: a simulated clock, scripted components, a scripted model server, and the disk that
//! figures were measured on.
//!
//! It is never part of the binary, knows no database and no wasm, and checks nothing by itself. Start reading at [`clock`].

pub mod clock;
pub mod components;
pub mod disk;
pub mod model_server;
pub mod packages;
