//! The header: who answers, whether anybody is there, and the menu.

use widget::dom::{El, el};
use widget::key;
use widget::part::icon::{self, icon};
use widget::text::first_character;
use widget_core::Online;

use crate::look;
use crate::menu::menu;
use crate::shell::Shell;

/// Agent or site, presence, menu, minimise.
pub(crate) fn header(shell: Shell) -> El {
    let Shell { text, chat, .. } = shell;
    let agent = move || if shell.earlier.get() { None } else { chat.read(|shown| shown.agent.clone()) };
    let answering = move || chat.read(|shown| if shown.online == Online::Live { Some(shown.answering) } else { None });
    let site = text.with(key!("site_support"), "site", &look::field("name").as_string().unwrap_or_default());
    let title = move || agent().unwrap_or_else(|| text.get(key!("support")));
    let presence = move || match (agent(), answering()) {
        (None, Some(0)) => text.get(key!("answering_none")),
        (None, Some(count)) => text.count([key!("answering"), key!("answering_one")], count.into()),
        _ => site.clone(),
    };
    // The one who has the conversation, where somebody does.
    let here = move || match answering() {
        Some(count) if agent().is_none() => count > 0,
        online => online.is_some() && chat.read(|shown| shown.holder),
    };
    let mut avatar = el("div", "avatar").attr("aria-hidden", "true").words(move || initials(&title()));
    if let Some(logo) = look::field("logo").as_string() {
        avatar = avatar.child(el("img", "").attr("src", &logo).test("logo").hidden(move || agent().is_some()));
    }
    let avatar = avatar.child(el("i", "").test("here").hidden(move || !here()));
    let who =
        el("div", "head__who").child(el("h1", "").attr("dir", "auto").words(title)).child(el("p", "").words(presence));
    let head = el("header", "head").child(avatar).child(who).child(menu(shell));
    if !shell.framed {
        return head;
    }
    head.child(
        el("button", "square")
            .test("close")
            .attr("aria-label", &text.get(key!("close")))
            .click(move || shell.close())
            .child(icon(icon::DOWN)),
    )
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let (first, last) = (words.next().unwrap_or_default(), words.last().unwrap_or_default());
    // The sheet writes them as capitals: the browser knows every alphabet, and its tables weigh nothing here.
    [first_character(first), first_character(last)].concat()
}
