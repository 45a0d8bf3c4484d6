//! Numbers on a device.

use dfdx::prelude::{Shape, Tensor, TensorFromVec};
use metarl_autodiff::Kernels;

/// A copy of the numbers as a tensor. What threads share are numbers: tensors stay with the thread
/// whose handle of the device made them.
pub(crate) fn tensor<S: Shape, D: Kernels<f32>>(
    device: &D,
    numbers: &[f32],
    shape: S,
) -> Tensor<S, f32, D> {
    TensorFromVec::<f32>::tensor_from_vec(device, numbers.to_vec(), shape)
}
