//! The talk: what was said, what stands below it, and the footer.

mod empty;
mod footer;

use std::rc::Rc;

use widget::dom::{El, el};
use widget::part::{Surroundings, timeline, typing};
use widget_core::VisitorInput;

use crate::queue::queue_card;
use crate::rating::rating_card;
use crate::shell::Shell;
use empty::empty;
use footer::footer;

/// The conversation that is shown.
pub(crate) fn talk(shell: Shell) -> El {
    let Shell { text, chat, .. } = shell;
    let surroundings = Surroundings {
        text,
        files: chat.files(),
        retry: Rc::new(move |id| chat.send(VisitorInput::Retry { id })),
        discard: Rc::new(move |id| chat.send(VisitorInput::Discard { id })),
        visitor_name: Rc::new(String::new),
        staff_notice: None,
    };
    let who = move || chat.read(|shown| shown.typing.clone());
    let below = vec![queue_card(shell), typing(text, who), rating_card(shell)];
    let main = el("main", "talk").child(empty(shell)).child(timeline(chat.timeline, surroundings, below));
    el("div", "screen").child(main).child(footer(shell))
}
