//! Numbers that several operations read.

use std::ops::Deref;
use std::sync::Arc;

use super::buffer::{Buffer, Shelved};

/// A [`Buffer`] of several owners. With the last of them both the numbers and what counted their
/// owners go back to the shelf.
#[derive(Debug, Clone)]
pub(crate) struct Shared<E: Shelved>(Option<Arc<Buffer<E>>>);

impl<E: Shelved> Shared<E> {
    /// No numbers, where only the shape of a value is asked for.
    pub(crate) const NONE: Self = Self(None);

    /// Whether two are the same numbers, not only equal ones.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(x), Some(y)) => Arc::ptr_eq(x, y),
            _ => false,
        }
    }
}

impl<E: Shelved> From<Buffer<E>> for Shared<E> {
    fn from(numbers: Buffer<E>) -> Self {
        let counted = E::with_shelf(|shelf| shelf.counted.pop()).flatten();
        let mut counted = counted.unwrap_or_default();
        match Arc::get_mut(&mut counted) {
            Some(empty) => *empty = numbers,
            None => counted = Arc::new(numbers),
        }
        Self(Some(counted))
    }
}

impl<E: Shelved> Deref for Shared<E> {
    type Target = [E];
    fn deref(&self) -> &[E] {
        self.0.as_deref().map_or(&[], Deref::deref)
    }
}

impl<E: Shelved> Drop for Shared<E> {
    fn drop(&mut self) {
        // Of two threads that drop the last two at once neither may find itself alone: then the memory
        // goes back to the system.
        if let Some(counted) = self.0.take()
            && Arc::strong_count(&counted) == 1
        {
            E::with_shelf(|shelf| shelf.keep_counted(counted));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_owner_gives_numbers_and_count_back() {
        let first = Shared::from(Buffer::<f32>::zeros(1000));
        let (numbers, count) = (first.as_ptr(), first.0.as_ref().map(Arc::as_ptr));
        let other = first.clone();
        assert!(first.is(&other));
        drop(first);
        assert_ne!(Buffer::<f32>::stale(1000).as_ptr(), numbers);
        drop(other);
        let second = Shared::from(Buffer::<f32>::stale(1000));
        assert_eq!(second.as_ptr(), numbers);
        assert_eq!(second.0.as_ref().map(Arc::as_ptr), count);
    }

    #[test]
    fn equal_numbers_are_not_the_same() {
        let [x, y] = [0, 0].map(|_| Shared::from(Buffer::copy_of(&[1.0_f64])));
        assert_eq!(*x, *y);
        assert!(!x.is(&y) && x.is(&x.clone()));
        assert!(!Shared::<f64>::NONE.is(&Shared::NONE));
    }
}
