//! The timeline: what is shown of a conversation, grouped, with days, names, times and states.

mod attachment;
mod bubble;
mod row;

use crate::key;
use crate::signal::Signal;
use std::rc::Rc;

use widget_core::Item;
use wire::MessageId;

pub use row::{Row, Rows};

use crate::dom::{El, el, follow};
use crate::part::icon::{self, icon};
use crate::text::Text;
use crate::transport::Downloads;
use bubble::row_view;

/// Makes the words of a [`Content::StaffNotice`](widget_core::Content::StaffNotice).
pub type StaffWords = Rc<dyn Fn(&Item) -> El>;

/// What the rows need of the owner of the timeline.
#[derive(Clone)]
pub struct Surroundings {
    /// The texts.
    pub text: Text,
    /// Where files come from.
    pub files: Downloads,
    /// Sends a failed draft again.
    pub retry: Rc<dyn Fn(MessageId)>,
    /// Drops a failed draft, or stops an upload.
    pub discard: Rc<dyn Fn(MessageId)>,
    /// The visitor's name under their messages; empty where the reader is the visitor.
    pub visitor_name: Rc<dyn Fn() -> String>,
    /// The words of what agents alone are told; none where the reader is the visitor.
    pub staff_notice: Option<StaffWords>,
}

/// Scrolled farther than this from the newest row, a button leads back to it.
const AWAY_PIXELS: i32 = 160;

/// A conversation, the newest row at the bottom, and `below` it what is true now (who is typing, the queue). Screen readers read new rows out.
pub fn timeline(rows: Rows, surroundings: Surroundings, below: Vec<El>) -> El {
    let text = surroundings.text;
    let away = Signal::new(false);
    let log = el("div", "")
        .attr("role", "log")
        .attr("aria-live", "polite")
        .attr("aria-relevant", "additions")
        .each(move || rows.keys(), move |key| row_view(rows.row(key), &surroundings));
    let scroller = el("div", "timeline__scroll")
        .attr("tabindex", "0")
        .attr("role", "group")
        .attr("aria-label", &text.get(key!("timeline")));
    let raw = scroller.raw().clone();
    let scrolled = raw.clone();
    // How many messages of the other side there were when the reader scrolled away from the newest row.
    let known = Signal::new(0_u64);
    // The style sheet lays the scroller out from the bottom, so that the newest row stays in view by itself. Scrolled up, the position is negative.
    let scroller = scroller
        .on("scroll", move |_| {
            let now = scrolled.scroll_top() < -AWAY_PIXELS;
            if now != away.get_untracked() {
                known.set(rows.others() as u64);
                away.set(now);
            }
        })
        .child(el("div", "timeline__inner").child(log).children(below));
    let down = raw.clone();
    // One's own new message is always scrolled to.
    follow(move || {
        if rows.last_is_own_draft() {
            raw.set_scroll_top(0);
        }
    });
    let fresh = move || (rows.others() as u64).saturating_sub(known.get());
    let button = el("button", "timeline__down")
        .test("newest")
        .attr("type", "button")
        .attr_of("aria-label", move || (fresh() == 0).then(|| text.get(key!("newest"))))
        .hidden(move || !away.get())
        .click(move || down.set_scroll_top(0))
        .child(icon(icon::DOWN))
        .child(el("span", "").words(move || match fresh() {
            0 => String::new(),
            fresh => text.count([key!("new_messages"), key!("new_messages_one")], fresh),
        }));
    el("div", "timeline").child(scroller).child(button)
}
