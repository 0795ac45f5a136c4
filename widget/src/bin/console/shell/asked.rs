//! The window that is open over the page.

use leptos::prelude::*;

use crate::defence::block::BlockDialog;
use crate::desk::Desk;
use crate::desk::screen::{Asking, Screen};
use crate::inbox::many::EndDialog;
use crate::shell::command::CommandBar;
use crate::talk::erase::EraseDialog;
use crate::talk::hold::HoldDialog;
use crate::ui::help::Keys;

/// Shows the window that is open, if any.
#[component]
pub(crate) fn Asked(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
) -> impl IntoView {
    move || {
        screen.asking.get().map(|asking| match asking {
            Asking::Block(conversation) => view! { <BlockDialog desk screen conversation /> }.into_any(),
            Asking::Hold(conversation) => view! { <HoldDialog screen conversation /> }.into_any(),
            Asking::Erase(conversation) => view! { <EraseDialog desk screen conversation /> }.into_any(),
            Asking::EndMany(many, count) => view! { <EndDialog desk screen many count /> }.into_any(),
            Asking::Commands => view! { <CommandBar desk screen /> }.into_any(),
            Asking::Keys => view! { <Keys closed=move |()| screen.asking.set(None) /> }.into_any(),
        })
    }
}
