//! The frames of a visitor's client, both directions. `widget/core/tests/codec.rs` compares them with serde's by the golden files of `wire`.
//!
//! A value that is not known here, from a newer relay, never makes the frame around it unreadable. As in `wire`, it is read as the most harmless
//! known one.

use wire::{
    AgentState, Attachment, Author, Body, ClientFrame, Cursor, Event, Follow, Head, Hello, Lane, Media, PageContext,
    Party, Refusal, Say, SessionStart, Subject, ToVisitor, VisitorConversation,
};

use crate::codec::declare::{Object, Value, choice, is_default, object, tagged};
use crate::codec::json::{Json, Writer};

tagged!(ToVisitor by "type" {
    Event = "event" { event },
    Events = "events" { conversation, lane, after, events, head },
    Pong = "pong" { heads },
    Typing = "typing" { conversation, party, name },
    Refused = "refused" { subject, refusal },
    Welcome = "welcome" { protocol, now_ms, attachment_bytes_max, session },
    Registered = "registered" { visitor, token },
    Holder = "holder" { conversation, state },
    Queue = "queue" { conversation, place, waiting },
    Answering = "answering" { agents },
    Look = "look" { look },
    Erased = "erased" { conversation, last_line, language },
});

tagged!(ClientFrame by "type" {
    Hello = "hello" { protocol, hello, follow },
    Say = "say" { conversation, id, say },
    Typing = "typing" { conversation },
    Seen = "seen" { conversation, up_to },
    End = "end" { conversation, id },
    Follow = "follow" { follow },
    Unfollow = "unfollow" { conversation },
    Fetch = "fetch" { conversation, lane, after },
    Ping = "ping",
    Register = "register",
    LeaveQueue = "leave_queue" { conversation },
    Rate = "rate" { conversation, id, score, comment },
    Page = "page" { page },
});

tagged!(Hello by "as" { Visitor = "visitor" { site, token, page }, });
tagged!(SessionStart by "as" { Visitor = "visitor" { visitor, conversations, answering }, });
tagged!(Say by "kind" { Text = "text" { text }, File = "file" { attachment }, });

// Kinds that agents alone are told are unknown here. The event is read all the same: it has a number, and without it there would be a gap.
tagged!(Body by "kind" {
    Text = "text" { text },
    File = "file" { attachment },
    Queued = "queued",
    LeftQueue = "left_queue",
    Joined = "joined",
    Seen = "seen" { up_to },
    Closed = "closed",
    Rated = "rated" { score, comment },
    Erased = "erased",
} else |_json| Some(Self::Unknown));

tagged!(Author by "by" {
    Visitor = "visitor",
    Agent = "agent" { id, name },
    Service = "service" { id, name },
    System = "system",
} else |_json| Some(Self::System));

// An unknown one is told by the ids it names.
tagged!(Subject by "about" {
    Message = "message" { conversation, id },
    Conversation = "conversation" { conversation },
    Connection = "connection",
} else |json| Some(match (Value::read(json.get("conversation")), Value::read(json.get("id"))) {
    (Some(conversation), Some(id)) => Self::Message { conversation, id },
    (Some(conversation), None) => Self::Conversation { conversation },
    (None, _) => Self::Connection,
}));

// An unknown one, of a newer relay, is tried again if it says when.
tagged!(Refusal by "reason" {
    TextEmpty = "text_empty",
    TextTooLong = "text_too_long" { chars_max },
    TextInvalid = "text_invalid",
    NotFound = "not_found",
    Ended = "ended",
    RateLimited = "rate_limited" { retry_after_ms },
    Busy = "busy",
    Taken = "taken",
    AtCapacity = "at_capacity",
    NotAllowed = "not_allowed",
    UnknownFrame = "unknown_frame",
    TooManyConversations = "too_many_conversations",
    RatingInvalid = "rating_invalid",
    StoreDown = "store_down",
    FileEmpty = "file_empty",
    FileTooLarge = "file_too_large" { bytes_max },
    FileKind = "file_kind",
    FileMissing = "file_missing",
    UploadBroken = "upload_broken",
    SignInFailed = "sign_in_failed",
    SignedOut = "signed_out",
    TokenInvalid = "token_invalid",
    SiteUnknown = "site_unknown",
    OriginRefused = "origin_refused",
    Malformed = "malformed",
    QuotaExceeded = "quota_exceeded" { retry_after_ms },
    DiskFull = "disk_full",
    PictureTooLarge = "picture_too_large" { pixels_max },
    FileEncoding = "file_encoding",
    Blocked = "blocked",
} else |json| Some(match json.get("retry_after_ms").number() {
    Some(retry_after_ms) => Self::RateLimited { retry_after_ms },
    None => Self::NotAllowed,
}));

object! {
    Event { conversation, lane, seq, at_ms, id, author, body }
    Attachment { id, name, media_type, media, bytes, width, height }
    PageContext { url, title, language, time_zone, browser, languages = default }
    Cursor { shared, staff }
    Follow { conversation, after }
    Head { conversation, head }
    VisitorConversation { conversation, opened_at_ms, last_at_ms, last_line, closed, unread, head }
}

choice! {
    Lane { Shared = "shared", Staff = "staff" }
    Party { Visitor = "visitor"; else Staff = "staff" }
    Media { Image = "image", Video = "video"; else Document = "document" }
    AgentState { Online = "online", Offline = "offline"; else Away = "away" }
}

/// A frame for a visitor; none when it is no frame that visitors get.
#[must_use]
pub fn read_frame_of_visitor(text: &str) -> Option<ToVisitor> {
    read(text)
}

/// A visitor's frame as one JSON object.
#[must_use]
pub fn write_frame_of_visitor(frame: &ClientFrame) -> String {
    let mut to = Writer::new();
    frame.write_fields(&mut to);
    to.finish()
}

/// An attachment, as an upload is answered.
#[must_use]
pub fn read_attachment(text: &str) -> Option<Attachment> {
    read(text)
}

/// A refusal, as a request over HTTP is answered.
#[must_use]
pub fn read_refusal(text: &str) -> Option<Refusal> {
    read(text)
}

fn read<T: Object>(text: &str) -> Option<T> {
    T::read_fields(&Json::read(text)?)
}
