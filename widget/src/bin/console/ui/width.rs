//! How wide the window is.

use widget::env::window;

/// Whether the window is narrower than so many pixels: where the style sheets put one column in place of two, what is done follows them.
pub(crate) fn is_below(pixels: f64) -> bool {
    window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width < pixels)
}
