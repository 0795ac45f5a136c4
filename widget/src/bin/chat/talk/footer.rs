//! The footer: the composer, or the way on when the conversation has ended.

use std::cell::Cell;
use std::rc::Rc;
use widget::key;
use widget::signal::Signal;

use reactive_graph::graph::untrack;
use widget::clock::{Timer, now_ms};
use widget::dom::{El, el, follow};
use widget::part::{Writing, composer};
use widget_core::VisitorInput;
use wire::ConversationId;

use crate::shell::Shell;

/// How long a refusal that belongs to no message stays in view.
const REFUSAL_SHOWN_MS: u64 = 8_000;

/// Composer or "new conversation".
pub(crate) fn footer(shell: Shell) -> El {
    let Shell { text, chat, field, written, .. } = shell;
    keep_written(shell, written);
    let stage = move || if chat.read(|shown| shown.closed) { 2 } else { 1 };
    el("footer", "foot").child(refusal_line(shell)).switch(stage, move |stage| {
        if stage == 2 {
            return el("button", "button button--main button--wide")
                .test("begin-again")
                .text(&text.get(key!("new")))
                .click(move || chat.send(VisitorInput::NewConversation));
        }
        let writing = Writing {
            send: Box::new(move |words| chat.say(words)),
            file: Box::new(move |file| shell.attach(file)),
            typing: Box::new(move || chat.send(VisitorInput::Typing)),
        };
        composer(text, written, move || text.get(key!("write")), field, writing)
    })
}

/// Half-written words are kept for each conversation, over pages and for all tabs, until they are sent.
fn keep_written(shell: Shell, written: Signal<String>) {
    let chat = shell.chat;
    let name = move |conversation: Option<ConversationId>| {
        ["written.", &conversation.map(ConversationId::text).unwrap_or_default()].concat()
    };
    // Where words go now: the shown conversation while it is open, else the next one; and whether that was there before.
    let place = move || {
        chat.read(|shown| {
            let open = shown.conversation.filter(|_| !shown.closed);
            (open, shown.conversations.iter().any(|row| Some(row.conversation) == open))
        })
    };
    let at = Rc::new(Cell::new(untrack(place).0));
    let (saved, changed_at) = (Rc::clone(&at), Rc::clone(&at));
    // What a footer before this one left is there already.
    if written.with_untracked(String::is_empty) {
        written.set(chat.storage(|storage| storage.get(&name(at.get()))).unwrap_or_default());
    }
    follow(move || {
        let ((now, there), before) = (place(), at.get());
        if now == before {
            return;
        }
        let kept = chat.storage(|storage| storage.get(&name(now)));
        at.set(now);
        // What was being written when its conversation began or ended goes along.
        let goes_along = kept.is_none() && !there && (now.is_some() || chat.read(|shown| shown.closed));
        if goes_along {
            chat.storage(|storage| storage.remove(&name(before)));
            let words = written.get_untracked();
            written.set(words);
        } else {
            written.set(kept.unwrap_or_default());
        }
    });
    // What another tab keeps is not kept again: late, it would replace what is being written there by now.
    let heard = Rc::new(Cell::new(None));
    let known = Rc::clone(&heard);
    follow(move || {
        let (words, name) = (written.get(), name(saved.get()));
        if known.take().as_ref() == Some(&words) {
            return;
        }
        chat.storage(|storage| if words.is_empty() { storage.remove(&name) } else { storage.set(&name, &words) });
    });
    follow(move || {
        let (changed, words) = chat.elsewhere.get();
        if changed == name(changed_at.get()) {
            let words = words.unwrap_or_default();
            heard.set(Some(words.clone()));
            written.set(words);
        }
    });
}

/// A refusal that belongs to no message, for a while.
fn refusal_line(shell: Shell) -> El {
    let Shell { text, chat, .. } = shell;
    let shown = Signal::new(String::new());
    let timer = Signal::new(Timer::new(move || shown.set(String::new())));
    let mut last = 0;
    follow(move || {
        let Some((at_ms, refusal)) = chat.read(|shown| shown.refusal.clone()) else { return };
        if at_ms != last && now_ms().saturating_sub(at_ms) < REFUSAL_SHOWN_MS {
            last = at_ms;
            shown.set(text.refusal(&refusal));
            timer.with_untracked(|timer| timer.set(REFUSAL_SHOWN_MS));
        }
    });
    el("p", "composer__trouble").attr("role", "alert").words(move || shown.get())
}
