//! The connection banner: says that there is no connection, and what happens to messages meanwhile.

use crate::key;
use crate::signal::Signal;
use widget_core::Online;

use crate::clock::Timer;
use crate::dom::{El, el, follow};
use crate::env::window;
use crate::part::icon::{self, icon};
use crate::text::{Key, Text};

/// How long it says that the connection is back: time to read it. The style sheet fades it out by then.
const RESTORED_MS: u64 = 5_000;

/// Shown while there is no connection: why, and how many messages wait for it. If some waited, it says for a moment that the connection is back.
pub fn connection_banner(text: Text, state: impl Fn() -> (Online, usize) + Copy + 'static) -> El {
    let restored = Signal::new(false);
    let timer = Timer::new(move || restored.set(false));
    let mut waited = false;
    follow(move || {
        let (online, waiting) = state();
        if lost(online).is_some() {
            waited |= waiting > 0;
            restored.set(false);
        } else if online == Online::Live && waited {
            waited = false;
            restored.set(true);
            timer.set(RESTORED_MS);
        }
    });
    let words = move || {
        let (online, waiting) = state();
        words(text, online, waiting)
    };
    let shown = move || if restored.get() { 2 } else { u32::from(words().is_some()) };
    let refused = move || matches!(state().0, Online::Refused(_));
    let late = move || Some(String::from(if state().0 == Online::Connecting { "net net--late" } else { "net" }));
    let net = move |what| {
        if what == 2 {
            let done = el("div", "net net--back").test("restored").child(icon(icon::CHECK));
            return done.child(el("span", "").text(&text.get(key!("restored"))));
        }
        el("div", "")
            .test("connection")
            .attr_of("class", late)
            .child(icon(icon::NO_NETWORK))
            .child(el("span", "").words(move || words().unwrap_or_default()))
            .when(refused, move || {
                el("button", "link").test("reload").text(&text.get(key!("reload"))).click(|| {
                    window().location().reload().ok();
                })
            })
    };
    el("div", "").attr("role", "status").switch(shown, net)
}

/// The texts for a connection that is lost: when no message waits, when several do, when one does. None for other states.
const fn lost(online: Online) -> Option<[Key; 3]> {
    match online {
        Online::Idle | Online::Live | Online::Refused(_) | Online::Connecting => None,
        Online::Offline => Some([key!("offline"), key!("offline_waiting"), key!("offline_waiting_one")]),
        Online::Reconnecting { .. } => {
            Some([key!("reconnecting"), key!("reconnecting_waiting"), key!("reconnecting_waiting_one")])
        }
        Online::Blocked => Some([key!("blocked"), key!("blocked_waiting"), key!("blocked_waiting_one")]),
    }
}

fn words(text: Text, online: Online, waiting: usize) -> Option<String> {
    match (online, lost(online)) {
        (Online::Refused(close), _) => Some(text.close(close)),
        (Online::Connecting, _) => Some(text.get(key!("connecting"))),
        (_, Some([_, many, one])) if waiting > 0 => Some(text.count([many, one], waiting as u64)),
        (_, lost) => lost.map(|[nothing, ..]| text.get(nothing)),
    }
}
