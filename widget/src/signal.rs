//! A value that effects follow: one of Leptos' triggers beside a plain cell.
//!
//! Leptos' own signals are compiled once more for each type of value, three kilobytes a type, and those of values that stay in one
//! thread bring std's threads and a second allocator along. Here the graph of Leptos is compiled once, and a type adds next to nothing.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;

use reactive_graph::owner::Owner;
use reactive_graph::signal::ArcTrigger;
use reactive_graph::traits::{Notify, Track};

/// A value that is shared by its clones.
pub struct Shared<T: ?Sized>(Rc<Inner<T>>);

struct Inner<T: ?Sized> {
    trigger: ArcTrigger,
    value: RefCell<T>,
}

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Shared<T> {
    /// A value to begin with.
    pub fn new(value: T) -> Self {
        Self(Rc::new(Inner { trigger: ArcTrigger::new(), value: RefCell::new(value) }))
    }

    /// Reads it; the effect that asks runs again after each change.
    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.0.trigger.track();
        self.with_untracked(read)
    }

    /// Reads it once.
    pub fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.0.value.borrow())
    }

    /// Puts another value in its place and tells all that follow it.
    pub fn set(&self, value: T) {
        // Dropped when nothing is borrowed any more: a value may end more than itself.
        let old = self.0.value.replace(value);
        drop(old);
        self.0.trigger.notify();
    }
}

/// A value that goes with the part of the page that made it; copies are the same value.
pub struct Signal<T: 'static>(u64, PhantomData<fn() -> T>);

impl<T> Clone for Signal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Signal<T> {}

thread_local! {
    /// The values that there are, by number: in order, because numbers only grow.
    static VALUES: RefCell<Vec<(u64, Rc<dyn Any>)>> = const { RefCell::new(Vec::new()) };
    static LAST: Cell<u64> = const { Cell::new(0) };
}

fn keep(value: Rc<dyn Any>) -> u64 {
    let number = LAST.get() + 1;
    LAST.set(number);
    VALUES.with_borrow_mut(|values| values.push((number, value)));
    Owner::on_cleanup(move || drop(forget(number)));
    number
}

fn place(values: &[(u64, Rc<dyn Any>)], number: u64) -> Option<usize> {
    values.binary_search_by_key(&number, |(number, _)| *number).ok()
}

fn forget(number: u64) -> Option<Rc<dyn Any>> {
    // Handed out: what goes may forget others in turn.
    VALUES.with_borrow_mut(|values| place(values, number).map(|at| values.remove(at).1))
}

fn find(number: u64) -> Option<Rc<dyn Any>> {
    VALUES.with_borrow(|values| place(values, number).map(|at| Rc::clone(&values[at].1)))
}

impl<T: 'static> Signal<T> {
    /// A value to begin with.
    pub fn new(value: T) -> Self {
        Self(keep(Rc::new(Shared::new(value))), PhantomData)
    }

    fn shared(self) -> Option<Shared<T>> {
        find(self.0).and_then(|value| value.downcast_ref::<Shared<T>>().cloned())
    }

    fn there(self) -> Shared<T> {
        self.shared().expect("a part of the page asks for its own values, not for those of parts that are gone")
    }

    /// Reads it; the effect that asks runs again after each change.
    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.there().with(read)
    }

    /// Reads it once.
    pub fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.there().with_untracked(read)
    }

    /// Reads it once, unless the part that it belongs to is gone.
    pub fn try_with<R>(self, read: impl FnOnce(&T) -> R) -> Option<R> {
        self.shared().map(|shared| shared.with_untracked(read))
    }

    /// Puts another value in its place and tells all that follow it; nothing, when the part that it belongs to is gone.
    pub fn set(self, value: T) {
        if let Some(shared) = self.shared() {
            shared.set(value);
        }
    }
}

impl<T: Clone + 'static> Signal<T> {
    /// A copy; the effect that asks runs again after each change.
    #[must_use]
    pub fn get(self) -> T {
        self.with(T::clone)
    }

    /// A copy.
    #[must_use]
    pub fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_goes_with_its_owner_and_takes_nothing_else_along() {
        let (owner, other) = (Owner::new(), Owner::new());
        let first = owner.with(|| Signal::new(String::from("a")));
        let second = other.with(|| Signal::new(String::from("b")));
        first.set(String::from("c"));
        assert_eq!((first.get_untracked(), second.get_untracked()), (String::from("c"), String::from("b")));
        owner.cleanup();
        assert_eq!(first.try_with(String::clone), None);
        first.set(String::from("d"));
        assert_eq!(second.try_with(String::clone), Some(String::from("b")));
    }

    #[test]
    fn a_value_may_hold_values() {
        let owner = Owner::new();
        let inner = Rc::new(());
        let held = Rc::clone(&inner);
        let signal = owner.with(|| Signal::new(vec![Shared::new(held)]));
        signal.set(Vec::new());
        assert_eq!(Rc::strong_count(&inner), 1);
    }
}
