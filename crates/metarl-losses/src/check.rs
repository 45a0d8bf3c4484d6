//! One check for every per-step input.

use dfdx::prelude::Dim;
use metarl_autodiff::{Algebra, Data, Error};

/// Checks that `data` has as many steps as `reference`.
pub(crate) fn steps<A: Algebra, N: Dim>(
    (name, data): (&'static str, &Data<A, (N,)>),
    (reference, value): (&'static str, &A::Of<(N,)>),
) -> Result<(), Error> {
    use dfdx::prelude::HasShape;
    let (got, expected) = (data.shape().0.size(), A::shape(value).0.size());
    if got == expected {
        Ok(())
    } else {
        Err(Error::StepMismatch {
            name,
            reference,
            expected,
            got,
        })
    }
}
