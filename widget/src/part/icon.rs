//! The stroke icons in use: 1.75 pixels in a box of 24, after Lucide. Each is one path, so that only what is shown is compiled in.

use crate::dom::{self, El};

/// A paper clip.
pub const ATTACH: &str = "M20 11l-8.5 8.5a5 5 0 01-7-7L13 4a3.3 3.3 0 015 5l-8.5 8.5a1.7 1.7 0 01-2.5-2.5L14 8";
/// An arrow up.
pub const SEND: &str = "M12 19V5M6 11l6-6 6 6";
/// A chevron down.
pub const DOWN: &str = "M6 9l6 6 6-6";
/// A cross.
pub const CROSS: &str = "M6 6l12 12M18 6L6 18";
/// Three dots.
pub const MORE: &str = "M5 11a1 1 0 100 2 1 1 0 000-2M12 11a1 1 0 100 2 1 1 0 000-2M19 11a1 1 0 100 2 1 1 0 000-2";
/// A padlock.
pub const LOCK: &str = "M7 11h10a2 2 0 012 2v5a2 2 0 01-2 2H7a2 2 0 01-2-2v-5a2 2 0 012-2zM8 11V8a4 4 0 018 0v3";
/// A radio mast, struck through.
pub const NO_NETWORK: &str = "M3 3l18 18M8.5 16a5 5 0 017 0M5 12.5A10 10 0 0110 9.8M19 12.5a10 10 0 00-4-2.4M12 20h.01";
/// A tick.
pub const CHECK: &str = "M5 13l4 4L19 7";
/// A sheet of paper.
pub const FILE: &str = "M14 3H7a2 2 0 00-2 2v14a2 2 0 002 2h10a2 2 0 002-2V8zM14 3v5h5M9 13h6M9 17h4";
/// A picture.
pub const PICTURE: &str = "M7 4h10a3 3 0 013 3v10a3 3 0 01-3 3H7a3 3 0 01-3-3V7a3 3 0 013-3zM9 8a1.5 1.5 0 100 3 1.5 1.5 0 000-3M5 18l5-5 4 4 2-2 3 3";
/// An arrow down onto a line.
pub const DOWNLOAD: &str = "M12 4v11M7 10l5 5 5-5M5 20h14";
/// A triangle that plays.
pub const PLAY: &str = "M8 5l11 7-11 7z";

/// A triangle with an exclamation mark.
pub const WARN: &str = "M12 4l9 16H3zM12 10v4M12 17h.01";
/// A circle with an i.
pub const INFO: &str = "M12 4a8 8 0 100 16 8 8 0 000-16M12 11v5M12 8h.01";
/// A looking glass with a plus.
pub const ZOOM: &str = "M10 4a6 6 0 100 12 6 6 0 000-12M14.5 14.5L20 20M10 7.5v5M7.5 10h5";

/// Draws an icon. It is hidden from screen readers.
#[must_use]
pub fn icon(path: &'static str) -> El {
    const SVG: &str = "http://www.w3.org/2000/svg";
    let svg = dom::el_of(SVG, "svg").attr("class", "icon").attr("viewBox", "0 0 24 24").attr("aria-hidden", "true");
    svg.child(dom::el_of(SVG, "path").attr("d", path))
}
