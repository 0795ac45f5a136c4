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
