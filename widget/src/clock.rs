//! The browser's clock and its one-shot timer.

use std::cell::Cell;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use crate::env::window;

/// Milliseconds since 1970 UTC, by the browser's clock.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float of whole milliseconds, positive since 1970"
)]
pub fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// The longest wait of a browser's timer: 2^31 - 1 milliseconds. After that the session asks for another wait.
const DELAY_MS_MAX: u64 = 0x7fff_ffff;

/// Calls one function once after a wait. Setting it again cancels the earlier wait.
pub struct Timer {
    run: Closure<dyn FnMut()>,
    handle: Cell<Option<i32>>,
}

impl Timer {
    /// A timer that is not set yet.
    pub fn new(run: impl FnMut() + 'static) -> Self {
        Self { run: Closure::new(run), handle: Cell::new(None) }
    }

    /// Calls the function once, this long from now.
    pub fn set(&self, delay_ms: u64) {
        self.clear();
        let delay_ms = i32::try_from(delay_ms.min(DELAY_MS_MAX)).unwrap_or(i32::MAX);
        let run = self.run.as_ref().unchecked_ref();
        self.handle.set(window().set_timeout_with_callback_and_timeout_and_arguments_0(run, delay_ms).ok());
    }

    /// Cancels the wait.
    pub fn clear(&self) {
        if let Some(handle) = self.handle.take() {
            window().clear_timeout_with_handle(handle);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clear();
    }
}
