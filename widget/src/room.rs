//! Rooms: parts of the chat whose code is fetched when they are first wanted. `xtask/src/cut.rs` cuts them out of the program.
//!
//! The calls across the cut are plain C calls, by contract of the cutter. They are the only unsafe code of the browser half: this
//! file and its macro allow it, everything else denies it.
#![allow(unsafe_code, reason = "the cutter's contract: one call into a room, one call back when its code has come")]

use std::ffi::c_void;
use std::rc::Rc;

use reactive_graph::graph::untrack;
use reactive_graph::owner::{Owner, StoredValue};

use crate::dom::{El, el};
use crate::env::window;
use crate::key;
use crate::text::Text;

/// What the loader calls when a room's code has come (true), or has not.
pub type Came = unsafe extern "C" fn(*const c_void, bool);
/// Asks for a room's code.
pub type Load = unsafe extern "C" fn(Came, *const c_void);

/// A part of the page that waits for its room.
#[derive(Clone)]
struct Waiting {
    load: Load,
    text: Text,
    /// Where the part will stand.
    place: El,
    scope: Owner,
    build: Rc<dyn Fn() -> El>,
}

impl Waiting {
    fn ask(self) {
        self.place.raw().set_text_content(None);
        let load = self.load;
        // SAFETY: the loader gives the pointer back to `came`, once.
        unsafe { load(came, Box::into_raw(Box::new(self)).cast_const().cast()) };
    }

    /// Says that the code did not come, and what can be done. What was written stays: it is kept as it is written.
    fn trouble(self) -> El {
        let text = self.text;
        el("div", "room__trouble")
            .test("room-failed")
            .attr("role", "alert")
            .child(el("p", "").text(&text.get(key!("room_failed"))))
            .child(
                el("button", "link")
                    .test("room-retry")
                    .attr("type", "button")
                    .text(&text.get(key!("retry")))
                    .click(move || self.clone().ask()),
            )
            .child(
                el("button", "link")
                    .test("room-reload")
                    .attr("type", "button")
                    .text(&text.get(key!("room_reload")))
                    .click(|| drop(window().location().reload())),
            )
    }
}

/// A place in which a part appears as soon as its room has come.
pub fn later(load: Load, text: Text, build: Rc<dyn Fn() -> El>) -> El {
    let place = el("div", "room");
    let scope = Owner::new();
    // Parents hold their children weakly: it goes with whoever asked.
    StoredValue::new(scope.clone());
    Waiting { load, text, place: place.clone(), scope, build }.ask();
    place
}

unsafe extern "C" fn came(data: *const c_void, here: bool) {
    // SAFETY: made in `ask`, given back once.
    let waiting = *unsafe { Box::from_raw(data.cast_mut().cast::<Waiting>()) };
    let (place, scope) = (waiting.place.clone(), waiting.scope.clone());
    let part = untrack(|| scope.with(|| if here { (waiting.build)() } else { waiting.trouble() }));
    drop(place.child(part));
}

/// `room!("room", "32 hex digits, unique", shown(argument: Type) = inner, |argument| text)`: makes the function `shown`, which gives
/// a place for what `inner(&Type) -> El` shows once the room's code is here. Several parts may share a room.
///
/// Nothing else may call `inner`: a direct call pulls it back into what every visitor loads. Where the program is not cut (the
/// console, native tests), `shown` calls it itself.
#[macro_export]
macro_rules! room {
    ($room:literal, $id:literal, $shown:ident($argument:ident: $type:ty) = $inner:ident, $text:expr) => {
        #[cfg(not(all(target_family = "wasm", feature = "rooms")))]
        pub(crate) fn $shown($argument: $type) -> $crate::dom::El {
            $inner(&$argument)
        }
        #[cfg(all(target_family = "wasm", feature = "rooms"))]
        #[allow(unsafe_code, reason = "the call across the cut")]
        pub(crate) fn $shown($argument: $type) -> $crate::dom::El {
            #[link(wasm_import_module = "__wasm_split_placeholder__")]
            unsafe extern "C" {
                #[link_name = concat!("__wasm_split_load_", $room)]
                fn load(came: $crate::room::Came, data: *const ::std::ffi::c_void);
                #[allow(improper_ctypes, reason = "both sides are this program")]
                #[link_name = concat!("__wasm_split_00", $room, "00_import_", $id)]
                safe fn inside($argument: &$type) -> $crate::dom::El;
            }
            #[allow(improper_ctypes_definitions, reason = "both sides are this program")]
            #[unsafe(export_name = concat!("__wasm_split_00", $room, "00_export_", $id))]
            extern "C" fn outside($argument: &$type) -> $crate::dom::El {
                $inner($argument)
            }
            let text: fn(&$type) -> $crate::text::Text = $text;
            let text = text(&$argument);
            $crate::room::later(load, text, ::std::rc::Rc::new(move || inside(&$argument)))
        }
    };
}
