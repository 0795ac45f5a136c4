//! The rating of a conversation that has ended.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use widget_core::VisitorInput;
use wire::limit::COMMENT_CHARS_MAX;

use widget::text::Text;

use crate::chat::Chat;

const SCORES: [(u8, &str); 5] = [(1, "rate_1"), (2, "rate_2"), (3, "rate_3"), (4, "rate_4"), (5, "rate_5")];

/// Five marks and a comment, once.
pub(crate) fn rating_card() -> impl IntoView {
    let text = Text::here();
    let chat: Chat = expect_context();
    let asked = chat.part(|shown| shown.rate);
    // Where the thanks belong: another conversation is asked about anew.
    let rated = RwSignal::new(None);
    let conversation = chat.part(|shown| shown.conversation);
    let thanked = Memo::new(move |_| rated.get().is_some() && rated.get() == conversation.get());
    move || {
        if thanked.get() {
            return Some(
                view! { <p class="card card--thanks" data-testid="rating" role="status">{text.get("rate_thanks")}</p> }
                    .into_any(),
            );
        }
        let send = move |score, comment| {
            rated.set(conversation.get_untracked());
            chat.send(VisitorInput::Rate { score, comment });
        };
        asked.get().then(|| form(text, send))
    }
}

fn form(text: Text, send: impl Fn(u8, String) + Copy + 'static) -> AnyView {
    let score = RwSignal::new(0_u8);
    let comment = RwSignal::new(String::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if score.get_untracked() > 0 {
            send(score.get_untracked(), comment.get_untracked().trim().to_owned());
        }
    };
    let mark = move |(value, key): (u8, &'static str)| {
        view! {
            <label class="mark">
                <input
                    type="radio"
                    name="score"
                    value=value.to_string()
                    aria-label=text.get(key)
                    on:change=move |_| score.set(value)
                />
                <span aria-hidden="true">{value.to_string()}</span>
            </label>
        }
    };
    view! {
        <form class="card" data-testid="rating" on:submit=submit>
            <fieldset>
                <legend>{text.get("rate")}</legend>
                <div class="marks">{SCORES.map(mark).collect_view()}</div>
                <div class="marks__ends" aria-hidden="true">
                    <span>{text.get("rate_bad")}</span>
                    <span>{text.get("rate_good")}</span>
                </div>
            </fieldset>
            <textarea
                class="field"
                rows="2"
                dir="auto"
                maxlength=COMMENT_CHARS_MAX.to_string()
                placeholder=text.get("rate_comment")
                aria-label=text.get("rate_comment")
                on:input=move |event| comment.set(event_target_value(&event))
            ></textarea>
            <button class="button button--main" disabled=move || score.get() == 0>
                {text.get("rate_send")}
            </button>
        </form>
    }
    .into_any()
}
