//! The site's look: its colours and texts, whether it takes files, when somebody is there again, notices.
//!
//! The relay writes it into the page, as JSON on `<html>`. When it says that there is another one, that is asked for and takes its place there, and
//! the chat is made anew from it.

use js_sys::{Array, JSON, Math};
use wasm_bindgen::JsValue;
use widget::clock::Timer;
use widget::dom::{El, el};
use widget::env::{self, root, setting};
use widget::key;
use widget::part::icon::{self, icon};
use widget::signal::Signal;
use widget::text::Text;
use widget::transport::{Headers, Request, RequestNews, Want};

use crate::shell::Shell;

/// Where the look stands on `<html>`.
const LOOK: &str = "data-look";
/// Everybody on the site is told at once that it has changed; they ask for it spread over so long.
const ASK_WITHIN_MS: f64 = 1_000.0;
/// What did not come is asked for again after this.
const ASK_AGAIN_MS: u64 = 5_000;

/// A field of the look in the page; `undefined` when it is not there.
pub(crate) fn field(name: &str) -> JsValue {
    env::field(&now(), name)
}

/// Whether the look has something: a flag that is set, or a list.
pub(crate) fn has(name: &str) -> bool {
    field(name).is_truthy()
}

fn now() -> JsValue {
    JSON::parse(&setting("look")).unwrap_or(JsValue::UNDEFINED)
}

/// Puts another look in its place.
pub(crate) fn put(look: &str) {
    root().set_attribute(LOOK, look).ok();
}

/// The number by which the relay tells one look from another; 0 when there is none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the relay counts it in 32 bits")]
pub(crate) fn number() -> u32 {
    field("number").as_f64().unwrap_or_default() as u32
}

/// Takes over what is not read where it is shown: colours, texts, whether there are attachments.
pub(crate) fn wear(text: Text) {
    let look = now();
    widget::theme::apply(&look);
    text.replace(&Array::from(&env::field(&look, "texts")));
    // The style sheet hides what has no use then.
    root().toggle_attribute_with_force("data-no-files", !env::field(&look, "attachments").is_truthy()).ok();
}

widget::room!("look", "00000000000000000000000000000008", ask(shell: Shell) = ask_now else |_| {});
widget::room!("look", "00000000000000000000000000000009", notices(shell: Shell) = notices_now, |shell| shell.text);

/// Asks the relay for the look, until it comes.
fn ask_now(&shell: &Shell) {
    let running = Signal::new(None::<Request>);
    let again = Signal::new(None::<Timer>);
    let send = move || {
        let path = ["/look?site=", &setting("site"), "&lang=", &root().lang()].concat();
        let request = Request::send(("GET", &path), &Headers::new(), None, Want::Text, move |news| {
            let RequestNews::Over(answer) = news else { return };
            match answer.body.as_string() {
                Some(look) if answer.status == 200 => {
                    put(&look);
                    shell.wear();
                }
                _ => drop(again.try_with(|again| again.as_ref().map(|again| again.set(ASK_AGAIN_MS)))),
            }
        });
        running.set(request);
    };
    let timer = Timer::new(send);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a second")]
    timer.set((Math::random() * ASK_WITHIN_MS) as u64);
    again.set(Some(timer));
}

/// The notices, each with a button that puts it away where that is allowed.
fn notices_now(&shell: &Shell) -> El {
    let Shell { text, chat, .. } = shell;
    let all = Array::from(&field("notices"));
    let one = |notice: JsValue| {
        let read = |name| env::field(&notice, name).as_string().unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of changes")]
        let version = wire::digits(env::field(&notice, "version").as_f64().unwrap_or_default() as u64);
        let name = ["notice.", &read("id")].concat();
        let away = Signal::new(chat.storage(|storage| storage.get(&name)).as_ref() == Some(&version));
        let kind = read("kind");
        let item = el("li", &["notice notice--", &kind].concat())
            .test("notice")
            .attr("data-kind", &kind)
            .hidden(move || away.get())
            .child(icon(if kind == "news" { icon::INFO } else { icon::WARN }))
            .child(el("p", "").attr("dir", "auto").text(&read("text")));
        if !env::field(&notice, "dismissible").is_truthy() {
            return item;
        }
        item.child(
            el("button", "square")
                .test("notice-away")
                .attr("aria-label", &text.get(key!("notice_away")))
                .click(move || {
                    chat.storage(|storage| storage.set(&name, &version));
                    away.set(true);
                })
                .child(icon(icon::CROSS)),
        )
    };
    el("ul", "notices").attr("aria-label", &text.get(key!("notices"))).children(all.iter().map(one).collect())
}
