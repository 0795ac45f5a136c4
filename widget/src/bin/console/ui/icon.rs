//! The console's own icons, beside those it shares with the chat: one path each, 1.75 pixels in a box of 24, after Lucide.

use leptos::prelude::*;

pub(crate) use widget::part::icon::{CROSS, DOWNLOAD};

/// The product's mark.
pub(crate) const LOGO: &str = "M3 16c3-5 6-8 9-8s6 3 9 8M3 20h18M8 20v-7M16 20v-7M12 20v-9";
/// A tray.
pub(crate) const INBOX: &str = "M22 12h-6l-2 3h-4l-2-3H2M5.5 5.1L2 12v6a2 2 0 002 2h16a2 2 0 002-2v-6l-3.5-6.9A2 2 0 0016.8 4H7.2a2 2 0 00-1.7 1.1z";
/// A loudspeaker.
pub(crate) const SOUND_ON: &str = "M11 4.7L6.4 8.6H3v6.8h3.4L11 19.3zM16 9a5 5 0 010 6M19.4 5.6a9 9 0 010 12.8";
/// A silent loudspeaker.
pub(crate) const SOUND_OFF: &str = "M11 4.7L6.4 8.6H3v6.8h3.4L11 19.3zM22 9l-6 6M16 9l6 6";
/// A magnifying glass.
pub(crate) const SEARCH: &str = "M11 17a6 6 0 100-12 6 6 0 000 12zM20 20l-4.5-4.5";
/// An arrow back.
pub(crate) const BACK: &str = "M19 12H5M12 19l-7-7 7-7";
/// A person.
pub(crate) const PERSON: &str = "M20 21v-2a4 4 0 00-4-4H8a4 4 0 00-4 4v2M12 11a4 4 0 100-8 4 4 0 000 8z";
/// A speech bubble.
pub(crate) const TALK: &str = "M21 11.5a8.4 8.4 0 01-12 7.6L3 21l1.9-6A8.4 8.4 0 1121 11.5z";
/// A door with an arrow out of it.
pub(crate) const LEAVE: &str = "M9 21H5a2 2 0 01-2-2V5a2 2 0 012-2h4M16 17l5-5-5-5M21 12H9";

/// A sheet with a folded corner.
pub(crate) const NOTE: &str = "M15 3H5a2 2 0 00-2 2v14a2 2 0 002 2h14a2 2 0 002-2V9zM15 3v6h6M8 13h8M8 17h5";

/// A shield.
pub(crate) const SHIELD: &str = "M12 22s8-4 8-10V5l-8-3-8 3v7c0 6 8 10 8 10z";
/// A keyboard.
pub(crate) const KEYBOARD: &str = "M4 5h16a2 2 0 012 2v10a2 2 0 01-2 2H4a2 2 0 01-2-2V7a2 2 0 012-2z\
    M6 9h.01M10 9h.01M14 9h.01M18 9h.01M8 13h.01M12 13h.01M16 13h.01M8 16h8";
/// A gear.
pub(crate) const GEAR: &str = "M12 15.5a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM19.4 15a1.7 1.7 0 00.3 1.9l.1.1a2 2 0 11-2.8 2.8l-.1-.1a1.7 1.7 0 \
    00-2.9 1.2V21a2 2 0 11-4 0v-.1a1.7 1.7 0 00-2.9-1.2l-.1.1a2 2 0 11-2.8-2.8l.1-.1A1.7 1.7 0 003.1 14H3a2 2 0 110-4h.1a1.7 1.7 0 \
    001.2-2.9l-.1-.1a2 2 0 112.8-2.8l.1.1A1.7 1.7 0 0010 3.1V3a2 2 0 114 0v.1a1.7 1.7 0 002.9 1.2l.1-.1a2 2 0 112.8 2.8l-.1.1A1.7 1.7 0 \
    0020.9 10h.1a2 2 0 110 4h-.1a1.7 1.7 0 00-1.5 1z";
/// A plus sign.
pub(crate) const PLUS: &str = "M12 5v14M5 12h14";
/// A sheet with a clock.
pub(crate) const HISTORY: &str = "M16 22h2a2 2 0 0 0 2-2V8a2.4 2.4 0 0 0-.706-1.706l-3.588-3.588A2.4 2.4 0 0 0 14 2H6a2 2 0 0 0-2 2v2.85M14 2v5\
    a1 1 0 0 0 1 1h5M8 14v2.2l1.6 1M2 16a6 6 0 1 0 12 0a6 6 0 1 0 -12 0";
