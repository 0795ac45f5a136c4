//! A value that effects follow: one of Leptos' triggers and a plain cell.
//!
//! Leptos' own signals are compiled anew for each type of value, three kilobytes a type; those for values of one thread also need std's threads.
//! Here Leptos' graph is compiled once, and a further type adds almost nothing.

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
    /// With a first value.
    pub fn new(value: T) -> Self {
        Self(Rc::new(Inner { trigger: ArcTrigger::new(), value: RefCell::new(value) }))
    }

    /// Reads it. The effect that reads it runs again after each change.
    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.0.trigger.track();
        self.with_untracked(read)
    }

    /// Reads it without following it.
    pub fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.0.value.borrow())
    }

    /// Replaces the value, and runs all effects that follow it again.
    pub fn set(&self, value: T) {
        // Dropped after the borrow has ended: dropping a value may set other values.
        let old = self.0.value.replace(value);
        drop(old);
        self.0.trigger.notify();
    }
}

/// A value that is dropped with the part of the page that made it. Copies are the same value.
pub struct Signal<T: 'static>(u64, PhantomData<fn() -> T>);

impl<T> Clone for Signal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Signal<T> {}

thread_local! {
    /// All values by number, in order: numbers only grow.
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

fn index(values: &[(u64, Rc<dyn Any>)], number: u64) -> Option<usize> {
    values.binary_search_by_key(&number, |(number, _)| *number).ok()
}

fn forget(number: u64) -> Option<Rc<dyn Any>> {
    // Returned, so that it is dropped after the borrow: dropping it may drop other values.
    VALUES.with_borrow_mut(|values| index(values, number).map(|at| values.remove(at).1))
}

fn find(number: u64) -> Option<Rc<dyn Any>> {
    VALUES.with_borrow(|values| index(values, number).map(|at| Rc::clone(&values[at].1)))
}

impl<T: 'static> Signal<T> {
    /// With a first value.
    pub fn new(value: T) -> Self {
        Self(keep(Rc::new(Shared::new(value))), PhantomData)
    }

    fn shared(self) -> Option<Shared<T>> {
        find(self.0).and_then(|value| value.downcast_ref::<Shared<T>>().cloned())
    }

    fn there(self) -> Shared<T> {
        self.shared().expect("a part of the page reads its own values, not those of parts that are gone")
    }

    /// Reads it. The effect that reads it runs again after each change.
    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.there().with(read)
    }

    /// Reads it without following it.
    pub fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.there().with_untracked(read)
    }

    /// Reads it without following it, unless the part that it belongs to is gone.
    pub fn try_with<R>(self, read: impl FnOnce(&T) -> R) -> Option<R> {
        self.shared().map(|shared| shared.with_untracked(read))
    }

    /// Replaces the value, and runs all effects that follow it again. Does nothing when the part that it belongs to is gone.
    pub fn set(self, value: T) {
        if let Some(shared) = self.shared() {
            shared.set(value);
        }
    }
}

impl<T: Clone + 'static> Signal<T> {
    /// A copy. The effect that reads it runs again after each change.
    #[must_use]
    pub fn get(self) -> T {
        self.with(T::clone)
    }

    /// A copy, without following the value.
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
