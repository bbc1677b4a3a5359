//! `/api/memory` (elizaOS 1.x).

pub(in crate::routes) mod memories;
