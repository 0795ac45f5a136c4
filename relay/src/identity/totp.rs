//! A second factor: codes of an authenticator app that change every 30 seconds (TOTP, RFC 6238, with SHA-1 and six digits, which every app knows).

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::{Color, EcLevel, QrCode};
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::clock::random_bytes;

/// Bytes of a secret: as many as the hash has (RFC 4226, section 4).
pub const SECRET_BYTES: usize = 20;
/// How long a code is shown.
const STEP_MS: u64 = 30_000;
/// Steps that a phone's clock may be behind or ahead.
const DRIFT_STEPS: u64 = 1;
/// Digits of a code, …
const DIGITS: usize = 6;
/// … and how many codes there are.
const CODES: u32 = 1_000_000;
/// Characters of a typed code at most, with the blanks that an app shows in it.
const TYPED_CHARS_MAX: usize = 16;
/// The light margin that a QR code needs on every side, in modules (ISO/IEC 18004).
const MARGIN: usize = 4;
/// What a URI may hold as it is (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What an app and the relay share. Kept sealed.
#[derive(Clone)]
pub struct TotpSecret([u8; SECRET_BYTES]);

/// Why a code is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TotpError {
    /// It is not the code of this moment.
    #[error("this is not the code that the app shows now; is the phone's clock right?")]
    Wrong,
    /// It was right and was used already: each works once.
    #[error("this code was used already; wait for the next one")]
    Used,
}

impl TotpSecret {
    /// One that nobody has seen.
    #[must_use]
    pub fn fresh() -> Self {
        Self(random_bytes())
    }

    /// As it was sealed; none if it has another length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// As it is sealed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// To be typed into an app that cannot scan: base32 (RFC 4648) without padding.
    #[must_use]
    pub fn reveal(&self) -> String {
        base32(&self.0)
    }

    /// What the QR code holds: the app shows `issuer` and `account` beside its codes.
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let [issuer, account] = [issuer, account].map(|text| utf8_percent_encode(text, ENCODED).to_string());
        let secret = self.reveal();
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={}",
            STEP_MS / 1_000
        )
    }

    /// Checks a code that somebody typed. `used_step` is what the last right code of this secret gave.
    ///
    /// Returns the step of the code, to be stored before the sign-in is answered: it and those before it are taken no more.
    ///
    /// # Errors
    /// `Wrong`, or `Used`.
    pub fn check(&self, typed: &str, now_ms: u64, used_step: Option<u64>) -> Result<u64, TotpError> {
        let typed = read(typed).ok_or(TotpError::Wrong)?;
        let step = now_ms / STEP_MS;
        // All steps are looked at, and the last that fits counts: how long it takes says nothing, and no code fits a second time.
        let mut found = 0;
        for step in step.saturating_sub(DRIFT_STEPS)..=step + DRIFT_STEPS {
            found.conditional_assign(&(step + 1), self.code(step).ct_eq(&typed));
        }
        let step = found.checked_sub(1).ok_or(TotpError::Wrong)?;
        if used_step.is_some_and(|used| step <= used) { Err(TotpError::Used) } else { Ok(step) }
    }

    /// The code of a step (RFC 4226, section 5.3).
    fn code(&self, step: u64) -> u32 {
        let hash = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0), &step.to_be_bytes());
        let hash = hash.as_ref();
        let at = usize::from(hash[hash.len() - 1] & 15);
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&hash[at..at + 4]);
        (u32::from_be_bytes(bytes) & 0x7fff_ffff) % CODES
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// Six digits, with blanks anywhere.
fn read(typed: &str) -> Option<u32> {
    if typed.len() > TYPED_CHARS_MAX {
        return None;
    }
    let digits: String = typed.chars().filter(|char| !char.is_whitespace()).collect();
    let is_code = digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_code.then(|| digits.parse().ok()).flatten()
}

fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut text, mut bits, mut count) = (String::new(), 0_u32, 0);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(LETTERS[(bits >> count) as usize & 31]));
        }
    }
    if count > 0 {
        text.push(char::from(LETTERS[(bits << (5 - count)) as usize & 31]));
    }
    text
}

/// A QR code as one path of an SVG: `<svg viewBox="0 0 SIDE SIDE"><path d="PATH"/></svg>`, dark on light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrPath {
    /// Modules of one side, with the light margin.
    pub side: usize,
    /// The dark modules, a stroke-free square each.
    pub path: String,
}

