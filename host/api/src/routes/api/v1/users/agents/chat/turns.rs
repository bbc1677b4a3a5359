//! `/api/v1/users/{user}/agents/{agent}/chat/turns`.

pub(in crate::routes) mod events;
