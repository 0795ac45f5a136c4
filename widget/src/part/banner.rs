//! The connection banner: says truthfully what happens to what was written.

use widget_core::Online;

use crate::dom::{El, el};
use crate::env::window;
use crate::part::icon::{self, icon};
use crate::text::Text;

/// Shown while there is no line to the relay: how it stands, and how many messages wait for it.
pub fn connection_banner(text: Text, line: impl Fn() -> (Online, usize) + Copy + 'static) -> El {
    let words = move || {
        let (online, waiting) = line();
        words(text, online, waiting)
    };
    let refused = move || matches!(line().0, Online::Refused(_));
    let late = move || Some(String::from(if line().0 == Online::Connecting { "net net--late" } else { "net" }));
    let net = move || {
        el("div", "")
            .test("connection")
            .attr_of("class", late)
            .child(icon(icon::NO_NETWORK))
            .child(el("span", "").words(move || words().unwrap_or_default()))
            .when(refused, move || {
                el("button", "link").text(&text.get("reload")).click(|| {
                    window().location().reload().ok();
                })
            })
    };
    el("div", "").attr("role", "status").when(move || words().is_some(), net)
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
