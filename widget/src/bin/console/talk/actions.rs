//! What can be done with the shown conversation beside answering: give back, spam, block, end all of its network, hold it, erase its visitor.

use leptos::ev::{FocusEvent, KeyboardEvent};
use leptos::prelude::*;
use widget::key;
use widget::text::Key;
use widget_core::AgentInput;
use wire::{ConversationId, Many};

use crate::desk::Desk;
use crate::desk::rights::{Rights, rights};
use crate::desk::screen::{Asking, Screen};
use crate::ui::focus;
use crate::ui::icon::{self, icon};
use crate::ui::words::t;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Give it back to the queue, or leave it without an agent if the visitor is gone.
    Release,
    /// Mark it as spam.
    Spam,
    /// Block its visitor.
    Block,
    /// End every conversation from the same network.
    Network,
    /// Keep it from being removed, or end that.
    Hold,
    /// Erase its visitor.
    Erase,
}

impl Action {
    /// In the order shown.
    pub(crate) const ALL: [Self; 6] = [Self::Release, Self::Spam, Self::Block, Self::Network, Self::Hold, Self::Erase];

    /// Whether the agent may do it.
    pub(crate) const fn allowed(self, may: Rights) -> bool {
        match self {
            Self::Release => may.release,
            Self::Spam => may.spam,
            Self::Block => may.block,
            Self::Network => may.block && may.note,
            Self::Hold => may.hold,
            Self::Erase => may.erase,
        }
    }

    /// What it is called.
    pub(crate) const fn words(self) -> Key {
        match self {
            Self::Release => key!("console_release"),
            Self::Spam => key!("console_spam"),
            Self::Block => key!("console_block_ask"),
            Self::Network => key!("console_network_ask"),
            Self::Hold => key!("console_hold_ask"),
            Self::Erase => key!("console_erase_ask"),
        }
    }

    const fn test_id(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Spam => "spam",
            Self::Block => "block",
            Self::Network => "end-network",
            Self::Hold => "hold",
            Self::Erase => "erase",
        }
    }

    /// Does it, or asks what it needs to know.
    pub(crate) fn act(self, desk: Desk, screen: Screen, conversation: ConversationId) {
        match self {
            Self::Release => desk.tell(AgentInput::Release { conversation }),
            Self::Spam => desk.tell(AgentInput::Spam { conversation }),
            Self::Block => screen.asking.set(Some(Asking::Block(conversation))),
            Self::Network => {
                screen.asking.set(Some(Asking::EndMany(Many::OfNetwork { conversation }, 0)));
            }
            Self::Hold => screen.asking.set(Some(Asking::Hold(conversation))),
            Self::Erase => screen.asking.set(Some(Asking::Erase(conversation))),
        }
    }
}

/// A button with the menu of all that is allowed.
#[component]
pub(crate) fn Actions(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// Which conversation.
    conversation: ConversationId,
) -> impl IntoView {
    let may = Memo::new(move |_| rights(desk, desk.row(conversation).as_ref()));
    let open = RwSignal::new(false);
    let some = move || Action::ALL.into_iter().any(|action| action.allowed(may.get()));
    let left = move |event: FocusEvent| {
        if !focus::stays_inside(&event) {
            open.set(false);
        }
    };
    let key = move |event: KeyboardEvent| menu_key(&event, open);
    let toggle = move |_| {
        open.update(|open| *open = !*open);
        if open.get_untracked() {
            request_animation_frame(|| focus::focus(".menu__list button"));
        }
    };
    view! {
        <Show when=some>
            <div class="menu" on:focusout=left on:keydown=key>
                <button
                    type="button"
                    class="button button--icon menu__open"
                    aria-label=t(key!("console_more_actions"))
                    aria-haspopup="menu"
                    aria-expanded=move || open.get().to_string()
                    data-testid="actions"
                    on:click=toggle
                >
                    {icon(icon::MORE)}
                </button>
                <Show when=move || open.get()>
                    <div class="menu__list" role="menu" aria-label=t(key!("console_more_actions"))>
                        {move || {
                            Action::ALL
                                .into_iter()
                                .filter(|action| action.allowed(may.get()))
                                .map(|action| {
                                    let act = move |_| {
                                        open.set(false);
                                        focus::focus(".menu__open");
                                        action.act(desk, screen, conversation);
                                    };
                                    view! {
                                        <button type="button" role="menuitem" data-testid=action.test_id() on:click=act>
                                            {t(action.words())}
                                        </button>
                                    }
                                })
                                .collect_view()
                        }}
                    </div>
                </Show>
            </div>
        </Show>
    }
}

fn menu_key(event: &KeyboardEvent, open: RwSignal<bool>) {
    if !open.get_untracked() {
        return;
    }
    match event.key().as_str() {
        "Escape" => {
            event.stop_propagation();
            open.set(false);
            focus::focus(".menu__open");
        }
        "ArrowDown" => focus::step_in(event, ".menu__list button", 1),
        "ArrowUp" => focus::step_in(event, ".menu__list button", -1),
        _ => {}
    }
}