/// A scroll.
pub(crate) const SCROLL: &str = "M15 12h-5M15 8h-5M19 17V5a2 2 0 0 0-2-2H4M8 21h12a2 2 0 0 0 2-2v-1a1 1 0 0 0-1-1H11a1 1 0 0 0-1 1v1a2 2 0 1 1-4 0V5\
    a2 2 0 1 0-4 0v2a1 1 0 0 0 1 1h3";
/// A link of a chain.
pub(crate) const LINK: &str = "M10 13a5 5 0 0 0 7.54.54l3-3a5 5 0 0 0-7.07-7.07l-1.72 1.71M14 11a5 5 0 0 0-7.54-.54l-3 3a5 5 0 0 0 7.07 7.07l1.71-1.71";
/// A broken link of a chain.
pub(crate) const UNLINK: &str = "M18.84 12.25l1.72-1.71h-.02a5.004 5.004 0 0 0-.12-7.07 5.006 5.006 0 0 0-6.95 0l-1.72 1.71M5.17 11.75l-1.71 1.71\
    a5.004 5.004 0 0 0 .12 7.07 5.006 5.006 0 0 0 6.95 0l1.71-1.71M8 2L8 5M2 8L5 8M16 19L16 22M19 16L22 16";
/// A painter's palette.
pub(crate) const PALETTE: &str = "M12 22a1 1 0 0 1 0-20 10 9 0 0 1 10 9 5 5 0 0 1-5 5h-2.25a1.75 1.75 0 0 0-1.4 2.8l.3.4a1.75 1.75 0 0 1-1.4 2.8z\
    M13 6.5a0.5 0.5 0 1 0 1 0a0.5 0.5 0 1 0 -1 0M17 10.5a0.5 0.5 0 1 0 1 0a0.5 0.5 0 1 0 -1 0M6 12.5a0.5 0.5 0 1 0 1 0a0.5 0.5 0 1 0 -1 0M8 7.5\
    a0.5 0.5 0 1 0 1 0a0.5 0.5 0 1 0 -1 0";
/// Two arrows that part.
pub(crate) const SPLIT: &str = "M16 3h5v5M8 3H3v5M12 22v-8.3a4 4 0 0 0-1.172-2.872L3 3M15 9l6-6";
/// A card with a person.
pub(crate) const BADGE: &str = "M13 19a4 4 0 00-8 0M16 10h2M16 14h2M6 12a3 3 0 1 0 6 0a3 3 0 1 0 -6 0M4 5h16a2 2 0 0 1 2 2v10a2 2 0 0 1 -2 2h-16\
    a2 2 0 0 1 -2 -2v-10a2 2 0 0 1 2 -2z";
/// Two people.
pub(crate) const USERS: &str = "M16 21v-2a4 4 0 0 0-4-4H6a4 4 0 0 0-4 4v2M16 3.128a4 4 0 0 1 0 7.744M22 21v-2a4 4 0 0 0-3-3.87M5 7a4 4 0 1 0 8 0\
    a4 4 0 1 0 -8 0";
/// A person with a plus sign.
pub(crate) const USER_PLUS: &str =
    "M16 21v-2a4 4 0 0 0-4-4H6a4 4 0 0 0-4 4v2M5 7a4 4 0 1 0 8 0a4 4 0 1 0 -8 0M19 8L19 14M22 11L16 11";
/// A key.
pub(crate) const KEY: &str = "M2.586 17.414A2 2 0 0 0 2 18.828V21a1 1 0 0 0 1 1h3a1 1 0 0 0 1-1v-1a1 1 0 0 1 1-1h1a1 1 0 0 0 1-1v-1a1 1 0 0 1 1-1h.172\
    a2 2 0 0 0 1.414-.586l.814-.814a6.5 6.5 0 1 0-4-4zM16 7.5a0.5 0.5 0 1 0 1 0a0.5 0.5 0 1 0 -1 0";
/// A clock.
pub(crate) const CLOCK: &str = "M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0M12 6v6l4 2";
/// A megaphone.
pub(crate) const MEGAPHONE: &str = "M11 6a13 13 0 0 0 8.4-2.8A1 1 0 0 1 21 4v12a1 1 0 0 1-1.6.8A13 13 0 0 0 11 14H5a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2zM6 14\
    a12 12 0 0 0 2.4 7.2 2 2 0 0 0 3.2-2.4A8 8 0 0 1 10 14M8 6v8";
/// Letters of two alphabets.
pub(crate) const LANGUAGES: &str = "M5 8l6 6M4 14l6-6 2-3M2 5h12M7 2h1M22 22l-5-10-5 10M14 18h6";
/// Three points.
pub(crate) const MORE: &str = "M5 12h.01M12 12h.01M19 12h.01";

/// Draws an icon. It is hidden from screen readers.
pub(crate) fn icon(path: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=path></path>
        </svg>
    }
}
