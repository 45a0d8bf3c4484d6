//! A baseline that is fitted anew to every batch.

use metarl_autodiff::Buffer;
use nalgebra::{DMatrix, DVector, DVectorView};

/// Ridge regression of returns on simple features of observation and time (Duan et al. 2016,
/// *Benchmarking deep reinforcement learning*, [arXiv:1604.06778](https://arxiv.org/abs/1604.06778),
/// section 6.1):
///
/// ```text
/// φ(o, t) = [o, o², τ, τ², τ³, 1],   τ = t / 100
/// w = (Σ φ φᵀ + r I)⁻¹ Σ φ G,        V(o, t) = ⟨w, φ(o, t)⟩
/// ```
///
/// One that is fitted again allocates nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LinearBaseline {
    weights: DVector<f64>,
    /// Room for `Σ φ φᵀ`, and for it with `r I`.
    gram: DMatrix<f64>,
    damped: DMatrix<f64>,
    /// Room for `Σ φ G`.
    moment: DVector<f64>,
}

impl LinearBaseline {
    /// Fits the weights with `r = 1e-5`, ten times more as long as the system is singular.
    pub fn fit<const O: usize>(
        &mut self,
        observation: &[[f32; O]],
        time: &[usize],
        returns: &[f64],
    ) {
        let width = 2 * O + 4;
        if self.weights.len() != width {
            self.gram = DMatrix::zeros(width, width);
            self.moment = DVector::zeros(width);
            self.weights = DVector::zeros(width);
        }
        self.gram.fill(0.0);
        self.moment.fill(0.0);
        for ((observation, time), g) in observation.iter().zip(time).zip(returns) {
            let phi = features(observation, *time);
            let phi = DVectorView::from_slice(&phi, width);
            self.gram.ger(1.0, &phi, &phi, 1.0);
            self.moment.axpy(*g, &phi, 1.0);
        }
        let mut ridge = 1e-5;
        while !self.solve(ridge) {
            if ridge > 1e12 {
                // Returns that are not finite have no regression: predict nothing.
                self.weights.fill(0.0);
                return;
            }
            ridge *= 10.0;
        }
    }

    /// `w = (Σ φ φᵀ + r I)⁻¹ Σ φ G`, if there is one.
    fn solve(&mut self, ridge: f64) -> bool {
        let width = self.weights.len();
        // The factor takes the matrix and gives it back, unless there is none.
        let mut damped = match std::mem::take(&mut self.damped) {
            damped if damped.shape() == (width, width) => damped,
            _ => DMatrix::zeros(width, width),
        };
        damped.copy_from(&self.gram);
        (0..width).for_each(|i| damped[(i, i)] += ridge);
        let Some(factor) = damped.cholesky() else {
            return false;
        };
        self.weights.copy_from(&self.moment);
        factor.solve_mut(&mut self.weights);
        self.damped = factor.unpack_dirty();
        self.weights.iter().all(|w| w.is_finite())
    }

    /// `V(o, t)` in units of reward.
    ///
    /// # Panics
    ///
    /// When it was fitted to observations of another length, or to none.
    #[must_use]
    pub fn value<const O: usize>(&self, observation: &[f32; O], time: usize) -> f64 {
        let phi = features(observation, time);
        self.weights.dot(&DVectorView::from_slice(&phi, phi.len()))
    }
}

fn features<const O: usize>(observation: &[f32; O], time: usize) -> Buffer<f64> {
    let o = observation.iter().map(|x| f64::from(*x));
    let tau = time as f64 / 100.0;
    o.clone()
        .chain(o.map(|x| x * x))
        .chain([tau, tau * tau, tau.powi(3), 1.0])
        .collect()
}
