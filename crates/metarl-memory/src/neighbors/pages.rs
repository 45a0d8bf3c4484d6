//! Memory of large arrays.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::{Pod, cast_slice, cast_slice_mut};
use memmap2::MmapMut;

use crate::Error;
use crate::error::reserve;

/// Bytes of a huge page, on most processors.
pub(crate) const HUGE_PAGE: usize = 2 << 20;

/// Numbers that grow up to a capacity and never move.
///
/// From the size of a huge page on they lie in memory of their own, for which the system is asked for huge
/// pages: what changes touch lies all over it, and a processor remembers where too few small pages are.
/// Such memory begins at a line of the cache, and a page of it is taken when it is first used.
pub(crate) enum Pages<T: Pod> {
    Mapped {
        memory: MmapMut,
        len: usize,
        numbers: PhantomData<T>,
    },
    Allocated(Vec<T>),
}

impl<T: Pod> Pages<T> {
    /// None yet, and room for so many.
    pub(crate) fn with_capacity(capacity: usize) -> Result<Self, Error> {
        if let Some(memory) = map::<T>(capacity) {
            return Ok(Self::mapped(memory, 0));
        }
        let mut numbers = Vec::new();
        reserve(&mut numbers, capacity)?;
        Ok(Self::Allocated(numbers))
    }

    /// So many zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        match map::<T>(len) {
            Some(memory) => Self::mapped(memory, len),
            None => Self::Allocated(vec![T::zeroed(); len]),
        }
    }

    /// Makes them so many, which they were not before and have room for; the new ones are zeros.
    pub(crate) fn grow(&mut self, n: usize) {
        match self {
            Self::Mapped { len, .. } => *len = n,
            Self::Allocated(numbers) => numbers.resize(n, T::zeroed()),
        }
    }

    fn mapped(memory: MmapMut, len: usize) -> Self {
        Self::Mapped {
            memory,
            len,
            numbers: PhantomData,
        }
    }
}

/// Zeros in memory of their own, where that is worth while and there is some.
fn map<T>(n: usize) -> Option<MmapMut> {
    let n_bytes = n.checked_mul(size_of::<T>())?;
    if n_bytes < HUGE_PAGE || cfg!(miri) {
        return None;
    }
    let memory = MmapMut::map_anon(n_bytes.checked_next_multiple_of(HUGE_PAGE)?).ok()?;
    // Where there are no huge pages, small ones do.
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    Some(memory)
}

impl<T: Pod> Deref for Pages<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Mapped { memory, len, .. } => &cast_slice(memory)[..*len],
            Self::Allocated(numbers) => numbers,
        }
    }
}

impl<T: Pod> DerefMut for Pages<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::Mapped { memory, len, .. } => &mut cast_slice_mut(memory)[..*len],
            Self::Allocated(numbers) => numbers,
        }
    }
}

impl<T: Pod> Clone for Pages<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Mapped { memory, len, .. } => {
                let capacity = memory.len() / size_of::<T>();
                let mut clone = match map::<T>(capacity) {
                    Some(memory) => Self::mapped(memory, 0),
                    None => Self::Allocated(Vec::with_capacity(capacity)),
                };
                clone.grow(*len);
                clone.copy_from_slice(self);
                clone
            }
            Self::Allocated(numbers) => {
                let mut clone = Vec::with_capacity(numbers.capacity());
                clone.extend_from_slice(numbers);
                Self::Allocated(clone)
            }
        }
    }
}

impl<T: Pod + fmt::Debug> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{HUGE_PAGE, Pages};

    #[test]
    fn numbers_begin_as_zeros_stay_where_they_are_and_clones_are_apart() {
        for capacity in [10, HUGE_PAGE] {
            let mut pages = Pages::<f32>::with_capacity(capacity).unwrap();
            assert!(pages.is_empty());
            pages.grow(5);
            assert_eq!(pages[..], [0.0; 5]);
            pages[4] = 1.0;
            let start = pages.as_ptr();
            let mut clone = pages.clone();
            pages.grow(capacity);
            assert_eq!(pages.as_ptr(), start);
            assert_eq!(pages[4..6], [1.0, 0.0]);
            assert_eq!(pages[capacity - 1], 0.0);
            clone[4] = 2.0;
            clone.grow(capacity);
            assert_eq!(clone[4..6], [2.0, 0.0]);
            assert_eq!(pages[4], 1.0);
        }
    }

    #[test]
    fn large_arrays_begin_at_a_line_of_the_cache() {
        let large = Pages::<u8>::zeros(HUGE_PAGE);
        assert!(cfg!(miri) || large.as_ptr().addr().is_multiple_of(64));
        assert_eq!(large.len(), HUGE_PAGE);
    }
}
