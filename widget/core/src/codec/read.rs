//! What the relay says, from JSON text: the part both sides need, and the visitor's.

use wire::{
    AgentId, AgentState, Attachment, AttachmentId, Author, Body, ConversationId, Cursor, Event, Head, Lane, Media,
    MessageId, PageContext, Party, Refusal, Seq, ServerFrame, Session, Subject, VisitorConversation, VisitorId,
};

use crate::codec::json::Json;
use crate::codec::staff::staff_body;
use crate::types::{Kept, KeptDraft};

// A value that is not known here never makes the frame around it unreadable: it stands for the most harmless one that is, the same as in `wire`.

/// A frame for a visitor; none when it is no frame that visitors get.
#[must_use]
pub fn read_frame_of_visitor(text: &str) -> Option<ServerFrame> {
    let json = Json::read(text)?;
    let json = &json;
    Some(match json.get("type").text()? {
        "welcome" => welcome(json, session_of_visitor(json.get("session"))?)?,
        "registered" => ServerFrame::Registered {
            visitor: VisitorId(uuid(json.get("visitor"))?),
            token: json.get("token").text()?.parse().ok()?,
        },
        "holder" => ServerFrame::Holder { conversation: conversation(json)?, state: agent_state(json.get("state"))? },
        "queue" => ServerFrame::Queue {
            conversation: conversation(json)?,
            place: small(json.get("place"))?,
            waiting: small(json.get("waiting"))?,
        },
        "answering" => ServerFrame::Answering { agents: small(json.get("agents"))? },
        kind => return both::<false>(kind, json),
    })
}

/// Frames that both sides get; `STAFF` when events of the staff lane may be among them, which the chat need not know how to read.
pub(crate) fn both<const STAFF: bool>(kind: &str, json: &Json) -> Option<ServerFrame> {
    Some(match kind {
        "event" => ServerFrame::Event { event: event::<STAFF>(json.get("event"))? },
        "events" => ServerFrame::Events {
            conversation: conversation(json)?,
            lane: lane(json.get("lane"))?,
            after: seq(json.get("after"))?,
            events: all(json.get("events"), event::<STAFF>)?,
            head: seq(json.get("head"))?,
        },
        "refused" => {
            ServerFrame::Refused { subject: subject(json.get("subject"))?, refusal: refusal(json.get("refusal"))? }
        }
        "typing" => ServerFrame::Typing {
            conversation: conversation(json)?,
            party: party(json.get("party"))?,
            name: string(json.get("name"))?,
        },
        "pong" => ServerFrame::Pong { heads: all(json.get("heads"), head)? },
        _ => return None,
    })
}

pub(crate) fn welcome(json: &Json, session: Session) -> Option<ServerFrame> {
    Some(ServerFrame::Welcome {
        protocol: u16::try_from(json.get("protocol").number()?).ok()?,
        now_ms: json.get("now_ms").number()?,
        attachment_bytes_max: json.get("attachment_bytes_max").number()?,
        session,
    })
}

/// An attachment, as an upload is answered.
#[must_use]
pub fn read_attachment(text: &str) -> Option<Attachment> {
    attachment(&Json::read(text)?)
}

/// A refusal, as a request over HTTP is answered.
#[must_use]
pub fn read_refusal(text: &str) -> Option<Refusal> {
    refusal(&Json::read(text)?)
}

/// A draft as the browser's storage kept it; none when it is not one of ours.
#[must_use]
pub fn read_draft(text: &str) -> Option<KeptDraft> {
    let json = &Json::read(text)?;
    let say = json.get("say");
    let words = || string(say.get("text"));
    let what = match say.get("kind").text()? {
        "text" if json.get("note").bool()? => Kept::Note(words()?),
        "text" => Kept::Text(words()?),
        "file" => Kept::File(attachment(json.get("attachment"))?),
        "upload" => Kept::Upload { name: words()?, bytes: say.get("number").number()? },
        "end" => Kept::End,
        "rate" => Kept::Rate { score: u8::try_from(small(say.get("number"))?).ok()?, comment: words()? },
        _ => return None,
    };
    let id = MessageId(uuid(json.get("id"))?);
    Some(KeptDraft { conversation: conversation(json)?, id, at_ms: json.get("at_ms").number()?, what })
}

