//! The view of one row: the day, the bubble, and under a group its name, time and state.

use crate::key;
use crate::signal::Shared;
use std::rc::Rc;

use web_sys::Url;
use widget_core::{Content, ItemState, Notice, Piece, pieces};
use wire::{Author, Party, Refusal};

use super::Surroundings;
use super::attachment::{file_view, upload_view};
use super::row::Row;
use crate::dom::{El, el};
use crate::text::Key;

/// A row, and a signal of its changes.
pub(super) type LiveRow = Shared<Row>;

/// The view of a row. What never changes about it is decided once.
pub(super) fn row_view(live: LiveRow, surroundings: &Surroundings) -> El {
    let text = surroundings.text;
    let (notice, note) =
        live.with_untracked(|row| (row.item.content.is_notice(), matches!(row.item.content, Content::Note(_))));
    let reader = |read: fn(&Row) -> Option<String>| {
        let live = live.clone();
        move || live.with(read)
    };
    let (day, days) = (live.clone(), live.clone());
    let view = el("div", "").attr_of("class", reader(row_class)).when(
        move || day.with(|row| row.begins_day),
        move || {
            let at_ms = days.with_untracked(|row| row.item.at_ms);
            el("div", "day").words(move || text.day(at_ms))
        },
    );
    let bubble = el(
        "div",
        if notice {
            "notice"
        } else if note {
            "bubble bubble--note"
        } else {
            "bubble"
        },
    )
    .test(if note { "note-line" } else { "message" })
    .attr_of("data-author", reader(author_name))
    .attr_of("data-state", reader(state_name))
    .attr_of("data-seq", reader(|row| Some(wire::digits(row.item.seq.0))));
    let bubble = with_body(bubble, &live, surroundings);
    let view = if notice { view } else { view.child(speaker(&live, surroundings)) };
    let (kind, foot, surroundings) = (live.clone(), live, surroundings.clone());
    view.child(bubble).switch(
        move || kind.with(foot_kind),
        move |kind| if kind == FAILED { failed(&foot, &surroundings) } else { meta(&foot, &surroundings) },
    )
}

fn row_class(row: &Row) -> Option<String> {
    let mut class = String::from(match (row.item.content.is_notice(), row.mine) {
        (true, _) => "row",
        (_, true) => "row row--mine",
        (_, false) => "row row--theirs",
    });
    if row.ends_group {
        class.push_str(" row--end");
    }
    if matches!(row.item.content, Content::File(_) | Content::Uploading { .. }) {
        class.push_str(" row--file");
    }
    Some(class)
}

/// Puts the content into the bubble. It is drawn anew only when an upload has become a file; nothing else changes.
fn with_body(bubble: El, live: &LiveRow, surroundings: &Surroundings) -> El {
    let content = live.with_untracked(|row| row.item.content.clone());
    match &content {
        Content::Text(words) | Content::Note(words) => bubble.child(words_view(words)),
        Content::Notice(notice) => notice_view(bubble, surroundings, notice),
        Content::StaffNotice(_) => match &surroundings.staff_notice {
            Some(words) => bubble.child(live.with_untracked(|row| words(&row.item))),
            None => bubble,
        },
        Content::File(_) | Content::Uploading { .. } => {
            let (live, row, surroundings) = (live.clone(), live.clone(), surroundings.clone());
            bubble.switch(
                move || live.with(|row| if matches!(row.item.content, Content::File(_)) { 1 } else { 2 }),
                move |_| match row.with_untracked(|row| row.item.content.clone()) {
                    Content::File(attachment) => file_view((surroundings.clone(), attachment)),
                    Content::Uploading { name, media, bytes } => {
                        upload_view((surroundings.clone(), row.clone(), name, media, bytes))
                    }
                    Content::Text(_) | Content::Note(_) | Content::Notice(_) | Content::StaffNotice(_) => {
                        el("span", "")
                    }
                },
            )
        }
    }
}

