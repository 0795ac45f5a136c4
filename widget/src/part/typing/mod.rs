//! Shows that the other side is typing.

use crate::dom::{El, el};
use crate::key;
use crate::text::Text;

/// Three dots while somebody types. `who` gives a name, an empty one when it is not known, none when nobody types.
pub fn typing(text: Text, who: impl Fn() -> Option<String> + Copy + 'static) -> El {
    let words = move || match who() {
        Some(name) if !name.is_empty() => text.with(key!("typing"), "name", &name),
        _ => text.get(key!("typing_somebody")),
    };
    el("div", "").when(
        move || who().is_some(),
        move || {
            let dots = (0..3).map(|_| el("i", "")).collect();
            el("div", "typing").test("typing").children(dots).child(el("span", "unseen").words(words))
        },
    )
}
