//! Memory that is used again: steps of training are alike, so what one has freed the next one needs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::{Debug, Formatter};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Kept;

/// Numbers a thread keeps at most for later; what is freed beyond that goes back to the system.
const MOST_KEPT: usize = 1 << 24;

/// Empty buffers with a count of their owners that a thread keeps at most, and so of what products have in
/// common: a thread may drop what others make.
const MOST_COUNTED: usize = 1 << 14;

/// What buffers are made of: numbers to compute with, and the flags and indices that go with them.
pub trait Shelved: Copy + Default + 'static {
    /// Lends the calling thread's [`Shelf`], unless the thread is ending.
    #[doc(hidden)]
    fn with_shelf<R>(f: impl FnOnce(&mut Shelf<Self>) -> R) -> Option<R>;
}

macro_rules! shelved {
    ($($element:ident)*) => {$(
        impl Shelved for $element {
            fn with_shelf<R>(f: impl FnOnce(&mut Shelf<Self>) -> R) -> Option<R> {
                thread_local! {
                    static SHELF: RefCell<Shelf<$element>> = const { RefCell::new(Shelf::new()) };
                }
                SHELF.try_with(|shelf| f(&mut shelf.borrow_mut())).ok()
            }
        }
    )*};
}
shelved!(f32 f64 bool usize);

/// A vector whose memory goes back to the shelf of the thread that drops it, where the next one is
/// taken from: a loop that needs the same vectors in each round allocates none.
///
/// Gradients and products are handed out in it. It reads as a slice, and is equal to slices and
/// vectors with the same numbers.
///
/// # Examples
///
/// ```
/// use metarl_autodiff::Buffer;
///
/// let mut x = Buffer::copy_of(&[1.0, 2.0]);
/// x[0] += 2.0;
/// assert_eq!(x, [3.0, 2.0]);
/// assert_eq!(Buffer::from(vec![3.0, 2.0]), x);
/// ```
pub struct Buffer<E: Shelved> {
    /// As long as its size class, which may be longer than what it holds.
    storage: Vec<E>,
    n: usize,
}

impl<E: Shelved> Buffer<E> {
    /// Numbers of any value, for a caller who writes all of them before reading one.
    pub(crate) fn stale(n: usize) -> Self {
        let storage = E::with_shelf(|shelf| shelf.take(n));
        Self {
            storage: storage.unwrap_or_else(|| vec![E::default(); n]),
            n,
        }
    }

    /// `n` zeros.
    #[must_use]
    pub fn zeros(n: usize) -> Self {
        let mut buffer = Self::stale(n);
        buffer.fill(E::default());
        buffer
    }

    /// The same numbers.
    #[must_use]
    pub fn copy_of(numbers: &[E]) -> Self {
        let mut buffer = Self::stale(numbers.len());
        buffer.copy_from_slice(numbers);
        buffer
    }

    /// Appends a number.
    pub fn push(&mut self, x: E) {
        self.extend_from_slice(&[x]);
    }

    /// Appends numbers.
    pub fn extend_from_slice(&mut self, numbers: &[E]) {
        let n = self.n + numbers.len();
        if n > self.storage.len() {
            let mut larger = Self::stale(n.max(2 * self.n));
            larger[..self.n].copy_from_slice(self);
            larger.n = self.n;
            *self = larger;
        }
        let start = std::mem::replace(&mut self.n, n);
        self[start..].copy_from_slice(numbers);
    }
}

impl<E: Shelved> FromIterator<E> for Buffer<E> {
    fn from_iter<I: IntoIterator<Item = E>>(numbers: I) -> Self {
        let mut numbers = numbers.into_iter();
        let mut buffer = Self::stale(numbers.size_hint().0);
        let mut n = 0;
        for (to, x) in buffer.iter_mut().zip(&mut numbers) {
            *to = x;
            n += 1;
        }
        buffer.n = n;
        numbers.for_each(|x| buffer.push(x));
        buffer
    }
}

