//! Names of things: one newtype for each, so that no id can be passed where another is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::limit::SITE_ID_CHARS_MAX;

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdError;

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a valid id")
    }
}

impl std::error::Error for IdError {}

/// A UUID version 7 (RFC 9562, section 5.7) of a Unix time in milliseconds and 74 random bits out of `random`.
///
/// Time and randomness come from the caller, so that cores stay deterministic.
#[must_use]
pub const fn uuid_v7(unix_ms: u64, random: u128) -> u128 {
    let time = (unix_ms as u128 & 0xffff_ffff_ffff) << 80;
    let rand_a = (random >> 64) & 0x0fff;
    let rand_b = random & 0x3fff_ffff_ffff_ffff;
    time | (0x7 << 76) | (rand_a << 64) | (0x2 << 62) | rand_b
}

fn write_uuid(value: u128, out: &mut [u8; 36]) -> &str {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut at = 0;
    for (index, byte) in value.to_be_bytes().iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out[at] = b'-';
            at += 1;
        }
        out[at] = HEX[usize::from(byte >> 4)];
        out[at + 1] = HEX[usize::from(byte & 15)];
        at += 2;
    }
    std::str::from_utf8(out).expect("hex digits and dashes are ASCII")
}

fn uuid_text(value: u128) -> String {
    let mut text = String::with_capacity(36);
    for index in 0..32_u32 {
        if matches!(index, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        let digit = (value >> (124 - 4 * index)) as u8 & 15;
        text.push(char::from(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit }));
    }
    text
}

/// A number in decimal digits, without the formatting machinery.
#[must_use]
pub fn digits(number: u64) -> String {
    let mut text = if number < 10 { String::new() } else { digits(number / 10) };
    text.push(char::from(b'0' + (number % 10) as u8));
    text
}

/// Reads the canonical form only (36 characters, lower-case hex): one id has one spelling.
fn read_uuid(text: &str) -> Result<u128, IdError> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return Err(IdError);
    }
    let mut value = 0_u128;
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return Err(IdError);
            }
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return Err(IdError),
        };
        value = (value << 4) | u128::from(digit);
    }
    Ok(value)
}

/// Reads any string type the format offers, without an allocation where it can.
struct TextVisitor<T>(std::marker::PhantomData<T>);

impl<T: FromStr> de::Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(|_| E::custom("not a valid id"))
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(write_uuid(self.0, &mut [0; 36]))
            }
        }

        impl $name {
            /// What `to_string` gives, without the formatting machinery: in a browser its weight counts.
            #[must_use]
            pub fn text(self) -> String {
                uuid_text(self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                read_uuid(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(write_uuid(self.0, &mut [0; 36]))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_str(TextVisitor(std::marker::PhantomData))
            }
        }
    };
}

uuid_id! {
    /// A person who writes through the widget; made by the relay with their first message.
    VisitorId
}
uuid_id! {
    /// A person who answers in the console.
    AgentId
}
uuid_id! {
    /// A conversation; made by the client with its first draft, so that a retry opens it once.
    ConversationId
}
uuid_id! {
    /// One thing that a client wants recorded (a message, note, rating …); made by the client once and kept on every retry.
    MessageId
}
uuid_id! {
    /// An uploaded file; made by the client, so that a repeated upload is one file.
    AttachmentId
}

uuid_id! {
    /// A key of the API, and with it the service account that it belongs to; made by the relay.
    ServiceKeyId
}

uuid_id! {
    /// An invitation of a colleague, or a link for a new password; made by the relay.
    InvitationId
}

uuid_id! {
    /// A block of a visitor, an address or a network; made by the relay.
    BlockId
}

/// Stands for a network address or a network without naming it: a keyed hash of it, cut to 64 bits. Equal tags mean the same place, for as long
/// as the store keeps its key; nothing else can be learned from one. On the wire 16 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u64);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Tag {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let shape = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() != 16 || !shape {
            return Err(IdError);
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| IdError)
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(TextVisitor(std::marker::PhantomData))
    }
}

impl VisitorId {
    /// Four characters that tell visitors apart in a list ("Visitor 71c4").
    #[must_use]
    pub fn short(self) -> String {
        self.to_string().split_off(32)
    }
}

/// The number of an event in its lane; the first is 1, and 0 means "none yet".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first event of a lane.
    pub const ZERO: Self = Self(0);

    /// The number that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A site (brand, region) in the owner's words: 1 to 40 of `a-z`, `0-9` and `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteId(String);

impl SiteId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SiteId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let shape = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if text.is_empty() || text.len() > SITE_ID_CHARS_MAX || !shape {
            return Err(IdError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for SiteId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SiteId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(TextVisitor(std::marker::PhantomData))
    }
}

/// What a visitor holds to be known again: 32 random bytes as 64 lower-case hex digits, made by the relay.
///
/// The relay keeps only its SHA-256; `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token that carries these random bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut text = String::with_capacity(64);
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).expect("four bits are one digit"));
            }
        }
        Self(text)
    }

    /// The 64 digits, to be sent or kept by its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let shape = text.bytes().all(|byte| matches!(byte, b'a'..=b'f' | b'0'..=b'9'));
        if text.len() == 64 && shape { Ok(Self(text.to_owned())) } else { Err(IdError) }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(TextVisitor(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_written_and_has_one_spelling() {
        let id = MessageId(uuid_v7(1_700_000_000_123, u128::MAX / 3));
        let text = id.to_string();
        assert_eq!(text.len(), 36);
        assert_eq!(&text[14..15], "7");
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(text.to_uppercase().parse::<MessageId>(), Err(IdError));
        assert_eq!("".parse::<MessageId>(), Err(IdError));
        assert_eq!("é".repeat(18).parse::<MessageId>(), Err(IdError));
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        assert!(uuid_v7(2, 0) > uuid_v7(1, u128::MAX));
    }

    #[test]
    fn site_ids_are_short_plain_words() {
        assert!("demo-eu".parse::<SiteId>().is_ok());
        for bad in ["", "Demo", "a b", "../x", &"a".repeat(SITE_ID_CHARS_MAX + 1)] {
            assert_eq!(bad.parse::<SiteId>(), Err(IdError), "{bad}");
        }
    }

    #[test]
    fn a_token_is_never_shown_by_debug() {
        let token = Token::from_bytes(&[0xab; 32]);
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(token.reveal().parse::<Token>(), Ok(token.clone()));
    }
}
