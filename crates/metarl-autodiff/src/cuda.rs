//! Opening an NVIDIA GPU.

use cudarc::driver::result;
use dfdx::prelude::Cuda;

use crate::Error;

/// The NVIDIA GPU of that number, from 0: the device that losses, networks and agents ask for.
///
/// A thread has a handle of its own, or the only one: dfdx's operations must not run on clones of one
/// in several threads at once. Agents see to that themselves.
///
/// # Errors
///
/// [`Error::Gpu`] where there is no such GPU, its driver is too old, or its memory is taken. dfdx's
/// own constructor panics there.
pub fn cuda(ordinal: usize) -> Result<Cuda, Error> {
    let refused = |reason: String| Error::Gpu { ordinal, reason };
    result::init().map_err(|error| refused(format!("{error:?}")))?;
    let n_gpus = result::device::get_count().map_err(|error| refused(format!("{error:?}")))?;
    if usize::try_from(n_gpus).is_ok_and(|n_gpus| ordinal >= n_gpus) {
        return Err(refused(format!("the driver has {n_gpus}")));
    }
    Cuda::try_build(ordinal, 0).map_err(|error| refused(format!("{error:?}")))
}
