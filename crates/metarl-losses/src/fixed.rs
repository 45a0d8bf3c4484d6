//! What every loss holds fixed comes in one way.

use dfdx::prelude::Dim;
use metarl_autodiff::{Algebra, Error};

/// One number a step, held fixed, beside a value with a derivative that must have as many steps.
pub(crate) fn fixed<A: Algebra, N: Dim>(
    algebra: &A,
    (name, numbers): (&'static str, &[A::Elem]),
    (reference, value): (&'static str, &A::Of<(N,)>),
) -> Result<A::Of<(N,)>, Error> {
    let shape = A::shape(value);
    let (got, expected) = (numbers.len(), shape.0.size());
    if got == expected {
        Ok(algebra.data(numbers, shape))
    } else {
        Err(Error::StepMismatch {
            name,
            reference,
            expected,
            got,
        })
    }
}
