//! What comes while the chat is open: another look of the site, which is asked for; and the notices in it.

use js_sys::{Array, Math, encode_uri_component};
use wasm_bindgen::{JsCast, JsValue};
use widget::clock::Timer;
use widget::dom::{El, el, follow};
use widget::env::{self, root, setting};
use widget::key;
use widget::part::icon::{self, icon};
use widget::signal::Signal;
use widget::transport::{Headers, Request, RequestNews, Want};

use crate::look;
use crate::shell::Shell;

/// Everybody on the site is sent the new number at once; they ask for the look spread over so long.
const ASK_WITHIN_MS: f64 = 1_000.0;
/// What did not come is asked for again after this.
const ASK_AGAIN_MS: u64 = 5_000;

/// Asks for the site's look whenever the relay says that it is another one.
pub(crate) fn follow_look(shell: Shell) {
    let mut last = 0;
    follow(move || {
        let now = shell.chat.read(|shown| shown.look);
        if now != std::mem::replace(&mut last, now) && now != look::number() {
            ask(shell);
        }
    });
}

widget::room!("look", "00000000000000000000000000000008", ask(shell: Shell) = ask_now else |_| {});
widget::room!("look", "00000000000000000000000000000009", notices(shell: Shell) = notices_now, |shell| shell.text);

/// Asks the relay for the look, until it comes.
fn ask_now(&shell: &Shell) {
    let running = Signal::new(None::<Request>);
    let again = Signal::new(None::<Timer>);
    let send = move || {
        let color = env::query("color").map(|color| ["&color=", &String::from(encode_uri_component(&color))].concat());
        let path = ["/look?site=", &setting("site"), "&lang=", &root().lang(), &color.unwrap_or_default()].concat();
        let request = Request::send(("GET", &path), &Headers::new(), None, Want::Text, move |news| {
            let RequestNews::Over(answer) = news else { return };
            match answer.body.as_string() {
                Some(look) if answer.status == 200 => {
                    look::put(&look);
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
    let all = look::field("notices").dyn_into::<Array>().unwrap_or_default();
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
    let list = el("ul", "").children(all.iter().map(one).collect());
    el("aside", "notices").attr("aria-label", &text.get(key!("notices"))).child(list)
}
