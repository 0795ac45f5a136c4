//! The sign that the other side is typing.

use leptos::prelude::*;

use crate::text::Text;

/// Three dots, while somebody types.
#[component]
pub fn Typing(
    /// Who types; empty when the name is not known, none when nobody does.
    #[prop(into)]
    who: Signal<Option<String>>,
) -> impl IntoView {
    let text = Text::here();
    move || {
        who.get().map(|name| {
            let words =
                if name.is_empty() { text.get("typing_somebody") } else { text.with("typing", "name", &name) };
            view! {
                <div class="typing" data-testid="typing">
                    <i></i>
                    <i></i>
                    <i></i>
                    <span class="unseen">{words}</span>
                </div>
            }
        })
    }
}
