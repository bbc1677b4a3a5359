pub(in crate::routes) mod v1;
