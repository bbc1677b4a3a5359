//! What every request passes, from outside in: [`slash`], [`edge`], [`panic`], [`origin`], [`authenticate`] (with [`limit`]), [`idempotency`], [`timeout`].

pub(crate) mod authenticate;
pub(crate) mod edge;
pub(crate) mod forwarded;
pub(crate) mod idempotency;
pub(crate) mod limit;
pub(crate) mod origin;
pub(crate) mod panic;
pub(crate) mod slash;
pub(crate) mod timeout;
