//! A few units of a layer at once. Loops over many slices do not become vector instructions, because
//! the compiler cannot know that none of those written overlaps one that is read; loops over arrays do.

/// Units in one go: what fills a vector register of `f32`.
pub(super) const AT_ONCE: usize = 16;

/// `N` numbers from place `at` on.
#[inline(always)]
pub(super) fn load<E: Copy, const N: usize>(x: &[E], at: usize) -> [E; N] {
    x[at..at + N].as_chunks().0[0]
}

/// The same of each of `G` gates, `hidden` numbers apart.
#[inline(always)]
pub(super) fn load_each<E: Copy, const N: usize, const G: usize>(
    x: &[E],
    at: usize,
    hidden: usize,
) -> [[E; N]; G] {
    std::array::from_fn(|gate| load(x, at + gate * hidden))
}

/// Puts numbers where [`load`] takes them.
#[inline(always)]
pub(super) fn store<E: Copy, const N: usize>(to: &mut [E], at: usize, x: [E; N]) {
    to[at..at + N].as_chunks_mut().0[0] = x;
}

/// Puts numbers where [`load_each`] takes them.
#[inline(always)]
pub(super) fn store_each<E: Copy, const N: usize, const G: usize>(
    to: &mut [E],
    at: usize,
    hidden: usize,
    x: [[E; N]; G],
) {
    for (gate, x) in x.into_iter().enumerate() {
        store(to, at + gate * hidden, x);
    }
}
