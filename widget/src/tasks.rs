//! Runs effects: those that are ready run as soon as the browser's present task is over, before anything is drawn.
//!
//! Leptos' reactive core needs an executor of futures. That of wasm-bindgen can wait for promises, too. Effects wait for each other only, so
//! this is enough, and a third of the size.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use crate::env::window;

thread_local! {
    /// The tasks by number. None where a number is free, and while its task runs.
    static TASKS: RefCell<Vec<Option<PinnedLocalFuture<()>>>> = const { RefCell::new(Vec::new()) };
    /// Free numbers.
    static FREE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    /// The tasks that can run.
    static READY: RefCell<VecDeque<usize>> = const { RefCell::new(VecDeque::new()) };
    /// Whether the browser was asked to call `run`, or `run` is running.
    static CALLED: Cell<bool> = const { Cell::new(false) };
}

/// Makes this the executor of effects.
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

/// Wakes the task of a number. Called too late it may wake the number's next task, which then finds nothing to do and waits on.
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
        // Taken out while it runs, because it may spawn others.
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
