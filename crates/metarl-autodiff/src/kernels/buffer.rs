//! Memory that is used again: steps of training are alike, so what one has freed the next one needs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

/// Numbers a thread keeps at most for later; what is freed beyond that goes back to the system.
const MOST_KEPT: usize = 1 << 24;

/// What buffers are made of: numbers to compute with, and the flags and indices that go with them.
pub trait Shelved: Copy + Default + 'static {
    /// Lends the calling thread's [`Shelf`].
    #[doc(hidden)]
    fn with_shelf<R>(f: impl FnOnce(&mut Shelf<Self>) -> R) -> R;
}

macro_rules! shelved {
    ($($element:ident)*) => {$(
        impl Shelved for $element {
            fn with_shelf<R>(f: impl FnOnce(&mut Shelf<Self>) -> R) -> R {
                thread_local! {
                    static SHELF: RefCell<Shelf<$element>> = const { RefCell::new(Shelf::new()) };
                }
                SHELF.with_borrow_mut(f)
            }
        }
    )*};
}
shelved!(f32 f64 bool usize);

/// `n` numbers that go back to the shelf of the thread that drops them.
#[derive(Debug, Clone)]
pub(crate) struct Buffer<E: Shelved> {
    /// As long as its size class, which may be longer than what it holds.
    storage: Vec<E>,
    n: usize,
}

impl<E: Shelved> Buffer<E> {
    /// Numbers of any value, for a caller who writes all of them before reading one.
    pub(crate) fn stale(n: usize) -> Self {
        let storage = E::with_shelf(|shelf| shelf.take(n));
        Self { storage, n }
    }

    pub(crate) fn zeros(n: usize) -> Self {
        let mut buffer = Self::stale(n);
        buffer.fill(E::default());
        buffer
    }

    pub(crate) fn copy_of(numbers: &[E]) -> Self {
        let mut buffer = Self::stale(numbers.len());
        buffer.copy_from_slice(numbers);
        buffer
    }
}

impl<E: Shelved> Deref for Buffer<E> {
    type Target = [E];
    fn deref(&self) -> &[E] {
        &self.storage[..self.n]
    }
}

impl<E: Shelved> DerefMut for Buffer<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        &mut self.storage[..self.n]
    }
}

impl<E: Shelved> Drop for Buffer<E> {
    fn drop(&mut self) {
        let storage = std::mem::take(&mut self.storage);
        E::with_shelf(|shelf| shelf.keep(storage));
    }
}

/// Storage nobody uses, by its length.
#[derive(Debug)]
pub struct Shelf<E> {
    free: BTreeMap<usize, Compartment<E>>,
    n_kept: usize,
    n_asked: u64,
}

/// Storage of one length.
#[derive(Debug)]
struct Compartment<E> {
    storages: Vec<Vec<E>>,
    /// When one was asked for last, counted in requests.
    asked: u64,
}

impl<E: Shelved> Shelf<E> {
    pub(crate) const fn new() -> Self {
        Self {
            free: BTreeMap::new(),
            n_kept: 0,
            n_asked: 0,
        }
    }

    fn take(&mut self, n: usize) -> Vec<E> {
        let length = size_class(n);
        self.n_asked += 1;
        if let Some(compartment) = self.free.get_mut(&length) {
            compartment.asked = self.n_asked;
            if let Some(storage) = compartment.storages.pop() {
                self.n_kept -= length;
                return storage;
            }
        }
        vec![E::default(); length]
    }

    fn keep(&mut self, storage: Vec<E>) {
        let length = storage.len();
        if length == 0 || size_class(length) != length || length > MOST_KEPT {
            return;
        }
        let asked = self.n_asked;
        let own = self.free.entry(length).or_insert(Compartment {
            storages: Vec::new(),
            asked,
        });
        let own_asked = own.asked;
        while self.n_kept + length > MOST_KEPT {
            // What has not been asked for the longest makes room.
            let filled = self
                .free
                .iter_mut()
                .filter(|(_, of)| !of.storages.is_empty());
            match filled.min_by_key(|(_, of)| of.asked) {
                Some((other, of)) if of.asked < own_asked => {
                    of.storages.pop();
                    self.n_kept -= other;
                }
                _ => return,
            }
        }
        self.n_kept += length;
        if let Some(own) = self.free.get_mut(&length) {
            own.storages.push(storage);
        }
    }
}

/// The next of four lengths an octave, and at least 16.
fn size_class(n: usize) -> usize {
    let step = (n.max(16).next_power_of_two() / 8).max(4);
    n.max(16).next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_class_is_a_fixed_point_and_wastes_a_quarter_at_most() {
        for n in 0..5000 {
            let class = size_class(n);
            assert_eq!(size_class(class), class, "{n}");
            assert!(class >= n && (n < 16 || class * 4 <= n * 5), "{n}: {class}");
        }
    }

    #[test]
    fn what_is_dropped_is_used_again() {
        let first = Buffer::<f32>::zeros(1000);
        let place = first.as_ptr();
        drop(first);
        let second = Buffer::<f32>::stale(1010);
        assert_eq!((second.as_ptr(), second.len()), (place, 1010));
    }

    #[test]
    fn lengths_that_nobody_asks_for_any_more_make_room() {
        let mut shelf = Shelf::new();
        let (old, new) = (
            size_class(MOST_KEPT / 2 + 1),
            size_class(MOST_KEPT / 2 + MOST_KEPT / 8),
        );
        let storage: Vec<bool> = shelf.take(old);
        shelf.keep(storage);
        assert_eq!(shelf.n_kept, old);
        let storage = shelf.take(new);
        let place = storage.as_ptr();
        shelf.keep(storage);
        assert_eq!(shelf.n_kept, new);
        let storage = shelf.take(new);
        assert_eq!((storage.as_ptr(), shelf.n_kept), (place, 0));
    }

    #[test]
    fn zeros_are_zeros_where_something_was() {
        let mut first = Buffer::<f64>::zeros(100);
        first.fill(1.0);
        drop(first);
        assert!(Buffer::<f64>::zeros(99).iter().all(|x| *x == 0.0));
    }
}
