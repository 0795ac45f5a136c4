//! What stands in place of a conversation that has not begun.

use widget::dom::{El, el};
use widget::key;

use crate::shell::Shell;

/// A greeting, while there is no message.
pub(crate) fn empty(shell: Shell) -> El {
    let Shell { text, chat, .. } = shell;
    let stage = move || match (chat.timeline.is_empty(), chat.read(|shown| shown.loading)) {
        (false, _) => 0,
        (true, true) => 1,
        (true, false) => 2,
    };
    el("div", "nothing").switch(stage, move |stage| {
        if stage == 1 {
            return el("p", "empty").attr("role", "status").text(&text.get(key!("loading")));
        }
        el("div", "empty")
            .child(el("h2", "").text(&text.get(key!("greeting"))))
            .child(el("p", "").text(&text.get(key!("greeting_note"))))
            .child(el("p", "").words(move || shell.opens()))
    })
}
