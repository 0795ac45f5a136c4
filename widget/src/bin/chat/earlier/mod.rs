//! The visitor's conversations, to be chosen and shown.

use widget::dom::{El, el};
use widget::key;
use widget::part::icon::{self, icon};
use widget_core::VisitorInput;
use wire::{ConversationId, VisitorConversation};

use crate::shell::Shell;

widget::room!("earlier", "00000000000000000000000000000001", earlier(shell: Shell) = earlier_now, |shell| shell.text, |shell| shell.leave_earlier());

/// A list of them, newest first, and the way to a new one.
fn earlier_now(&shell: &Shell) -> El {
    let Shell { text, chat, .. } = shell;
    let back = move || shell.leave_earlier();
    // Not the one that the visitor comes from.
    let keys = move || -> Vec<u128> {
        chat.read(|shown| {
            let others = shown.conversations.iter().filter(|row| Some(row.conversation) != shown.conversation);
            others.map(|row| row.conversation.0).collect()
        })
    };
    let leave = el("button", "square earlier__back")
        .test("earlier-back")
        .attr("aria-label", &text.get(key!("back")))
        .click(back)
        .child(icon(icon::DOWN));
    let first = leave.clone();
    shell.soon(move |_| drop(first.html().focus()));
    let head = el("div", "earlier__head").child(leave).child(el("h2", "").text(&text.get(key!("earlier"))));
    let none = el("p", "earlier__none").hidden(move || !keys().is_empty()).text(&text.get(key!("earlier_none")));
    let new = el("button", "button").test("earlier-new").text(&text.get(key!("new"))).click(move || {
        chat.send(VisitorInput::NewConversation);
        back();
    });
    let rows = el("ul", "").each(keys, move |key| row(shell, ConversationId(key)));
    el("main", "earlier").child(head).child(none).child(rows).child(new)
}

fn row(shell: Shell, conversation: ConversationId) -> El {
    let Shell { text, chat, .. } = shell;
    let read = move |read: &dyn Fn(&VisitorConversation) -> String| {
        chat.read(|shown| shown.conversations.iter().find(|row| row.conversation == conversation).map(read))
            .unwrap_or_default()
    };
    let when = move || {
        read(&|row| {
            let state = text.get(if row.closed { key!("earlier_closed") } else { key!("earlier_open") });
            [&text.when(row.last_at_ms), " · ", &state].concat()
        })
    };
    let unread = move || read(&|row| if row.unread > 0 { wire::digits(row.unread.into()) } else { String::new() });
    let button = el("button", "earlier__row")
        .test("earlier-row")
        .click(move || {
            chat.send(VisitorInput::Show { conversation });
            shell.leave_earlier();
        })
        .child(
            el("b", "")
                .attr("dir", "auto")
                .words(move || read(&|row| chat.title(conversation).unwrap_or_else(|| row.last_line.clone()))),
        )
        .child(el("small", "").words(when))
        .child(el("i", "badge").hidden(move || unread().is_empty()).words(unread));
    el("li", "").child(button)
}