/// A text, as text nodes only. The style sheet keeps its line breaks.
fn words_view(words: &str) -> El {
    let mut view = el("span", "").attr("dir", "auto");
    for piece in pieces(words) {
        view = match piece {
            Piece::Words(words) => view.text(words),
            Piece::Address { address, plain } => view.child(address_view(address, plain)),
        };
    }
    view
}

/// A link. If letters of its host look like others, it is written as the browser writes it (`xn--…`), so that it cannot pass for another.
fn address_view(address: &str, plain: bool) -> El {
    let written = if plain { None } else { Url::new(address).ok().map(|url| url.href()) };
    let words = written.as_deref().unwrap_or(address);
    if !plain && written.is_none() {
        return el("span", "").text(address);
    }
    el("a", "")
        .test("link")
        .attr("href", address)
        .attr("target", "_blank")
        .attr("rel", "noopener noreferrer nofollow ugc")
        .attr("referrerpolicy", "no-referrer")
        .attr("dir", "ltr")
        .attr("translate", "no")
        .text(words)
}

/// For a name or text of a person among ours: it has a direction of its own, and no translator changes it.
fn own_words() -> El {
    el("bdi", "").attr("translate", "no")
}

/// What happened, in our words, with names and texts of people between them.
fn notice_view(view: El, surroundings: &Surroundings, notice: &Notice) -> El {
    let text = surroundings.text;
    // The team reads of the visitor in the third person.
    let team = surroundings.staff_notice.is_some();
    match notice {
        Notice::Queued => {
            view.text(&text.get(if team { key!("console_notice_queued") } else { key!("notice_queued") }))
        }
        Notice::LeftQueue => view.text(&text.get(if team { key!("console_notice_left") } else { key!("notice_left") })),
        Notice::Joined { name } => filled(view, &text.get(key!("notice_joined")), own_words().text(name)),
        Notice::Erased => view.text(&text.get(key!("notice_erased"))),
        Notice::Closed { .. } => view.text(&text.get(key!("notice_closed"))),
        Notice::Rated { score, comment } => {
            let view = view.text(&text.with(key!("notice_rated"), "score", &wire::digits((*score).into())));
            if comment.is_empty() {
                return view;
            }
            view.text(" “").child(el("bdi", "").text(comment)).text("”")
        }
    }
}

/// A text of ours with one `{name}` in it, which an element replaces.
fn filled(view: El, words: &str, element: El) -> El {
    let (before, behind) = words.split_once('{').unwrap_or((words, ""));
    let behind = behind.split_once('}').map_or("", |(_, behind)| behind);
    view.text(before).child(element).text(behind)
}

/// Nothing under the row.
const NOTHING: u32 = 0;
/// Name, time and state.
const META: u32 = 1;
/// The reason of a failure, and what can be done.
const FAILED: u32 = 2;

fn foot_kind(row: &Row) -> u32 {
    if !row.ends_group || row.item.content.is_notice() {
        return NOTHING;
    }
    match row.item.state {
        ItemState::Failed(_) => FAILED,
        ItemState::Uploading { .. } => NOTHING,
        ItemState::Recorded | ItemState::Sending | ItemState::Waiting | ItemState::Sent | ItemState::Seen => META,
    }
}

fn meta(live: &LiveRow, surroundings: &Surroundings) -> El {
    let (who, rest) = ((live.clone(), surroundings.clone()), (live.clone(), surroundings.clone()));
    el("div", "meta")
        .child(own_words().words(move || who.0.with(|row| meta_name(row, &who.1))))
        .child(el("span", "").words(move || rest.0.with(|row| meta_words(row, &rest.1))))
}

/// Who wrote it.
fn meta_name(row: &Row, surroundings: &Surroundings) -> String {
    if row.item.state == ItemState::Waiting {
        return String::new();
    }
    name_of(surroundings, &row.item.author)
}

