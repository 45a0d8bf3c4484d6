//! Parameters normal around the usual values.

use std::marker::PhantomData;

use metarl_core::{Error, Rng, TaskDistribution, check_range};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::parameter::Parameterized;

/// Each parameter is the usual one times `1 + σ ε`, `ε ~ N(0, 1)`, on its own; draws within three
/// deviations and above 0 are kept, others drawn again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Clone")]
#[serde(try_from = "Deviation", into = "Deviation")]
pub struct GaussianRandomization<T> {
    deviation: f64,
    task: PhantomData<T>,
}

/// How it is written down.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviation {
    deviation: f64,
}

impl<T> TryFrom<Deviation> for GaussianRandomization<T> {
    type Error = Error;

    fn try_from(written: Deviation) -> Result<Self, Error> {
        Self::new(written.deviation)
    }
}

impl<T> From<GaussianRandomization<T>> for Deviation {
    fn from(GaussianRandomization { deviation, .. }: GaussianRandomization<T>) -> Self {
        Self { deviation }
    }
}

impl<T> GaussianRandomization<T> {
    /// Parameters with a relative deviation σ.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a deviation outside [0, 1].
    pub fn new(deviation: f64) -> Result<Self, Error> {
        let allowed = (0.0..=1.0).contains(&deviation);
        check_range("deviation", "in [0, 1]", deviation, allowed)?;
        Ok(Self {
            deviation,
            task: PhantomData,
        })
    }
}

impl<T: Parameterized> TaskDistribution for GaussianRandomization<T> {
    type Task = T;

    fn name(&self) -> String {
        format!("{}/gaussian-{}@1", T::NAME, self.deviation)
    }

    fn sample(&self, rng: &mut Rng) -> T {
        T::with(|parameter| {
            loop {
                let noise: f64 = rng.sample(StandardNormal);
                let factor = 1.0 + self.deviation * noise;
                if noise.abs() <= 3.0 && factor > 0.0 {
                    return parameter.default * factor;
                }
            }
        })
    }
}