pub(crate) fn all<T>(json: &Json, read: fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    let list = json.list()?;
    let mut values = Vec::with_capacity(list.len());
    for item in list {
        values.push(read(item)?);
    }
    Some(values)
}

/// All ids have one form on the wire.
pub(crate) fn uuid(json: &Json) -> Option<u128> {
    Some(json.text()?.parse::<MessageId>().ok()?.0)
}

pub(crate) fn conversation(json: &Json) -> Option<ConversationId> {
    uuid(json.get("conversation")).map(ConversationId)
}

pub(crate) fn string(json: &Json) -> Option<String> {
    json.text().map(str::to_owned)
}

pub(crate) fn small(json: &Json) -> Option<u32> {
    u32::try_from(json.number()?).ok()
}

pub(crate) fn seq(json: &Json) -> Option<Seq> {
    json.number().map(Seq)
}

pub(crate) fn cursor(json: &Json) -> Option<Cursor> {
    Some(Cursor { shared: seq(json.get("shared"))?, staff: seq(json.get("staff"))? })
}

pub(crate) fn party(json: &Json) -> Option<Party> {
    match json.text()? {
        "visitor" => Some(Party::Visitor),
        _ => Some(Party::Staff),
    }
}

fn lane(json: &Json) -> Option<Lane> {
    match json.text()? {
        "shared" => Some(Lane::Shared),
        "staff" => Some(Lane::Staff),
        _ => None,
    }
}

fn head(json: &Json) -> Option<Head> {
    Some(Head { conversation: conversation(json)?, head: cursor(json.get("head"))? })
}

/// One that is not known here is judged by the ids it names.
fn subject(json: &Json) -> Option<Subject> {
    let about = json.get("about").text()?;
    let named = if about == "connection" { None } else { conversation(json) };
    let id = if about == "conversation" { None } else { uuid(json.get("id")) };
    Some(match (named, id) {
        (Some(conversation), Some(id)) => Subject::Message { conversation, id: MessageId(id) },
        (Some(conversation), None) => Subject::Conversation { conversation },
        (None, _) => Subject::Connection,
    })
}

fn session_of_visitor(json: &Json) -> Option<Session> {
    let known = json.get("visitor");
    let visitor = if *known == Json::Null { None } else { Some(VisitorId(uuid(known)?)) };
    Some(Session::Visitor {
        visitor,
        conversations: all(json.get("conversations"), visitor_conversation)?,
        answering: small(json.get("answering"))?,
    })
}

fn visitor_conversation(json: &Json) -> Option<VisitorConversation> {
    Some(VisitorConversation {
        conversation: conversation(json)?,
        opened_at_ms: json.get("opened_at_ms").number()?,
        last_at_ms: json.get("last_at_ms").number()?,
        last_line: string(json.get("last_line"))?,
        closed: json.get("closed").bool()?,
        unread: small(json.get("unread"))?,
        head: seq(json.get("head"))?,
    })
}

fn event<const STAFF: bool>(json: &Json) -> Option<Event> {
    Some(Event {
        conversation: conversation(json)?,
        lane: lane(json.get("lane"))?,
        seq: seq(json.get("seq"))?,
        at_ms: json.get("at_ms").number()?,
        id: MessageId(uuid(json.get("id"))?),
        author: author(json.get("author")).unwrap_or(Author::System),
        // It has a number and must be counted, or everything after it would look like a gap for ever.
        body: body::<STAFF>(json.get("body")).unwrap_or(Body::Unknown),
    })
}

fn author(json: &Json) -> Option<Author> {
    Some(match json.get("by").text()? {
        "visitor" => Author::Visitor,
        "agent" => Author::Agent { id: AgentId(uuid(json.get("id"))?), name: string(json.get("name"))? },
        _ => Author::System,
    })
}

pub(crate) fn agent_state(json: &Json) -> Option<AgentState> {
    match json.text()? {
        "online" => Some(AgentState::Online),
        "offline" => Some(AgentState::Offline),
        _ => Some(AgentState::Away),
    }
}

