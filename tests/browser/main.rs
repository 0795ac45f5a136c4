//! The stories of people: a real Chromium, the real relay, a foreign page with a strict policy.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test picks the frames and events it waits for")]

mod account;
mod address;
mod awake;
mod blocked;
mod controls;
mod defence;
mod desk;
mod eyes;
mod file;
mod firefox;
mod first;
mod founding;
mod holder;
mod invited;
mod labels;
mod look;
mod low;
mod menu;
mod odd;
mod outage;
mod page;
mod passkey;
mod program;
mod queue;
mod rooms;
mod settings;
mod shutdown;
mod site;
mod tag;
mod talk;
mod team;
mod unkept;
mod ways;
mod words;
mod written;
