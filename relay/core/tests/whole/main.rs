//! The core as a whole, in a world of its own: model store, virtual time, clients that keep what they are sent.

mod absent;
mod agents;
mod arbitrary;
mod brief;
mod defence;
mod erased;
mod exact;
mod flood;
mod followed;
mod inbox;
mod limits;
mod missed;
mod model;
mod numbers;
mod step;
mod stories;
mod support;
mod topics;
mod unknown;
