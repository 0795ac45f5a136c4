//! Colours and how well one can be read on another.

use std::fmt;
use std::str::FromStr;

use crate::text_type::text_in_json;

/// The least contrast of text on its background (WCAG 2.2, success criterion 1.4.3).
pub const CONTRAST_MIN: f64 = 4.5;

/// A colour in sRGB, written `#rrggbb` in small letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Colour([u8; 3]);

/// A text that is no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a colour; write it as #0f766e")]
pub struct ColourError;

impl Colour {
    /// Of red, green and blue.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// The contrast with another colour, from 1 (the same) to 21 (black and white), as WCAG 2.2 defines it.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// White if it can be read on this colour, else black. One of the two always can.
    #[must_use]
    pub fn text_on(self) -> Self {
        let white = Self::new(0xff, 0xff, 0xff);
        if white.contrast(self) >= CONTRAST_MIN { white } else { Self::new(0, 0, 0) }
    }

    /// This colour, mixed with black or white until it can be read on a background.
    #[must_use]
    pub fn readable_on(self, background: Self) -> Self {
        let target: u16 = if background.luminance() > 0.5 { 0 } else { 0xff };
        let mix =
            |part: u8, step: u16| u8::try_from((u16::from(part) * (16 - step) + target * step) / 16).unwrap_or(u8::MAX);
        let mixed = (0..=16_u16).map(|step| Self(self.0.map(|part| mix(part, step))));
        mixed.into_iter().find(|mixed| mixed.contrast(background) >= CONTRAST_MIN).unwrap_or(self)
    }

    /// The relative luminance, from 0 to 1.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl FromStr for Colour {
    type Err = ColourError;

    fn from_str(text: &str) -> Result<Self, ColourError> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(ColourError)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ColourError);
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| ColourError)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

text_in_json!(Colour);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_written() {
        for (written, kept) in [("#0f766e", "#0f766e"), ("#FFFFFF", "#ffffff")] {
            assert_eq!(written.parse::<Colour>().map(|colour| colour.to_string()), Ok(kept.to_owned()));
        }
        for bad in ["", "#fff", "0f766e", "#0f766g", "#0f766e ", "#+f766e", "#é0f76", "red"] {
            assert_eq!(bad.parse::<Colour>(), Err(ColourError), "{bad}");
        }
    }

    #[test]
    fn every_colour_becomes_readable() {
        let backgrounds = ["#ffffff", "#0f1518"].map(|text| text.parse::<Colour>().unwrap());
        for red in (0..=255).step_by(51) {
            for (green, blue) in [(0, 0), (0, 255), (255, 0), (255, 255), (128, 128)] {
                let colour = Colour::new(red, green, blue);
                for background in backgrounds {
                    assert!(
                        colour.readable_on(background).contrast(background) >= CONTRAST_MIN,
                        "{colour} {background}"
                    );
                }
                assert!(colour.text_on().contrast(colour) >= CONTRAST_MIN, "{colour}");
            }
        }
        assert_eq!(backgrounds[1].readable_on(backgrounds[0]), backgrounds[1], "what can be read stays");
    }

    /// The figures are those of published calculators.
    #[test]
    fn contrast_is_that_of_wcag() {
        for (one, other, expected) in [
            ("#000000", "#ffffff", 21.0),
            ("#ffffff", "#ffffff", 1.0),
            ("#777777", "#ffffff", 4.48),
            ("#767676", "#ffffff", 4.54),
            ("#ff0000", "#ffffff", 4.0),
            ("#0000ff", "#ffffff", 8.59),
        ] {
            let (one, other): (Colour, Colour) = (one.parse().unwrap(), other.parse().unwrap());
            let found = one.contrast(other);
            assert!((found - expected).abs() < 0.006, "{one} on {other}: {found}");
            assert!((found - other.contrast(one)).abs() < 1e-9);
        }
    }
}