impl<E: Shelved> Default for Buffer<E> {
    /// No numbers.
    fn default() -> Self {
        Self {
            storage: Vec::new(),
            n: 0,
        }
    }
}

impl<E: Shelved> Clone for Buffer<E> {
    fn clone(&self) -> Self {
        Self::copy_of(self)
    }
}

impl<E: Shelved> From<Vec<E>> for Buffer<E> {
    fn from(storage: Vec<E>) -> Self {
        let n = storage.len();
        Self { storage, n }
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
        if !storage.is_empty() {
            E::with_shelf(|shelf| shelf.keep(storage));
        }
    }
}

impl<E: Shelved + Debug> Debug for Buffer<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        self.deref().fmt(f)
    }
}

impl<E: Shelved + PartialEq, T: AsRef<[E]> + ?Sized> PartialEq<T> for Buffer<E> {
    fn eq(&self, other: &T) -> bool {
        **self == *other.as_ref()
    }
}

impl<'a, E: Shelved> IntoIterator for &'a Buffer<E> {
    type Item = &'a E;
    type IntoIter = std::slice::Iter<'a, E>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, E: Shelved> IntoIterator for &'a mut Buffer<E> {
    type Item = &'a mut E;
    type IntoIter = std::slice::IterMut<'a, E>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<E: Shelved> AsRef<[E]> for Buffer<E> {
    fn as_ref(&self) -> &[E] {
        self
    }
}

impl<E: Shelved + Serialize> Serialize for Buffer<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.deref().serialize(serializer)
    }
}

impl<'de, E: Shelved + Deserialize<'de>> Deserialize<'de> for Buffer<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

/// Storage nobody uses, by its length.
#[derive(Debug)]
pub struct Shelf<E: Shelved> {
    free: BTreeMap<usize, Compartment<E>>,
    n_kept: usize,
    n_asked: u64,
    /// What [shared](super::shared::Shared) numbers lay in: empty, with one owner each.
    pub(super) counted: Vec<Arc<Buffer<E>>>,
    /// Room for what products at one point have in common.
    pub(crate) kept: Vec<Kept<E>>,
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
            counted: Vec::new(),
            kept: Vec::new(),
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

    /// Keeps what shared numbers lay in.
    pub(super) fn keep_counted(&mut self, mut counted: Arc<Buffer<E>>) {
        if let Some(buffer) = Arc::get_mut(&mut counted) {
            buffer.n = 0;
            self.keep(std::mem::take(&mut buffer.storage));
            if self.counted.len() < MOST_COUNTED {
                self.counted.push(counted);
            }
        }
    }

    /// Keeps the room of what products have in common.
    pub(crate) fn keep_kept(&mut self, kept: Kept<E>) {
        if self.kept.len() < MOST_COUNTED {
            self.kept.push(kept);
        }
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
    fn a_thread_that_drops_what_others_make_keeps_a_limited_number() {
        let mut shelf = Shelf::<f32>::new();
        for _ in 0..MOST_COUNTED + 10 {
            shelf.keep_kept(Kept::default());
            shelf.keep_counted(Arc::default());
        }
        assert_eq!(shelf.kept.len(), MOST_COUNTED);
        assert_eq!(shelf.counted.len(), MOST_COUNTED);
    }

    #[test]
    fn what_grows_keeps_what_it_has() {
        let mut grown = Buffer::default();
        for k in 0..100_usize {
            grown.push(2 * k);
            grown.extend_from_slice(&[2 * k + 1]);
        }
        let vector: Vec<usize> = (0..200).collect();
        assert_eq!(grown, vector);
        assert_eq!(vector.iter().copied().collect::<Buffer<usize>>(), vector);
        assert_eq!(Buffer::from(vector.clone()).clone(), vector);
    }

    #[test]
    fn zeros_are_zeros_where_something_was() {
        let mut first = Buffer::<f64>::zeros(100);
        first.fill(1.0);
        drop(first);
        assert!(Buffer::<f64>::zeros(99).iter().all(|x| *x == 0.0));
    }
}
