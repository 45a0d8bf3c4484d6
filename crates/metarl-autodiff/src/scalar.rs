//! The element types derivatives are taken in: `f32` to train, `f64` to prove.

use dfdx::shapes::Dtype;

use crate::kernels::activation;
use crate::kernels::buffer::Shelved;
use crate::kernels::product::Matrix;
use crate::kernels::tile;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`, with the few slice kernels every fused operation is made of.
pub trait Scalar:
    Dtype + Shelved + sealed::Sealed + PartialOrd + std::ops::Neg<Output = Self>
{
    /// Name of the type in a safetensors file.
    #[doc(hidden)]
    const DTYPE: safetensors::Dtype;

    /// The nearest value to an `f64`.
    fn real(x: f64) -> Self;
    /// The value as `f64`.
    fn into_f64(self) -> f64;
    /// `eˣ`.
    fn exp(self) -> Self;
    /// `ln x`.
    fn ln(self) -> Self;
    /// `√x`.
    fn sqrt(self) -> Self;
    /// Whether it is neither NaN nor infinite.
    fn is_finite(self) -> bool;

    /// Replaces every element by its hyperbolic tangent.
    fn tanh_slice(x: &mut [Self]);
    /// Replaces every element by `1 / (1 + e⁻ˣ)`.
    fn sigmoid_slice(x: &mut [Self]);
    /// Replaces every element by `eˣ`.
    fn exp_slice(x: &mut [Self]);

    /// `out ← lhs rhs`, or `out ← out + lhs rhs` when `accumulate`, if there is a kernel of ours for it.
    #[doc(hidden)]
    fn product_in_tiles(
        out: &mut [Self],
        lhs: Matrix<'_, Self>,
        rhs: Matrix<'_, Self>,
        accumulate: bool,
    ) -> bool;

    /// Appends the little-endian bytes.
    #[doc(hidden)]
    fn write_le(self, out: &mut Vec<u8>);
    /// Reads little-endian bytes, as many as `DTYPE` has.
    #[doc(hidden)]
    fn read_le(bytes: &[u8]) -> Self;
}

macro_rules! scalar {
    ($float:ident, $dtype:ident, $tanh:path, $sigmoid:path, $exp:path, $tiles:expr) => {
        impl Scalar for $float {
            const DTYPE: safetensors::Dtype = safetensors::Dtype::$dtype;

            fn real(x: f64) -> Self {
                x as $float
            }
            fn into_f64(self) -> f64 {
                f64::from(self)
            }
            fn exp(self) -> Self {
                $float::exp(self)
            }
            fn ln(self) -> Self {
                $float::ln(self)
            }
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }
            fn is_finite(self) -> bool {
                $float::is_finite(self)
            }
            fn tanh_slice(x: &mut [Self]) {
                $tanh(x);
            }
            fn sigmoid_slice(x: &mut [Self]) {
                $sigmoid(x);
            }
            fn exp_slice(x: &mut [Self]) {
                $exp(x);
            }
            fn product_in_tiles(
                out: &mut [Self],
                lhs: Matrix<'_, Self>,
                rhs: Matrix<'_, Self>,
                accumulate: bool,
            ) -> bool {
                $tiles(out, lhs, rhs, accumulate)
            }
            fn write_le(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn read_le(bytes: &[u8]) -> Self {
                let mut buffer = [0; size_of::<$float>()];
                buffer.copy_from_slice(bytes);
                $float::from_le_bytes(buffer)
            }
        }
    };
}
scalar!(
    f32,
    F32,
    activation::tanh_f32,
    activation::sigmoid_f32,
    activation::exp_f32,
    tile::product
);
scalar!(
    f64,
    F64,
    activation::tanh_f64,
    activation::sigmoid_f64,
    activation::exp_f64,
    |_, _, _, _| false
);
