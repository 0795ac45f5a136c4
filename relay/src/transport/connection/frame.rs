//! Received frames before they are handled: decoding one, and counting them.

use std::borrow::Cow;

use wire::limit::{FRAMES_BURST_MAX, FRAMES_PER_SECOND_MAX, FRAMES_REFUSED_MAX};
use wire::{Close, FirstFrame, FromAgent, FromVisitor, Incoming, PROTOCOL};

/// What was received from a client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received<T> {
    /// A text, to be decoded as a frame.
    Text(T),
    /// Nothing to handle: a ping or pong of the WebSocket itself.
    Quiet,
    /// The connection ends; with a close code if one is to be sent.
    End(Option<Close>),
}

/// Why a text is no frame of its side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoFrame {
    /// A frame of a type that this side does not have: a newer client's, or the other side's.
    Unknown,
    /// It is malformed.
    Malformed,
}

/// Decodes the JSON of one frame as its side's. Nearly all frames are well-formed and known, so the type is read by itself only after a
/// failure.
pub(super) fn decode(is_visitor: bool, text: &str) -> Result<Incoming, NoFrame> {
    let (frame, types) = if is_visitor {
        (serde_json::from_str(text).map(Incoming::Visitor), FromVisitor::TYPES)
    } else {
        (serde_json::from_str(text).map(Incoming::Agent), FromAgent::TYPES)
    };
    frame.map_err(|_| match kind(text) {
        // A second hello is malformed, not a frame of a newer client.
        Some(kind) if kind != "hello" && !types.contains(&kind.as_ref()) => NoFrame::Unknown,
        Some(_) | None => NoFrame::Malformed,
    })
}

/// The `type` of a JSON object, whatever else it holds.
fn kind(text: &str) -> Option<Cow<'_, str>> {
    #[derive(serde::Deserialize)]
    struct Probe<'a> {
        #[serde(borrow)]
        r#type: Cow<'a, str>,
    }
    serde_json::from_str::<Probe<'_>>(text).ok().map(|probe| probe.r#type)
}

/// Reads the first frame of a connection.
pub(crate) fn decode_first(text: &str) -> Result<FirstFrame, Close> {
    serde_json::from_str(text).map_err(|_| if other_protocol(text) { Close::Version } else { Close::Malformed })
}

/// Whether it is a hello of another protocol version, whatever else it holds.
fn other_protocol(text: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Probe {
        r#type: String,
        protocol: u64,
    }
    serde_json::from_str::<Probe>(text)
        .is_ok_and(|probe| probe.r#type == "hello" && probe.protocol != u64::from(PROTOCOL))
}

/// Counts the frames of one connection, so that a flood ends here and never fills the core's queue. Its limits are the core's: what the core
/// allows at once, and what it refuses one by one.
#[derive(Debug)]
pub(super) struct Bucket {
    level: u32,
    filled_at_ms: u64,
}

const BUCKET_FRAMES_MAX: u32 = FRAMES_BURST_MAX + FRAMES_REFUSED_MAX;

impl Bucket {
    pub(super) const fn new(now_ms: u64) -> Self {
        Self { level: BUCKET_FRAMES_MAX, filled_at_ms: now_ms }
    }

    /// Whether one more frame may pass.
    pub(super) fn take(&mut self, now_ms: u64) -> bool {
        let seconds = now_ms.saturating_sub(self.filled_at_ms) / 1_000;
        if seconds > 0 {
            let more = u32::try_from(seconds).unwrap_or(u32::MAX).saturating_mul(FRAMES_PER_SECOND_MAX);
            self.level = self.level.saturating_add(more).min(BUCKET_FRAMES_MAX);
            self.filled_at_ms += seconds * 1_000;
        }
        let taken = self.level > 0;
        self.level = self.level.saturating_sub(1);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_distinguished_from_unknown_ones_and_nonsense() {
        let both = |text: &str| [true, false].map(|is_visitor| decode(is_visitor, text));
        let ping = r#"{"type":"ping"}"#;
        assert_eq!(both(ping), [Ok(Incoming::Visitor(FromVisitor::Ping)), Ok(Incoming::Agent(FromAgent::Ping))]);
        for newer in [
            r#"{"type":"dance","with":"me"}"#,
            r#"{"type":"Ping"}"#,
            r#"{"type":""}"#,
            r#"{"with":[{"type":"ping"}],"type":"d\u0061nce"}"#,
            r#"{"type":"unknown variant"}"#,
        ] {
            assert_eq!(both(newer), [Err(NoFrame::Unknown), Err(NoFrame::Unknown)], "{newer}");
        }
        for bad in [
            "",
            "{",
            "[]",
            "null",
            "\"ping\"",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"say"}"#,
            r#"{"type":"s\u0061y"}"#,
            r#"{"type":"say","conversation":"unknown variant"}"#,
            r#"{"type":"dance","type":"dance"}"#,
            r#"{"type":"dance"#,
            r#"{"type":"ping"} x"#,
            r#"{"type":"typing","conversation":"x"}"#,
            r#"{"type":"hello","protocol":1,"hello":{"as":"agent"},"follow":[]}"#,
        ] {
            assert_eq!(both(bad), [Err(NoFrame::Malformed), Err(NoFrame::Malformed)], "{bad}");
        }
    }

    #[test]
    fn no_side_can_read_what_only_the_other_says() {
        let conversation = "01900000-0000-7000-8000-000000000001";
        let with = |kind: &str| {
            let body = r#""text":"a","body":{"kind":"note","text":"a"}"#;
            format!(r#"{{"type":"{kind}","conversation":"{conversation}","id":"{conversation}",{body}}}"#)
        };
        let agents = ["take", "record", "note", "spam", "release"].map(|kind| (kind, false));
        for (kind, is_visitors) in agents.into_iter().chain([("leave_queue", true)]) {
            let text = with(kind);
            assert!(decode(is_visitors, &text).is_ok(), "{text}");
            assert_eq!(decode(!is_visitors, &text), Err(NoFrame::Unknown), "{text}");
        }
        let own = |of: &[&'static str], other: &[&str]| of.iter().filter(|kind| !other.contains(kind)).count();
        assert_eq!(own(FromVisitor::TYPES, FromAgent::TYPES), 4, "{:?}", FromVisitor::TYPES);
        assert_eq!(own(FromAgent::TYPES, FromVisitor::TYPES), 14, "{:?}", FromAgent::TYPES);
    }

    #[test]
    fn another_protocol_is_recognised_whatever_else_it_says() {
        let refused = |text| decode_first(text).err();
        assert_eq!(refused(r#"{"type":"hello","protocol":2,"shape":"new"}"#), Some(Close::Version));
        assert_eq!(refused(r#"{"type":"hello","protocol":1}"#), Some(Close::Malformed));
        assert_eq!(refused(r#"{"type":"say","protocol":2}"#), Some(Close::Malformed));
        assert_eq!(refused(r#"{"type":"ping"}"#), Some(Close::Malformed));
        assert_eq!(refused(r#"{"type":"hello","protocol":1,"hello":{"as":"agent"},"follow":[]}"#), None);
    }

    #[test]
    fn the_bucket_ends_a_flood_and_fills_up_again() {
        let mut bucket = Bucket::new(0);
        let passed = (0..1_000).take_while(|_| bucket.take(500)).count();
        assert_eq!(passed, BUCKET_FRAMES_MAX as usize);
        let later = (0..1_000).take_while(|_| bucket.take(2_500)).count();
        assert_eq!(later, 2 * FRAMES_PER_SECOND_MAX as usize);
    }
}
