//! What strangers hand over beside frames, read without trust: addresses, cookies, file names and contents.
//!
//! Pure functions of bytes, apart from the relay, so that they are fuzzed without it.

pub mod address;
pub mod browser;
pub mod cookie;
pub mod encoding;
pub mod name;
pub mod picture;
pub mod plain;
pub mod sniff;