fn body<const STAFF: bool>(json: &Json) -> Option<Body> {
    Some(match json.get("kind").text()? {
        "text" => Body::Text { text: string(json.get("text"))? },
        "file" => Body::File { attachment: attachment(json.get("attachment"))? },
        "queued" => Body::Queued,
        "left_queue" => Body::LeftQueue,
        "joined" => Body::Joined,
        "seen" => Body::Seen { up_to: seq(json.get("up_to"))? },
        "closed" => Body::Closed,
        "rated" => Body::Rated {
            score: u8::try_from(json.get("score").number()?).ok()?,
            comment: string(json.get("comment"))?,
        },
        kind if STAFF => staff_body(kind, json)?,
        _ => Body::Unknown,
    })
}

pub(crate) fn page(json: &Json) -> Option<PageContext> {
    Some(PageContext {
        url: string(json.get("url"))?,
        title: string(json.get("title"))?,
        language: string(json.get("language"))?,
        time_zone: string(json.get("time_zone"))?,
        browser: string(json.get("browser"))?,
        languages: string(json.get("languages")).unwrap_or_default(),
    })
}

fn attachment(json: &Json) -> Option<Attachment> {
    Some(Attachment {
        id: AttachmentId(uuid(json.get("id"))?),
        name: string(json.get("name"))?,
        media_type: string(json.get("media_type"))?,
        media: match json.get("media").text()? {
            "image" => Media::Image,
            "video" => Media::Video,
            _ => Media::Document,
        },
        bytes: json.get("bytes").number()?,
        width: small(json.get("width"))?,
        height: small(json.get("height"))?,
    })
}

fn refusal(json: &Json) -> Option<Refusal> {
    let reason = json.get("reason").text()?;
    Some(known_refusal(reason, json).unwrap_or_else(|| {
        // A newer relay's: tried again if it says when.
        let retry_after_ms = json.get("retry_after_ms").number();
        retry_after_ms.map_or(Refusal::NotAllowed, |retry_after_ms| Refusal::RateLimited { retry_after_ms })
    }))
}

fn known_refusal(reason: &str, json: &Json) -> Option<Refusal> {
    Some(match reason {
        "text_empty" => Refusal::TextEmpty,
        "text_too_long" => Refusal::TextTooLong { chars_max: small(json.get("chars_max"))? },
        "text_invalid" => Refusal::TextInvalid,
        "not_found" => Refusal::NotFound,
        "ended" => Refusal::Ended,
        "rate_limited" => Refusal::RateLimited { retry_after_ms: json.get("retry_after_ms").number()? },
        "busy" => Refusal::Busy,
        "taken" => Refusal::Taken,
        "at_capacity" => Refusal::AtCapacity,
        "unknown_frame" => Refusal::UnknownFrame,
        "too_many_conversations" => Refusal::TooManyConversations,
        "rating_invalid" => Refusal::RatingInvalid,
        "store_down" => Refusal::StoreDown,
        "file_empty" => Refusal::FileEmpty,
        "file_too_large" => Refusal::FileTooLarge { bytes_max: json.get("bytes_max").number()? },
        "file_kind" => Refusal::FileKind,
        "file_missing" => Refusal::FileMissing,
        "upload_broken" => Refusal::UploadBroken,
        "sign_in_failed" => Refusal::SignInFailed,
        "signed_out" => Refusal::SignedOut,
        "token_invalid" => Refusal::TokenInvalid,
        "site_unknown" => Refusal::SiteUnknown,
        "origin_refused" => Refusal::OriginRefused,
        "malformed" => Refusal::Malformed,
        "quota_exceeded" => Refusal::QuotaExceeded { retry_after_ms: json.get("retry_after_ms").number()? },
        "disk_full" => Refusal::DiskFull,
        "picture_too_large" => Refusal::PictureTooLarge { pixels_max: json.get("pixels_max").number()? },
        "file_encoding" => Refusal::FileEncoding,
        "blocked" => Refusal::Blocked,
        "not_allowed" => Refusal::NotAllowed,
        _ => return None,
    })
}
