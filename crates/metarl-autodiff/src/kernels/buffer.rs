//! Memory that is used again: steps of training are alike, so what one has freed the next one needs.

use std::cell::RefCell;
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

/// Storage nobody uses, by its size class.
#[derive(Debug)]
pub struct Shelf<E> {
    free: [Compartment<E>; N_CLASSES],
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
            free: [const {
                Compartment {
                    storages: Vec::new(),
                    asked: 0,
                }
            }; N_CLASSES],
            n_kept: 0,
            n_asked: 0,
        }
    }

    fn take(&mut self, n: usize) -> Vec<E> {
        let class = SizeClass::of(n);
        self.n_asked += 1;
        if let Some(compartment) = self.free.get_mut(class.index) {
            compartment.asked = self.n_asked;
            if let Some(storage) = compartment.storages.pop() {
                self.n_kept -= class.length;
                return storage;
            }
        }
        vec![E::default(); class.length]
    }

    fn keep(&mut self, storage: Vec<E>) {
        let class = SizeClass::of(storage.len());
        let Some(asked) = self.free.get(class.index).map(|own| own.asked) else {
            return;
        };
        if class.length != storage.len() {
            return;
        }
        while self.n_kept + class.length > MOST_KEPT {
            // What has not been asked for the longest makes room.
            let filled = self.free.iter_mut().filter(|of| !of.storages.is_empty());
            let Some(oldest) = filled
                .min_by_key(|of| of.asked)
                .filter(|of| of.asked < asked)
            else {
                return;
            };
            self.n_kept -= oldest.storages.pop().map_or(0, |storage| storage.len());
        }
        self.n_kept += class.length;
        self.free[class.index].storages.push(storage);
    }
}

/// Size classes up to [`MOST_KEPT`].
const N_CLASSES: usize = SizeClass::of(MOST_KEPT).index + 1;

/// One of four lengths an octave.
#[derive(Debug, Clone, Copy, PartialEq)]
struct SizeClass {
    length: usize,
    /// Counted from the smallest.
    index: usize,
}

impl SizeClass {
    /// The next that is long enough, and at least 16.
    const fn of(n: usize) -> Self {
        if n <= 16 {
            return Self {
                length: 16,
                index: 0,
            };
        }
        let octave = (n - 1).ilog2();
        let step = 1 << (octave - 2);
        let quarter = (n - (1 << octave)).div_ceil(step);
        Self {
            length: (1 << octave) + quarter * step,
            index: 4 * (octave as usize - 4) + quarter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_class_is_a_fixed_point_and_wastes_a_quarter_at_most() {
        let mut last = SizeClass::of(0);
        for n in 0..5000 {
            let class = SizeClass::of(n);
            assert_eq!(SizeClass::of(class.length), class, "{n}");
            assert!(
                class.length >= n && (n < 16 || class.length * 4 <= n * 5),
                "{n}"
            );
            let next = class.length > last.length;
            assert_eq!(class.index, last.index + usize::from(next), "{n}");
            last = class;
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
            SizeClass::of(MOST_KEPT / 2 + 1).length,
            SizeClass::of(MOST_KEPT / 2 + MOST_KEPT / 8).length,
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
