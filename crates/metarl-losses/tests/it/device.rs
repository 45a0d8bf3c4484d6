//! Where the tests compute: on the CPU, or with feature `cuda` on the GPU.

#[cfg(not(feature = "cuda"))]
pub(crate) use dfdx::prelude::Cpu as TestDevice;
#[cfg(feature = "cuda")]
pub(crate) use dfdx::prelude::Cuda as TestDevice;

#[cfg(not(feature = "cuda"))]
pub(crate) fn test_device() -> TestDevice {
    TestDevice::default()
}

#[cfg(feature = "cuda")]
pub(crate) fn test_device() -> TestDevice {
    metarl_autodiff::cuda().expect("these tests need a GPU")
}
