//! What touches rights, keys or exports wants a late sign-in: then the agent is asked for the password, and the request is sent again.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use leptos::prelude::*;

thread_local! {
    static SHOWN: ArcRwSignal<bool> = ArcRwSignal::new(false);
    static WAITING: RefCell<Vec<Rc<Waiting>>> = const { RefCell::new(Vec::new()) };
}

/// A request that waits for the answer.
#[derive(Default)]
struct Waiting {
    answer: Cell<Option<bool>>,
    waker: RefCell<Option<Waker>>,
}

/// Whether the question is to be shown.
pub(crate) fn is_asked() -> ArcRwSignal<bool> {
    SHOWN.with(ArcRwSignal::clone)
}

/// Asks for the password; whether it was right. Requests that ask at the same time get the same answer.
pub(super) async fn ask() -> bool {
    let waiting = Rc::new(Waiting::default());
    WAITING.with_borrow_mut(|all| all.push(Rc::clone(&waiting)));
    is_asked().set(true);
    poll_fn(|context| {
        if let Some(answer) = waiting.answer.get() {
            return Poll::Ready(answer);
        }
        *waiting.waker.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    })
    .await
}

/// The password was right, or the agent does not want to.
pub(crate) fn answer(confirmed: bool) {
    is_asked().set(false);
    for waiting in WAITING.take() {
        waiting.answer.set(Some(confirmed));
        if let Some(waker) = waiting.waker.take() {
            waker.wake();
        }
    }
}
