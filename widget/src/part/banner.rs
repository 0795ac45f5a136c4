//! The connection banner: says truthfully what happens to what was written.

use leptos::prelude::*;
use widget_core::Online;

use crate::env::window;
use crate::part::icon::{self, icon};
use crate::text::Text;

/// Shown while there is no line to the relay.
#[component]
pub fn ConnectionBanner(
    /// How the line stands.
    #[prop(into)]
    online: Signal<Online>,
    /// Messages that wait for the line.
    #[prop(into)]
    waiting: Signal<usize>,
) -> impl IntoView {
    let text = Text::here();
    // Only the words count: a retry that begins anew must not be read out again.
    let words = Memo::new(move |_| words(text, online.get(), waiting.get()));
    let refused = Memo::new(move |_| matches!(online.get(), Online::Refused(_)));
    let slow = move || matches!(online.get(), Online::Connecting);
    view! {
        <div role="status">
            {move || {
                words
                    .get()
                    .map(|words| {
                        view! {
                            <div class="net" class:net--late=slow data-testid="connection">
                                {icon(icon::NO_NETWORK)}
                                <span>{words}</span>
                                {refused
                                    .get()
                                    .then(|| {
                                        view! {
                                            <button class="link" on:click=|_| reload()>
                                                {text.get("reload")}
                                            </button>
                                        }
                                    })}
                            </div>
                        }
                    })
            }}
        </div>
    }
}

fn reload() {
    window().location().reload().ok();
}

fn words(text: Text, online: Online, waiting: usize) -> Option<String> {
    let key = match online {
        Online::Idle | Online::Live => return None,
        Online::Refused(close) => return Some(text.close(close)),
        Online::Connecting => return Some(text.get("connecting")),
        Online::Offline => "offline",
        Online::Reconnecting { .. } => "reconnecting",
    };
    Some(match waiting {
        0 => text.get(key),
        _ => text.count(&[key, "_waiting"].concat(), waiting as u64),
    })
}
