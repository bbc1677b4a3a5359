pub(in crate::routes) mod status;
