//! One row of the timeline: day, bubble, and under a group its name, time and state.

use leptos::prelude::*;
use widget_core::{Content, ItemState, Notice};
use wire::{Author, Party, Refusal};

use super::attachment::{file_view, upload_view};
use super::link::{Piece, pieces};
use super::row::{Line, Row};
use super::Surroundings;

/// A row; what never changes about it is decided once.
pub(super) fn row_view(line: Line, surroundings: Surroundings) -> AnyView {
    let row: RwSignal<Row> = line.row.into();
    let text = surroundings.text;
    // A bubble is drawn anew only when what it says changes, not with every state.
    let content = Memo::new(move |_| row.with(|row| row.item.content.clone()));
    let notice = content.with_untracked(|content| matches!(content, Content::Notice(_)));
    let note = content.with_untracked(|content| matches!(content, Content::Note(_)));
    let day = move || {
        row.with(|row| row.begins_day.then_some(row.item.at_ms))
            .map(|at_ms| view! { <div class="day">{text.day(at_ms)}</div> })
    };
    view! {
        <div class=move || row.with(|row| row_class(row, notice))>
            {day}
            {(!notice)
                .then(|| {
                    view! { <span class="unseen">{move || row.with(|row| speaker(surroundings, row))}</span> }
                })}
            <div
                class=if notice { "notice" } else if note { "bubble bubble--note" } else { "bubble" }
                data-testid=if note { "note-line" } else { "message" }
                data-author=move || row.with(|row| if notice { "system" } else { author_name(row) })
                data-state=move || row.with(|row| state_name(&row.item.state))
                data-seq=move || row.with(|row| row.item.seq.0.to_string())
            >
                {move || content.with(|content| body(surroundings, row, content))}
            </div>
            {move || row.with(|row| foot(surroundings, row))}
        </div>
    }
    .into_any()
}

fn row_class(row: &Row, notice: bool) -> String {
    let mut class = String::from(if notice {
        "row"
    } else if row.mine {
        "row row--mine"
    } else {
        "row row--theirs"
    });
    if row.ends_group {
        class.push_str(" row--end");
    }
    if matches!(row.item.content, Content::File(_) | Content::Uploading { .. }) {
        class.push_str(" row--file");
    }
    class
}

fn body(surroundings: Surroundings, row: RwSignal<Row>, content: &Content) -> AnyView {
    match content {
        Content::Text(words) | Content::Note(words) => words_view(words),
        Content::File(attachment) => file_view(surroundings, attachment),
        Content::Uploading { name, media, bytes } => upload_view(surroundings, row, name, *media, *bytes),
        Content::Notice(notice) => notice_words(surroundings, notice).into_any(),
    }
}

/// Words as text nodes only; the sheet keeps their line breaks.
fn words_view(words: &str) -> AnyView {
    let pieces: Vec<AnyView> = pieces(words)
        .into_iter()
        .map(|piece| match piece {
            Piece::Words(words) => words.to_owned().into_any(),
            Piece::Address(address) => {
                let (href, address) = (address.to_owned(), address.to_owned());
                view! {
                    <a href=href target="_blank" rel="noopener noreferrer">
                        {address}
                    </a>
                }
                .into_any()
            }
        })
        .collect();
    view! { <span dir="auto">{pieces}</span> }.into_any()
}

fn notice_words(surroundings: Surroundings, notice: &Notice) -> String {
    let text = surroundings.text;
    // Only the team's side names agents; it reads of the visitor in the third person.
    let team = surroundings.agent_name.is_some();
    match notice {
        Notice::Queued => text.get(if team { "console_notice_queued" } else { "notice_queued" }),
        Notice::LeftQueue => text.get(if team { "console_notice_left" } else { "notice_left" }),
        Notice::Joined { name } => text.with("notice_joined", "name", name),
        Notice::Closed { .. } => text.get("notice_closed"),
        Notice::Rated { score, comment } => {
            let rated = text.with("notice_rated", "score", &score.to_string());
            if comment.is_empty() { rated } else { [rated.as_str(), " “", comment, "”"].concat() }
        }
        Notice::Assigned { agent } => {
            let name = surroundings.agent_name.map(|name| name.run(*agent)).unwrap_or_default();
            text.with("notice_assigned", "name", &name)
        }
    }
}

/// What stands under the last bubble of a group; a failed one says why and what can be done.
fn foot(surroundings: Surroundings, row: &Row) -> Option<AnyView> {
    let item = &row.item;
    if !row.ends_group || matches!(item.content, Content::Notice(_)) {
        return None;
    }
    let text = surroundings.text;
    let state = match &item.state {
        ItemState::Failed(refusal) => return Some(failed(surroundings, row, refusal)),
        ItemState::Uploading { .. } => return None,
        ItemState::Recorded => None,
        ItemState::Sending => Some("sending"),
        ItemState::Waiting => return Some(meta(text.get("waiting"))),
        ItemState::Sent => Some("sent"),
        ItemState::Seen => Some("seen"),
    };
    let mut parts = vec![name_of(surroundings, &item.author), text.clock(item.at_ms)];
    if matches!(item.content, Content::Note(_)) {
        parts.push(text.get("note_staff_only"));
    } else if let Some(state) = state {
        parts.push(text.get(state));
    }
    parts.retain(|part| !part.is_empty());
    Some(meta(parts.join(" · ")))
}

fn meta(words: String) -> AnyView {
    view! { <div class="meta">{words}</div> }.into_any()
}

fn failed(surroundings: Surroundings, row: &Row, refusal: &Refusal) -> AnyView {
    let Surroundings { text, retry, discard, .. } = surroundings;
    let id = row.item.id;
    let upload = matches!(row.item.content, Content::Uploading { .. });
    view! {
        <div class="meta meta--bad" data-testid=upload.then_some("upload-error")>
            {text.with("failed", "reason", &text.refusal(refusal))}
            {may_succeed(refusal)
                .then(|| {
                    view! {
                        <button class="link" on:click=move |_| retry.run(id)>
                            {text.get("retry")}
                        </button>
                    }
                })}
            <button class="link" on:click=move |_| discard.run(id)>
                {text.get("remove")}
            </button>
        </div>
    }
    .into_any()
}

/// Whether the very same message could be taken when the reader asks for it again.
fn may_succeed(refusal: &Refusal) -> bool {
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

fn name_of(surroundings: Surroundings, author: &Author) -> String {
    match author {
        Author::Visitor => surroundings.visitor_name.get(),
        Author::Agent { name, .. } => name.clone(),
        Author::System => String::new(),
    }
}

/// Who speaks, for those who hear the page.
fn speaker(surroundings: Surroundings, row: &Row) -> String {
    let name = name_of(surroundings, &row.item.author);
    if name.is_empty() { surroundings.text.get("you") } else { name }
}

fn author_name(row: &Row) -> &'static str {
    match (row.item.author.party(), row.mine) {
        (Some(Party::Visitor), _) => "visitor",
        (Some(Party::Staff), _) | (None, true) => "agent",
        (None, false) => "system",
    }
}

fn state_name(state: &ItemState) -> &'static str {
    match state {
        ItemState::Sending | ItemState::Waiting | ItemState::Uploading { .. } => "sending",
        ItemState::Recorded | ItemState::Sent => "sent",
        ItemState::Seen => "seen",
        ItemState::Failed(_) => "failed",
    }
}
