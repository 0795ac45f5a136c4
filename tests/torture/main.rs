//! Real faults on the real binary, judged by a client of its own: short by itself, long by `cargo xtask torture`.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test picks the frames and events it waits for")]

mod crowd;
mod form;
mod kill;
mod network;
mod stop;
