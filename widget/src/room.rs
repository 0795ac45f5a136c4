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

/// What goes on when a room's code has come (true), or has not.
type Waits = Box<dyn FnOnce(bool)>;

/// Asks for a room's code.
pub fn call(load: Load, waits: Waits) {
    // SAFETY: the loader gives the pointer back to `came`, once.
    unsafe { load(came, Box::into_raw(Box::new(waits)).cast_const().cast()) };
}

unsafe extern "C" fn came(data: *const c_void, here: bool) {
    // SAFETY: made in `call`, given back once.
    let waits = *unsafe { Box::from_raw(data.cast_mut().cast::<Waits>()) };
    waits(here);
}

/// Says to assistive technology whether a part is being loaded. Others see it by the style of `.room:empty`.
const BUSY: &str = "aria-busy";

/// A part of the page that waits for its room.
#[derive(Clone)]
struct Waiting {
    load: Load,
    text: Text,
    /// What the part will stand in.
    wrapper: El,
    scope: Owner,
    build: Rc<dyn Fn() -> El>,
    /// What leads away from it, where it hides what was there before.
    back: Option<Rc<dyn Fn()>>,
}

impl Waiting {
    fn ask(self) {
        self.wrapper.raw().set_text_content(None);
        drop(self.wrapper.clone().attr(BUSY, "true"));
        call(
            self.load,
            Box::new(move |here| {
                let (wrapper, scope) = (self.wrapper.clone(), self.scope.clone());
                let part = untrack(|| scope.with(|| if here { (self.build)() } else { self.trouble() }));
                drop(wrapper.attr(BUSY, "false").child(part));
            }),
        );
    }

    /// Says that the code did not come, and what can be done. What was written stays: it is kept as it is written.
    fn trouble(self) -> El {
        let text = self.text;
        let link = |test, words| el("button", "link").test(test).attr("type", "button").text(&text.get(words));
        let back = self.back.clone().map(|back| link("room-back", key!("back")).click(move || back()));
        el("div", "room__trouble")
            .test("room-failed")
            .attr("role", "alert")
            .child(el("p", "").text(&text.get(key!("room_failed"))))
            .child(link("room-retry", key!("retry")).click(move || self.clone().ask()))
            .child(link("room-reload", key!("room_reload")).click(|| drop(window().location().reload())))
            .children(back.into_iter().collect())
    }
}

/// A wrapper in which a part appears as soon as its room has come.
pub fn later(load: Load, text: Text, build: Rc<dyn Fn() -> El>, back: Option<Rc<dyn Fn()>>) -> El {
    let wrapper = el("div", "room");
    let scope = Owner::new();
    // Parents hold their children weakly: it goes with whoever asked.
    StoredValue::new(scope.clone());
    Waiting { load, text, wrapper: wrapper.clone(), scope, build, back }.ask();
    wrapper
}

/// Parts that are built, and work that is done, only once the code of their room has come. Several may share a room.
///
/// - `room!("room", "32 hex digits, unique", shown(argument: Type) = inner, |argument| text)` makes the function `shown`, which gives
///   a wrapper for what `inner(&Type) -> El` shows once the code is here. A part that hides what was there before says after the text how
///   one goes back, `|argument| work`: that is offered where the code does not come.
/// - `room!("room", "32 hex digits, unique", begun(argument: Type) = inner else failed)` makes the function `begun`, which calls
///   `inner(&Type)` then, or `failed(&Type)` when the code does not come.
///
/// Nothing else may call `inner`: a direct call pulls it back into what every visitor loads. Where the program is not cut (the
/// console, native tests), it is called at once.
#[macro_export]
macro_rules! room {
    ($room:literal, $id:literal, $shown:ident($argument:ident: $type:ty) = $inner:ident, $text:expr $(, $back:expr)?) => {
        #[cfg(not(all(target_family = "wasm", feature = "rooms")))]
        pub(crate) fn $shown($argument: $type) -> $crate::dom::El {
            $inner(&$argument)
        }
        #[cfg(all(target_family = "wasm", feature = "rooms"))]
        #[allow(unsafe_code, reason = "the call across the cut")]
        pub(crate) fn $shown($argument: $type) -> $crate::dom::El {
            $crate::room!(cut $room, $id, $argument: $type, $inner, $crate::dom::El);
            let text: fn(&$type) -> $crate::text::Text = $text;
            let text = text(&$argument);
            let back = $crate::room!(back $argument: $type $(, $back)?);
            $crate::room::later(load, text, ::std::rc::Rc::new(move || inside(&$argument)), back)
        }
    };
    ($room:literal, $id:literal, $begun:ident($argument:ident: $type:ty) = $inner:ident else $failed:expr) => {
        #[cfg(not(all(target_family = "wasm", feature = "rooms")))]
        pub(crate) fn $begun($argument: $type) {
            let _: fn(&$type) = $failed;
            $inner(&$argument)
        }
        #[cfg(all(target_family = "wasm", feature = "rooms"))]
        #[allow(unsafe_code, reason = "the call across the cut")]
        pub(crate) fn $begun($argument: $type) {
            $crate::room!(cut $room, $id, $argument: $type, $inner, ());
            let failed: fn(&$type) = $failed;
            let waits = move |here| if here { inside(&$argument) } else { failed(&$argument) };
            $crate::room::call(load, ::std::boxed::Box::new(waits));
        }
    };
    (back $argument:ident: $type:ty) => {
        ::std::option::Option::None
    };
    (back $argument:ident: $type:ty, $back:expr) => {{
        let (back, about): (fn(&$type), $type) = ($back, $argument.clone());
        let back: ::std::rc::Rc<dyn Fn()> = ::std::rc::Rc::new(move || back(&about));
        ::std::option::Option::Some(back)
    }};
    // The two sides of the cut, and what loads the room.
    (cut $room:literal, $id:literal, $argument:ident: $type:ty, $inner:ident, $result:ty) => {
        #[link(wasm_import_module = "__wasm_split_placeholder__")]
        unsafe extern "C" {
            #[link_name = concat!("__wasm_split_load_", $room)]
            fn load(came: $crate::room::Came, data: *const ::std::ffi::c_void);
            #[allow(improper_ctypes, reason = "both sides are this program")]
            #[link_name = concat!("__wasm_split_00", $room, "00_import_", $id)]
            safe fn inside($argument: &$type) -> $result;
        }
        #[allow(improper_ctypes_definitions, reason = "both sides are this program")]
        #[unsafe(export_name = concat!("__wasm_split_00", $room, "00_export_", $id))]
        extern "C" fn outside($argument: &$type) -> $result {
            $inner($argument)
        }
    };
}
