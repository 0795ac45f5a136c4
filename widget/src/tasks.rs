//! What runs effects: whatever became ready goes on as soon as the browser's present task is over, before anything is drawn.
//!
//! Leptos' reactive core asks for an executor of futures. wasm-bindgen's own brings promises of every kind along; effects wait for
//! nothing but each other, and this is enough for them. It weighs a third.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use crate::env::window;

thread_local! {
    /// The tasks that are not over, each at its number; none where a number is free, or while its task runs.
    static TASKS: RefCell<Vec<Option<PinnedLocalFuture<()>>>> = const { RefCell::new(Vec::new()) };
    /// Numbers to be used again.
    static FREE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    /// The tasks that can go on.
    static READY: RefCell<VecDeque<usize>> = const { RefCell::new(VecDeque::new()) };
    /// Whether the browser was asked to call `run`, or it runs.
    static CALLED: Cell<bool> = const { Cell::new(false) };
}

/// Lets effects run here from now on.
pub fn init() {
    Executor::init_custom_executor(Effects).ok();
}

struct Effects;

impl CustomExecutor for Effects {
    fn spawn(&self, task: PinnedFuture<()>) {
        self.spawn_local(task);
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        let number = FREE.with_borrow_mut(Vec::pop);
        ready(TASKS.with_borrow_mut(|tasks| {
            let number = number.unwrap_or(tasks.len());
            match tasks.get_mut(number) {
                Some(free) => *free = Some(task),
                None => tasks.push(Some(task)),
            }
            number
        }));
    }

    fn poll_local(&self) {}
}

/// What wakes a task. One that comes too late wakes the number's next task: that looks, and goes on waiting.
struct Number(usize);

impl Wake for Number {
    fn wake(self: Arc<Self>) {
        ready(self.0);
    }
}

fn ready(number: usize) {
    READY.with_borrow_mut(|ready| ready.push_back(number));
    if !CALLED.replace(true) {
        call();
    }
}

/// Asks the browser to call `run`.
fn call() {
    thread_local! {
        static RUN: Closure<dyn FnMut()> = Closure::new(run);
    }
    RUN.with(|run| window().queue_microtask(run.as_ref().unchecked_ref()));
}

fn run() {
    while let Some(number) = READY.with_borrow_mut(VecDeque::pop_front) {
        // Taken out while it runs: it may begin others.
        let Some(mut task) = TASKS.with_borrow_mut(|tasks| tasks[number].take()) else { continue };
        let waker = Waker::from(Arc::new(Number(number)));
        if task.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Pending {
            TASKS.with_borrow_mut(|tasks| tasks[number] = Some(task));
        } else {
            FREE.with_borrow_mut(|free| free.push(number));
        }
    }
    CALLED.set(false);
}
