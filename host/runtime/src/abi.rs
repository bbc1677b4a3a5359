//! Versions of the plugin ABI: one module per released `wit/` folder, each converting to and from `domain`.
//! A new version is a new module here and one more line in `linker`; nothing else in the host sees the difference.

pub(crate) mod v0_1_0;
