//! Work on every item of a list, into results that are used again.

use rayon::prelude::*;

use crate::Error;

/// `results[i] ← f(items[i])`, on all threads. Where results of an earlier call are of the same number
/// nothing is allocated, and what a thread replaces goes back to its own shelf.
pub(crate) fn compute_each<T: Sync, R: Default + Send>(
    items: &[T],
    results: &mut Vec<R>,
    f: impl Fn(&T) -> Result<R, Error> + Sync,
) -> Result<(), Error> {
    results.resize_with(items.len(), R::default);
    let pairs = items.par_iter().zip(results.par_iter_mut());
    pairs.try_for_each(|(item, result)| {
        *result = f(item)?;
        Ok(())
    })
}
