//! Requests over HTTP: the relay's API. Conversations go over the connection.

pub(crate) mod account;
pub(crate) mod again;
pub(crate) mod audit;
pub(crate) mod documents;
pub(crate) mod erasing;
pub(crate) mod invited;
pub(crate) mod keys;
pub(crate) mod passkey;
mod saved;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod staff;
pub(crate) mod v1;
