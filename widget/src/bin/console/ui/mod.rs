//! What every page of the console draws with: words, icons, times, windows, and the parts shared with the chat.

pub(crate) mod copy;
pub(crate) mod dialog;
pub(crate) mod focus;
pub(crate) mod help;
pub(crate) mod icon;
pub(crate) mod parts;
pub(crate) mod person;
pub(crate) mod reason;
pub(crate) mod refusal;
pub(crate) mod save_key;
pub(crate) mod task;
pub(crate) mod when;
pub(crate) mod who;
pub(crate) mod width;
pub(crate) mod words;
