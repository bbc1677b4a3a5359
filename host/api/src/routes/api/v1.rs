pub(in crate::routes) mod users;
