//! The site's own colours, made readable on both backgrounds.

use wasm_bindgen::JsValue;

use crate::env::{field, query, root};

/// The backgrounds, light and dark, as in `www/tokens.css`.
const BACKGROUNDS: [[u8; 3]; 2] = [[0xff, 0xff, 0xff], [0x0f, 0x15, 0x18]];
/// The least contrast of text (WCAG 2.2, success criterion 1.4.3).
const CONTRAST_MIN: f32 = 4.5;

type Colour = [u8; 3];

/// What the style sheet knows of the site's own colours, as `--site-…`.
const NAMES: [&str; 6] = ["light", "on-light", "dark", "on-dark", "mine", "on-mine"];

/// Takes the colour of the page's address (`?color=#rrggbb`), which the script tag chose; else those of the site's look; else the product's own.
pub fn apply(look: &JsValue) {
    let (style, colours) = (root().style(), field(look, "colours"));
    let set = |name: &str, colour: &str| style.set_property(&["--site-", name].concat(), colour).ok();
    let Some(accent) = query("color").and_then(|text| parse(&text)) else {
        for name in NAMES {
            // An empty value takes the property away.
            set(name, &field(&colours, name).as_string().unwrap_or_default());
        }
        return;
    };
    set("mine", &write(accent));
    set("on-mine", &write(on(accent)));
    for (name, background) in ["light", "dark"].into_iter().zip(BACKGROUNDS) {
        let readable = readable(accent, background);
        set(name, &write(readable));
        set(&["on-", name].concat(), &write(on(readable)));
    }
}

/// `#rgb` or `#rrggbb`.
fn parse(text: &str) -> Option<Colour> {
    let digits: Vec<u8> =
        text.strip_prefix('#')?.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    match *digits.as_slice() {
        [r, g, b] => Some([r * 17, g * 17, b * 17]),
        [r, r2, g, g2, b, b2] => Some([r * 16 + r2, g * 16 + g2, b * 16 + b2]),
        _ => None,
    }
}

fn write(colour: Colour) -> String {
    let mut text = String::from("#");
    for part in colour {
        for digit in [part >> 4, part & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

/// White if it is readable on a colour, else black. One of the two always is.
fn on(colour: Colour) -> Colour {
    if contrast([255; 3], colour) >= CONTRAST_MIN { [255; 3] } else { [0; 3] }
}

/// A colour, mixed with black or white until it is readable on a background.
fn readable(colour: Colour, background: Colour) -> Colour {
    let target: u16 = if luminance(background) > 0.5 { 0 } else { 255 };
    (0..=16_u16)
        .map(|step| colour.map(|part| mix(part, target, step)))
        .find(|moved| contrast(*moved, background) >= CONTRAST_MIN)
        .unwrap_or(colour)
}

/// `step` sixteenths of the way from one value to another.
fn mix(part: u8, target: u16, step: u16) -> u8 {
    let mixed = (u16::from(part) * (16 - step) + target * step) / 16;
    u8::try_from(mixed).unwrap_or(u8::MAX)
}

/// Contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").
fn contrast(one: Colour, other: Colour) -> f32 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Relative luminance, 0 to 1 (WCAG 2.2). A polynomial stands for sRGB's power of 2.4: exact enough, and without the mathematics library, which
/// would weigh more than the rest of this file.
fn luminance([r, g, b]: Colour) -> f32 {
    let linear = |part: u8| {
        let part = f32::from(part) / 255.0;
        part * (part * (part * 0.305_306 + 0.682_171) + 0.012_523)
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_anything_else_is_not() {
        assert_eq!(parse("#0f766e"), Some([0x0f, 0x76, 0x6e]));
        assert_eq!(parse("#fa0"), Some([0xff, 0xaa, 0]));
        for bad in ["", "#", "red", "#12345", "#1234567", "#gggggg", "0f766e", "#é0f766", "url(x)"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(write([0x0f, 0x76, 0x6e]), "#0f766e");
    }

    #[test]
    fn every_accent_becomes_readable_on_both_backgrounds() {
        for red in (0..=255).step_by(51) {
            for green in (0..=255).step_by(51) {
                for blue in (0..=255).step_by(51) {
                    let accent = [red, green, blue];
                    for background in BACKGROUNDS {
                        assert!(
                            contrast(readable(accent, background), background) >= CONTRAST_MIN,
                            "{accent:?} {background:?}"
                        );
                    }
                    assert!(contrast(on(accent), accent) >= CONTRAST_MIN, "{accent:?}");
                }
            }
        }
    }

    #[test]
    fn the_polynomial_stays_near_the_exact_luminance() {
        for part in 0..=255_u8 {
            let exact = {
                let part = f32::from(part) / 255.0;
                if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            };
            assert!((luminance([part; 3]) - exact).abs() < 0.003, "{part}");
        }
    }
}
