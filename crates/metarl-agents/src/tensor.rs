//! Numbers on a device.

use dfdx::prelude::{Shape, Tensor, TensorFromVec};
use metarl_autodiff::{Kernels, Scalar};

/// A copy of the numbers as a tensor. What threads share are numbers: tensors stay with the thread
/// whose handle of the device made them.
pub(crate) fn tensor<S: Shape, E: Scalar, D: Kernels<E>>(
    device: &D,
    numbers: &[E],
    shape: S,
) -> Tensor<S, E, D> {
    TensorFromVec::<E>::tensor_from_vec(device, numbers.to_vec(), shape)
}
