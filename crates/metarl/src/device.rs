//! Where networks are evaluated.

use crate::Error;

/// Where networks are evaluated. What an agent sees and draws is the same everywhere; sums are rounded
/// in another order on a GPU, so runs drift apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "program", derive(clap::ValueEnum))]
#[non_exhaustive]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA GPU, in a build with feature `cuda`.
    Cuda,
}

impl Device {
    /// Refuses a device that this build or this machine does not have.
    ///
    /// # Errors
    ///
    /// [`Error::NoCuda`]
    pub fn check(self) -> Result<(), Error> {
        match self {
            Self::Cpu => Ok(()),
            Self::Cuda => cuda().map(drop),
        }
    }
}

#[cfg(feature = "cuda")]
pub(crate) fn cuda() -> Result<dfdx::prelude::Cuda, Error> {
    metarl_autodiff::cuda().map_err(|error| Error::NoCuda(error.to_string()))
}

/// There is no value of this: not in this build.
#[cfg(not(feature = "cuda"))]
pub(crate) fn cuda() -> Result<dfdx::prelude::Cpu, Error> {
    let reason = "this build has no CUDA; build with --features cuda, which docs/gpu.md explains";
    Err(Error::NoCuda(reason.to_owned()))
}
