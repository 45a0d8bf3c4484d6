//! A baseline that is fitted anew to every batch.

use nalgebra::{DMatrix, DVector};

/// Ridge regression of returns on simple features of observation and time (Duan et al. 2016,
/// *Benchmarking deep reinforcement learning*, [arXiv:1604.06778](https://arxiv.org/abs/1604.06778),
/// section 6.1):
///
/// ```text
/// φ(o, t) = [o, o², τ, τ², τ³, 1],   τ = t / 100
/// w = (Σ φ φᵀ + r I)⁻¹ Σ φ G,        V(o, t) = ⟨w, φ(o, t)⟩
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LinearBaseline {
    weights: DVector<f64>,
}

impl LinearBaseline {
    /// Fits the weights with `r = 1e-5`, ten times more as long as the system is singular.
    #[must_use]
    pub fn fit<const O: usize>(observation: &[[f32; O]], time: &[usize], returns: &[f64]) -> Self {
        let width = 2 * O + 4;
        let mut gram = DMatrix::<f64>::zeros(width, width);
        let mut moment = DVector::<f64>::zeros(width);
        for ((observation, time), g) in observation.iter().zip(time).zip(returns) {
            let phi = features(observation, *time);
            gram.ger(1.0, &phi, &phi, 1.0);
            moment.axpy(*g, &phi, 1.0);
        }
        let mut ridge = 1e-5;
        loop {
            let damped = &gram + DMatrix::identity(width, width) * ridge;
            if let Some(factor) = damped.cholesky() {
                let weights = factor.solve(&moment);
                if weights.iter().all(|w| w.is_finite()) {
                    return Self { weights };
                }
            }
            if ridge > 1e12 {
                // Returns that are not finite have no regression: predict nothing.
                return Self {
                    weights: DVector::zeros(width),
                };
            }
            ridge *= 10.0;
        }
    }

    /// `V(o, t)` in units of reward.
    #[must_use]
    pub fn value<const O: usize>(&self, observation: &[f32; O], time: usize) -> f64 {
        self.weights.dot(&features(observation, time))
    }
}

fn features<const O: usize>(observation: &[f32; O], time: usize) -> DVector<f64> {
    let o = observation.iter().map(|x| f64::from(*x));
    let tau = time as f64 / 100.0;
    let phi = o
        .clone()
        .chain(o.map(|x| x * x))
        .chain([tau, tau * tau, tau.powi(3), 1.0]);
    DVector::from_iterator(2 * O + 4, phi)
}
