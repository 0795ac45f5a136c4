//! Calls that a component makes of the relay. When it is gone, what comes back has nobody to be shown to, and its signals are no more.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use leptos::prelude::{IsDisposed, on_cleanup, set_interval_with_handle};
use leptos::task::spawn_local;
use widget::env::page_visible;

/// A call, and a signal of the component that makes it.
struct Shown<S, F> {
    of: S,
    call: Pin<Box<F>>,
}

impl<S: IsDisposed + Unpin, F: Future<Output = ()>> Future for Shown<S, F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.of.is_disposed() { Poll::Ready(()) } else { self.call.as_mut().poll(context) }
    }
}

/// Makes a call for the component that has the signal. What is asked for is done by the relay also when the component goes meanwhile; what would
/// follow here is not.
pub(crate) fn spawn_for<S, F>(of: S, call: F)
where
    S: IsDisposed + Unpin + 'static,
    F: Future<Output = ()> + 'static,
{
    spawn_local(Shown { of, call: Box::pin(call) });
}

/// Does something again and again as long as the component is there and its page is looked at.
pub(crate) fn again(every: Duration, act: impl Fn() + 'static) {
    let turn = move || {
        if page_visible() {
            act();
        }
    };
    let handle = set_interval_with_handle(turn, every);
    on_cleanup(move || drop(handle.map(|handle| handle.clear())));
}
