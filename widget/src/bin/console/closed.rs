//! The list of ended conversations, newest first, a page at a time.

use leptos::html;
use leptos::prelude::*;
use widget_core::AgentInput;
use wire::ConversationId;

use crate::desk::Desk;
use crate::icon::{self, icon};
use crate::inbox::Search;
use crate::row::{Row, matches};
use crate::screen::Screen;
use crate::words::t;

/// The first column while the ended conversations are chosen.
#[component]
pub(crate) fn Closed(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// The search field, for the keyboard.
    search: NodeRef<html::Input>,
) -> impl IntoView {
    let ids = Memo::new(move |_| listed(desk, screen));
    let more = move || desk.read(|session| session.closed_more());
    let cut = move || desk.read(|session| session.closed_cut());
    view! {
        <section class="inbox" aria-label=t("console_closed")>
            <header class="inbox__head">
                <h1>{t("console_closed")}</h1>
            </header>
            <Search screen field=search found=Signal::derive(move || ids.read().len()) />
            <div class="rows rows--edge">
                <Show when=cut>
                    <div class="more">
                        <button
                            type="button"
                            class="button"
                            data-testid="closed-newest"
                            on:click=move |_| desk.tell(AgentInput::ListClosed { newest: true })
                        >
                            {t("console_newest")}
                        </button>
                    </div>
                </Show>
                <ul>
                    <For each=move || ids.get() key=|id| *id let(conversation)>
                        <li>
                            <Row desk conversation />
                        </li>
                    </For>
                </ul>
                <Show when=move || ids.read().is_empty() && !more()>
                    <div class="empty">
                        {icon(icon::ARCHIVE)}
                        <b>{t("console_empty_closed")}</b>
                        <p>{t("console_empty_closed_note")}</p>
                    </div>
                </Show>
                <Show when=more>
                    <div class="more">
                        <button
                            type="button"
                            class="button"
                            data-testid="closed-more"
                            on:click=move |_| desk.tell(AgentInput::ListClosed { newest: false })
                        >
                            {t("console_more")}
                        </button>
                    </div>
                </Show>
            </div>
        </section>
    }
}

/// The ended conversations that fit the search, in the order shown.
pub(crate) fn listed(desk: Desk, screen: Screen) -> Vec<ConversationId> {
    let search = screen.search.read().trim().to_lowercase();
    desk.lists(|session| {
        session.closed_list().iter().filter(|row| matches(row, &search)).map(|row| row.conversation).collect()
    })
}
