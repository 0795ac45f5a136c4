//! The page for defence against floods: declaring one, and the list of blocks.

pub(crate) mod block;

use leptos::prelude::*;
use relay_settings::Right;
use widget::key;
use widget_core::AgentInput;
use wire::{BlockScope, BlockSummary};

use crate::desk::Desk;
use crate::desk::rights::{has, has_everywhere};
use crate::ui::icon::{self, icon};
use crate::ui::person::short_of;
use crate::ui::when;
use crate::ui::words::{fill, t};

/// The first column while the defence is chosen.
#[component]
pub(crate) fn Defence(
    /// The session.
    desk: Desk,
) -> impl IntoView {
    view! {
        <section class="inbox" data-page="defence" tabindex="-1" aria-label=t(key!("console_defence"))>
            <header class="inbox__head">
                <h2>{t(key!("console_defence"))}</h2>
            </header>
            <Show when=move || has_everywhere(desk, Right::FloodDeclare)>
                <FloodSwitch desk />
            </Show>
            <Show when=move || has(desk, Right::VisitorBlock)>
                <Blocks desk />
            </Show>
        </section>
    }
}

#[component]
fn Blocks(desk: Desk) -> impl IntoView {
    let blocks = Memo::new(move |_| desk.read(|session| session.blocks().map(<[BlockSummary]>::to_vec)));
    view! {
        <h3 class="inbox__part">{t(key!("console_blocks"))}</h3>
        <div class="rows rows--edge">
            <ul data-testid="blocks">
                <For
                    each=move || blocks.get().unwrap_or_default()
                    key=|block| (block.block, block.until_ms)
                    let(block)
                >
                    <li>
                        <Block desk block />
                    </li>
                </For>
            </ul>
            <Show when=move || blocks.read().as_ref().is_some_and(Vec::is_empty)>
                <div class="empty">
                    {icon(icon::SHIELD)}
                    <b>{t(key!("console_blocks_none"))}</b>
                    <p>{t(key!("console_blocks_none_note"))}</p>
                </div>
            </Show>
            <Show when=move || blocks.read().is_none()>
                <p class="empty" role="status">{t(key!("console_loading"))}</p>
            </Show>
        </div>
    }
}

#[component]
fn FloodSwitch(desk: Desk) -> impl IntoView {
    let flood = Memo::new(move |_| desk.read(|session| session.counts().is_some_and(|counts| counts.flood)));
    view! {
        <div class="switch">
            <button
                type="button"
                class="switch__button"
                role="switch"
                aria-checked=move || flood.get().to_string()
                aria-describedby="flood-note"
                data-testid="flood-switch"
                on:click=move |_| desk.tell(AgentInput::Flood { on: !flood.get_untracked() })
            >
                <span class="switch__track" aria-hidden="true"></span>
                {t(key!("console_flood_switch"))}
            </button>
            <p id="flood-note">{t(key!("console_flood_note"))}</p>
        </div>
    }
}

/// A bar over the page while a flood is declared.
#[component]
pub(crate) fn FloodBanner(
    /// The session.
    desk: Desk,
) -> impl IntoView {
    let flood = Memo::new(move |_| desk.read(|session| session.counts().filter(|counts| counts.flood)));
    let words = move || {
        let waiting = flood.get().map(|counts| counts.waiting).unwrap_or_default();
        fill(key!("console_flood"), &[("count", &waiting.to_string())])
    };
    view! {
        <Show when=move || flood.get().is_some()>
            <div class="flood" role="status" data-testid="flood-banner">
                {icon(icon::SHIELD)}
                <span>{words}</span>
                <Show when=move || has_everywhere(desk, Right::FloodDeclare)>
                    <button
                        type="button"
                        class="button"
                        data-testid="flood-end"
                        on:click=move |_| desk.tell(AgentInput::Flood { on: false })
                    >
                        {t(key!("console_flood_end"))}
                    </button>
                </Show>
            </div>
        </Show>
    }
}

#[component]
fn Block(desk: Desk, block: BlockSummary) -> impl IntoView {
    let id = block.block;
    let whom = whom(&block);
    let by = move || block.by.map_or_else(|| t(key!("console_blocked_by_command")), |agent| desk.agent_name(agent));
    let since = when::long(block.since_ms);
    let until = fill(key!("console_blocked_until"), &[("time", &when::long(block.until_ms))]);
    view! {
        <div class="block" data-testid="blocked">
            <b>{whom.clone()}</b>
            {(!block.reason.is_empty()).then(|| view! { <p dir="auto">{block.reason.clone()}</p> })}
            <small>{until}</small>
            <small>{move || fill(key!("console_blocked_by"), &[("name", &by()), ("time", &since)])}</small>
            <button
                type="button"
                class="button"
                aria-label=fill(key!("console_unblock_label"), &[("name", &whom)])
                data-testid="unblock"
                on:click=move |_| desk.tell(AgentInput::Unblock { block: id })
            >
                {t(key!("console_unblock"))}
            </button>
        </div>
    }
}

/// Whom a block keeps out, in words.
fn whom(block: &BlockSummary) -> String {
    let tag = block.tag.map(|tag| tag.to_string().chars().take(6).collect::<String>()).unwrap_or_default();
    match block.scope {
        BlockScope::Visitor => {
            fill(key!("console_visitor"), &[("id", &block.visitor.map(short_of).unwrap_or_default())])
        }
        BlockScope::Address => fill(key!("console_blocked_address"), &[("tag", &tag)]),
        BlockScope::Network => fill(key!("console_blocked_network"), &[("tag", &tag)]),
        BlockScope::Other => t(key!("console_blocked_other")),
    }
}