/// Draws a text as a QR code; none when it is too long (2,331 bytes).
#[must_use]
pub fn qr_path(text: &str) -> Option<QrPath> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (MARGIN + at % code.width(), MARGIN + at / code.width());
            path.push_str(&format!("M{x} {y}h1v1h-1z"));
        }
    }
    Some(QrPath { side: code.width() + 2 * MARGIN, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    fn known() -> TotpSecret {
        TotpSecret(*b"12345678901234567890")
    }

    /// RFC 6238, appendix B, the last six of its eight digits.
    const VECTORS: [(u64, &str); 6] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    #[test]
    fn the_test_vectors_of_the_rfc() {
        for (at_s, code) in VECTORS {
            assert_eq!(known().check(code, at_s * 1_000, None), Ok(at_s / 30), "{at_s}");
            assert_eq!(format!("{:06}", known().code(at_s / 30)), code, "{at_s}");
        }
    }

    #[test]
    fn a_clock_may_be_one_step_off() {
        let (at_s, code) = VECTORS[3];
        let begin_ms = at_s / 30 * 30_000;
        for (now_ms, expected) in [
            (begin_ms - 30_001, Err(TotpError::Wrong)),
            (begin_ms - 30_000, Ok(at_s / 30)),
            (begin_ms, Ok(at_s / 30)),
            (begin_ms + 29_999, Ok(at_s / 30)),
            (begin_ms + 59_999, Ok(at_s / 30)),
            (begin_ms + 60_000, Err(TotpError::Wrong)),
        ] {
            assert_eq!(known().check(code, now_ms, None), expected, "{now_ms}");
        }
        assert!(
            known().check("000000", 0, None).is_err(),
            "at the beginning of time nothing is subtracted from nothing"
        );
    }

    #[test]
    fn a_code_works_once_and_none_before_it_afterwards() {
        let (secret, now_ms) = (known(), 1_234_567_890_000);
        let step = now_ms / STEP_MS;
        let code = |step| format!("{:06}", secret.code(step));
        let used = secret.check(&code(step), now_ms, None).expect("right");
        assert_eq!(secret.check(&code(step), now_ms, Some(used)), Err(TotpError::Used));
        assert_eq!(secret.check(&code(step - 1), now_ms, Some(used)), Err(TotpError::Used), "an earlier one");
        assert_eq!(secret.check(&code(step + 1), now_ms, Some(used)), Ok(step + 1), "the next one");
    }

    #[test]
    fn what_is_typed_is_six_digits() {
        let (at_s, now_ms) = (VECTORS[0].0, VECTORS[0].0 * 1_000);
        for typed in ["287082", " 287 082 ", "287\u{a0}082"] {
            assert_eq!(known().check(typed, now_ms, None), Ok(at_s / 30), "{typed}");
        }
        for typed in ["", "28708", "2870822", "287O82", "+87082", "٢٨٧٠٨٢", "-28708", &" ".repeat(1_000)] {
            assert_eq!(known().check(typed, now_ms, None), Err(TotpError::Wrong), "{typed}");
        }
        assert_eq!(TotpSecret::fresh().check("28708", now_ms, None), Err(TotpError::Wrong));
    }

    /// RFC 4648, section 10, without the padding.
    #[test]
    fn base32_is_that_of_the_rfc() {
        let text = "foobar";
        let coded = ["", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"];
        for (length, coded) in coded.into_iter().enumerate() {
            assert_eq!(base32(&text.as_bytes()[..length]), coded);
        }
    }

    #[test]
    fn a_secret_is_shown_as_an_address_and_never_by_accident() {
        let uri = known().uri("Shop & Co.", "ann+x@example.com");
        assert_eq!(
            uri,
            "otpauth://totp/Shop%20%26%20Co.:ann%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Shop%20%26%20Co.&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{:?}", known()), "TotpSecret(…)");
        assert_ne!(TotpSecret::fresh().0, TotpSecret::fresh().0);
        let again = TotpSecret::from_bytes(known().as_bytes()).expect("20 bytes");
        assert_eq!(again.reveal(), known().reveal());
        assert!(TotpSecret::from_bytes(&[0; 19]).is_none());
    }

    #[test]
    fn a_qr_code_reads_back() {
        let uri = known().uri("Causeway", "ann@example.com");
        let QrPath { side, path } = qr_path(&uri).expect("short enough");
        let mut dark = vec![false; side * side];
        for square in path.split('M').skip(1) {
            let (x, rest) = square.split_once(' ').expect("two numbers");
            let y = rest.strip_suffix("h1v1h-1z").expect("a square");
            dark[y.parse::<usize>().expect("a number") * side + x.parse::<usize>().expect("a number")] = true;
        }
        assert!(dark[..MARGIN * side].iter().all(|dark| !dark), "the margin is light");
        // Ten pixels for a module, as on a screen.
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * 10, side * 10, |x, y| {
            if dark[y / 10 * side + x / 10] { 0 } else { 255 }
        });
        let grids = image.detect_grids();
        let (_, read) = grids.first().expect("a code").decode().expect("readable");
        assert_eq!(read, uri);
        assert_eq!(qr_path(&"x".repeat(2_332)), None);
    }
}
