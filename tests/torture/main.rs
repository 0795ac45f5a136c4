//! Real faults on the real binary, judged by a client of its own: short by itself, long by `cargo xtask torture`.

mod crowd;
mod disk;
mod fault;
mod form;
mod kill;
mod mass;
mod network;
mod power;
mod process;
mod slow;
mod soak;
mod stop;
mod storm;
mod trace;
