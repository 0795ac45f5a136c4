//! What the tests of the whole share: a started relay, a demo site, browsers, and people who sit at them.
//!
//! Everything here panics with a sentence instead of returning an error: a test has nobody to hand it to.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test picks the frames and events it waits for")]

mod browser;
mod client;
mod dice;
mod driver;
mod eyes;
mod feed;
mod field;
mod gate;
mod judge;
mod look;
mod paths;
mod people;
mod process;
mod proxy;
mod raw_socket;
mod relay;
mod site;
mod wait;
mod world;

pub use browser::{Browser, Shown};
pub use client::{Client, Door};
pub use dice::Dice;
pub use driver::Driver;
pub use feed::{check_counter, check_feed};
pub use gate::Gate;
pub use judge::{Acknowledged, Judge, LaneOf, Log, Verdict, check_integrity, check_queue};
pub use look::{Engine, Look};
pub use paths::{screenshots, web_dir, workspace};
pub use people::{Agent, Visitor};
pub use process::Process;
pub use proxy::{NetworkFault, Proxy};
pub use raw_socket::{RawSocket, new_id};
pub use relay::{Answer, Relay, Setup};
pub use site::Site;
pub use wait::{BOUND, eventually, wait_until};
pub use world::World;
