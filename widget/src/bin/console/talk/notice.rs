//! What happened on the staff lane, in words: one arm for each kind of event that is shown and is no note.

use widget::dom::{El, el};
use widget::key;
use widget::text::Key;
use widget_core::{Content, Item};
use wire::{Author, Body};

use crate::desk::Desk;
use crate::ui::words::t;

/// The words of a staff notice; nothing for what is none.
pub(super) fn words(desk: Desk, item: &Item) -> El {
    let Content::StaffNotice(notice) = &item.content else { return el("span", "") };
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other kinds are no staff notices")]
    match &**notice {
        Body::Assigned { agent } => {
            let agent = *agent;
            sentence(key!("console_notice_assigned"), |_| own().words(move || desk.agent_name(agent)))
        }
        Body::Labelled { added, removed } => {
            let key = match (added.is_empty(), removed.is_empty()) {
                (_, true) => key!("console_notice_labels_added"),
                (true, false) => key!("console_notice_labels_removed"),
                (false, false) => key!("console_notice_labels_changed"),
            };
            sentence(key, |slot| match slot {
                "added" => labels(added),
                "removed" => labels(removed),
                _ => own().text(author_name(item)),
            })
        }
        Body::StaffErased => el("span", "").text(&t(key!("notice_erased"))),
        _ => el("span", ""),
    }
}

/// Who did it; empty without a name.
fn author_name(item: &Item) -> &str {
    if let Author::Agent { name, .. } | Author::Service { name, .. } = &item.author { name } else { "" }
}

/// Labels, each between quotation marks.
fn labels(labels: &[String]) -> El {
    let mut view = el("span", "");
    for (at, label) in labels.iter().enumerate() {
        let before = if at == 0 { String::new() } else { t(key!("console_next_label")) };
        let label = || own().text(label);
        view = view.text(&before).child(sentence(key!("console_label"), |_| label()));
    }
    view
}

/// A text of ours, with an element for each `{name}` in it.
fn sentence(key: Key, element: impl Fn(&str) -> El) -> El {
    let words = t(key);
    let mut view = el("span", "");
    let mut rest = words.as_str();
    while let Some((before, (name, behind))) =
        rest.split_once('{').and_then(|(before, behind)| Some((before, behind.split_once('}')?)))
    {
        view = view.text(before).child(element(name));
        rest = behind;
    }
    view.text(rest)
}

/// For a name or text of a person among ours: it has a direction of its own, and no translator changes it.
fn own() -> El {
    el("bdi", "").attr("translate", "no")
}
