//! The timeline: the lines of a conversation, grouped, with days, names, times and states.

mod attachment;
mod bubble;
mod link;
mod row;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use wire::{AgentId, MessageId};

pub use row::{Board, Line, Row};

use crate::download::Downloads;
use crate::part::icon::{self, icon};
use crate::text::Text;
use bubble::row_view;

/// What every row needs of its owner.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings {
    pub(crate) text: Text,
    pub(crate) files: StoredValue<Downloads, LocalStorage>,
    pub(crate) retry: UnsyncCallback<MessageId>,
    pub(crate) discard: UnsyncCallback<MessageId>,
    pub(crate) visitor_name: Signal<String>,
    pub(crate) agent_name: Option<UnsyncCallback<AgentId, String>>,
}

/// A conversation, newest at the bottom. New lines are read out politely.
#[component]
pub fn TimelineView(
    /// The lines.
    board: Board,
    /// Where files come from.
    files: StoredValue<Downloads, LocalStorage>,
    /// Sends a failed draft again.
    retry: UnsyncCallback<MessageId>,
    /// Drops a failed draft, or stops an upload.
    discard: UnsyncCallback<MessageId>,
    /// How the visitor is called in the lines; empty where the reader is the visitor.
    #[prop(optional, into)]
    visitor_name: Signal<String>,
    /// Names agents in assignments (console).
    #[prop(optional)]
    agent_name: Option<UnsyncCallback<AgentId, String>>,
    /// What stands below the last line.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let text = Text::here();
    let surroundings = Surroundings { text, files, retry, discard, visitor_name, agent_name };
    let away = RwSignal::new(false);
    let scroller = NodeRef::<leptos::html::Div>::new();
    let down = move || {
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_top(0);
        }
    };
    // What one writes oneself is always brought into view.
    Effect::new(move |_| {
        if board.last_is_own_draft() {
            down();
        }
    });
    view! {
        <div class="timeline">
            <div
                class="timeline__scroll"
                node_ref=scroller
                tabindex="0"
                aria-label=text.get("timeline")
                on:scroll=move |event| away.set(is_away(&event))
            >
                <div class="timeline__inner">
                    <div role="log" aria-live="polite" aria-relevant="additions">
                        <For
                            each=move || board.lines()
                            key=|line| line.id
                            children=move |line| row_view(line, surroundings)
                        />
                    </div>
                    {children.map(|children| children())}
                </div>
            </div>
            <button
                class="timeline__down"
                hidden=move || !away.get()
                aria-label=text.get("newest")
                on:click=move |_| down()
            >
                {icon(icon::DOWN)}
            </button>
        </div>
    }
}

/// The sheet lays the scroller out from the bottom, so that the newest line stays in view by itself; upwards counts negative.
const AWAY_PIXELS: i32 = 160;

fn is_away(event: &leptos::ev::Event) -> bool {
    let Some(scroller) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) else { return false };
    scroller.scroll_top() < -AWAY_PIXELS
}
