//! Opening an NVIDIA GPU.

use std::cell::RefCell;

use cudarc::driver::result;
use dfdx::prelude::Cuda;

use crate::Error;

/// The calling thread's handle of the NVIDIA GPU, the first of those that the variable
/// `CUDA_VISIBLE_DEVICES` leaves: the device that losses, networks and agents ask for.
///
/// # Errors
///
/// [`Error::Gpu`] where there is no GPU, its driver is too old, or its memory is taken. dfdx's own
/// constructor panics there.
pub fn cuda() -> Result<Cuda, Error> {
    thread_local! {
        static HANDLE: RefCell<Option<Cuda>> = const { RefCell::new(None) };
    }
    HANDLE.with_borrow_mut(|handle| match handle {
        Some(handle) => Ok(handle.clone()),
        None => Ok(handle.insert(open()?).clone()),
    })
}

fn open() -> Result<Cuda, Error> {
    // The code: to print the error itself is to ask the driver what it means.
    let refused = |error: result::DriverError| Error::Gpu(format!("{:?}", error.0));
    result::init().map_err(refused)?;
    if result::device::get_count().map_err(refused)? == 0 {
        return Err(Error::Gpu("the driver sees none".to_owned()));
    }
    Cuda::try_build(0, 0).map_err(|error| Error::Gpu(format!("{error:?}")))
}
