//! The rating of a conversation that has ended.

use std::cell::Cell;
use std::rc::Rc;
use widget::key;
use widget::signal::Signal;

use reactive_graph::graph::untrack;
use wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;
use widget::dom::{El, el};
use widget::text::Key;
use widget_core::VisitorInput;
use wire::ConversationId;
use wire::limit::COMMENT_CHARS_MAX;

use crate::shell::Shell;

const SCORES: [Key; 5] = [key!("rate_1"), key!("rate_2"), key!("rate_3"), key!("rate_4"), key!("rate_5")];
/// The form stands there.
const ASKED: u32 = 1;
/// The thanks stand there.
const THANKED: u32 = 2;

/// Five marks and a comment, once.
pub(crate) fn rating_card(shell: Shell) -> El {
    let Shell { text, chat, .. } = shell;
    // Where the thanks belong: another conversation is asked about anew.
    let rated = Signal::new(String::new());
    let stage = move || {
        let (asked, conversation) = chat.read(|shown| (shown.rate, shown.conversation));
        let rated = rated.get();
        if !rated.is_empty() && rated == name(conversation) { THANKED } else { u32::from(asked) }
    };
    el("div", "").switch(stage, move |stage| {
        if stage == ASKED {
            return form((shell, rated));
        }
        el("p", "card card--thanks").test("rating").attr("role", "status").text(&text.get(key!("rate_thanks")))
    })
}

/// A conversation as a text: signals of few kinds weigh less.
fn name(conversation: Option<ConversationId>) -> String {
    conversation.map(ConversationId::text).unwrap_or_default()
}

/// The chat's window, and where it is said which conversation was rated.
type Form = (Shell, Signal<String>);

widget::room!("rating", "00000000000000000000000000000002", form(about: Form) = form_now, |about| about.0.text);

fn form_now(&(shell, rated): &Form) -> El {
    let Shell { text, chat, .. } = shell;
    let score = Signal::new(false);
    let value = Rc::new(Cell::new(0_u8));
    let comment = el("textarea", "field")
        .test("rating-comment")
        .attr("rows", "2")
        .attr("dir", "auto")
        .attr("maxlength", &wire::digits(COMMENT_CHARS_MAX as u64))
        .attr("placeholder", &text.get(key!("rate_comment")))
        .attr("aria-label", &text.get(key!("rate_comment")));
    let raw: HtmlTextAreaElement = comment.raw().clone().unchecked_into();
    let mark = |(at, key): (usize, &Key)| {
        let (number, value) = (at + 1, Rc::clone(&value));
        let radio = el("input", "")
            .test("rating-score")
            .attr("type", "radio")
            .attr("name", "score")
            .attr("value", &wire::digits(number as u64))
            .attr("aria-label", &text.get(*key))
            .on("change", move |_| {
                value.set(u8::try_from(number).unwrap_or(0));
                score.set(true);
            });
        el("label", "mark")
            .child(radio)
            .child(el("span", "").attr("aria-hidden", "true").text(&wire::digits(number as u64)))
    };
    let ends = el("div", "marks__ends")
        .attr("aria-hidden", "true")
        .child(el("span", "").text(&text.get(key!("rate_bad"))))
        .child(el("span", "").text(&text.get(key!("rate_good"))));
    let fieldset = el("fieldset", "")
        .child(el("legend", "").text(&text.get(key!("rate"))))
        .child(el("div", "marks").children(SCORES.iter().enumerate().map(mark).collect()))
        .child(ends);
    let submit = move |event: web_sys::Event| {
        event.prevent_default();
        if score.get_untracked() {
            rated.set(name(untrack(|| chat.read(|shown| shown.conversation))));
            let comment = raw.value().trim().to_owned();
            chat.send(VisitorInput::Rate { score: value.get(), comment });
        }
    };
    let send = el("button", "button button--main")
        .test("rating-send")
        .flag("disabled", move || !score.get())
        .text(&text.get(key!("rate_send")));
    el("form", "card").test("rating").on("submit", submit).child(fieldset).child(comment).child(send)
}
