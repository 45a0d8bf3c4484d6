//! Either precision.

use std::fmt::Debug;
use std::hint::black_box;

use num_traits::Float;

/// Numbers the physics is computed in: `f32` where many lanes run, `f64` in the reference mode.
pub trait Real: Float + Debug + Send + Sync + 'static {
    /// The nearest number.
    fn of(x: f64) -> Self;

    /// As a double.
    fn double(self) -> f64;

    /// `x²` as NumPy computes `x ** 2` of a scalar: in double precision by the C library's `pow`,
    /// whose last bit may differ from that of `x · x`.
    fn squared(self) -> Self;
}

impl Real for f32 {
    fn of(x: f64) -> Self {
        x as Self
    }

    fn double(self) -> f64 {
        f64::from(self)
    }

    fn squared(self) -> Self {
        self * self
    }
}

impl Real for f64 {
    fn of(x: f64) -> Self {
        x
    }

    fn double(self) -> f64 {
        self
    }

    fn squared(self) -> Self {
        self.powf(black_box(2.0))
    }
}