fn meta_words(row: &Row, surroundings: &Surroundings) -> String {
    let text = surroundings.text;
    let state = match row.item.state {
        ItemState::Waiting => return text.get(key!("waiting")),
        ItemState::Recorded | ItemState::Uploading { .. } | ItemState::Failed(_) => None,
        ItemState::Sending => Some(key!("sending")),
        ItemState::Sent => Some(key!("sent")),
        ItemState::Seen => Some(key!("seen")),
    };
    let mut words = String::from(if meta_name(row, surroundings).is_empty() { "" } else { " · " });
    words.push_str(&text.clock(row.item.at_ms));
    let state = if matches!(row.item.content, Content::Note(_)) { Some(key!("note_staff_only")) } else { state };
    if let Author::Service { .. } = row.item.author {
        words.push_str(" · ");
        words.push_str(&text.get(key!("automated")));
    }
    if let Some(state) = state {
        words.push_str(" · ");
        words.push_str(&text.get(state));
    }
    words
}

/// Under a failed message: why, and what can be done.
fn failed(live: &LiveRow, surroundings: &Surroundings) -> El {
    let text = surroundings.text;
    let (id, upload, refusal) = live.with_untracked(|row| {
        let refusal = if let ItemState::Failed(refusal) = &row.item.state { refusal.clone() } else { Refusal::Busy };
        (row.item.id, matches!(row.item.content, Content::Uploading { .. }), refusal)
    });
    let button = |name: &str, key: Key, act: &Rc<dyn Fn(wire::MessageId)>| {
        let act = Rc::clone(act);
        el("button", "link").test(name).attr("type", "button").text(&text.get(key)).click(move || act(id))
    };
    let mut view = el("div", "meta meta--bad").attr("role", "alert").text(&text.with(
        key!("failed"),
        "reason",
        &text.refusal(&refusal),
    ));
    if upload {
        view = view.test("upload-error");
    }
    if may_succeed(&refusal) {
        view = view.child(button("retry", key!("retry"), &surroundings.retry));
    }
    view.child(button("remove", key!("remove"), &surroundings.discard))
}

/// Whether the same message might be taken when it is sent again.
const fn may_succeed(refusal: &Refusal) -> bool {
    !matches!(
        refusal,
        Refusal::TextEmpty
            | Refusal::TextTooLong { .. }
            | Refusal::TextInvalid
            | Refusal::FileEmpty
            | Refusal::FileTooLarge { .. }
            | Refusal::FileKind
            | Refusal::FileMissing
    )
}

fn name_of(surroundings: &Surroundings, author: &Author) -> String {
    match author {
        Author::Visitor => (surroundings.visitor_name)(),
        Author::Agent { name, .. } | Author::Service { name, .. } => name.clone(),
        Author::System => String::new(),
    }
}

/// Who wrote it, for screen readers.
fn speaker(live: &LiveRow, surroundings: &Surroundings) -> El {
    let (live, surroundings) = (live.clone(), surroundings.clone());
    el("span", "unseen").words(move || {
        let name = live.with(|row| name_of(&surroundings, &row.item.author));
        let mine = live.with_untracked(|row| row.mine);
        if !name.is_empty() { name } else { surroundings.text.get(if mine { key!("you") } else { key!("support") }) }
    })
}

fn author_name(row: &Row) -> Option<String> {
    let name = match (row.item.content.is_notice(), row.item.author.party(), row.mine) {
        (true, _, _) => "system",
        (_, Some(Party::Visitor), _) => "visitor",
        (_, Some(Party::Staff), _) | (_, None, true) => "agent",
        (_, None, false) => "system",
    };
    Some(String::from(name))
}

fn state_name(row: &Row) -> Option<String> {
    let name = match row.item.state {
        ItemState::Sending | ItemState::Waiting | ItemState::Uploading { .. } => "sending",
        ItemState::Recorded | ItemState::Sent => "sent",
        ItemState::Seen => "seen",
        ItemState::Failed(_) => "failed",
    };
    Some(String::from(name))
}
