//! The core as a whole, in a world of its own: model store, virtual time, clients that keep what they are sent.

mod absent;
mod arbitrary;
mod brief;
mod desk;
mod exact;
mod flood;
mod inbox;
mod limits;
mod model;
mod numbers;
mod step;
mod stories;
mod support;
mod unknown;
