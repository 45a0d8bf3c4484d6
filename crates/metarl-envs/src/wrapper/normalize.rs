//! Observations and rewards of about unit size.
//!
//! Unlike the other wrappers these look at all lanes together, so they are made around a batch.

use metarl_core::{Continuous, Environment, Error, Rng, Space, StepBatch, check_range};
use serde::{Deserialize, Serialize};

/// Mean and variance of `N` numbers, kept as they come.
///
/// ```text
/// n ← n + 1,   δ = x − μ,   μ ← μ + δ / n,   S ← S + δ (x − μ),   σ² = S / n
/// ```
///
/// # References
///
/// Welford, *Note on a Method for Calculating Corrected Sums of Squares and Products*, 1962.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningMoments {
    count: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl RunningMoments {
    /// Of `n` numbers, none of which was seen.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self {
            count: 0.0,
            mean: vec![0.0; n],
            squares: vec![0.0; n],
        }
    }

    /// Checks moments that were read from somewhere.
    fn check(&self, n: usize) -> Result<(), Error> {
        let got = self.mean.len();
        let alike = got == n && self.squares.len() == n;
        check_range(
            "the number of moments",
            "that of the numbers normalized",
            got,
            alike,
        )?;
        let finite = self.mean.iter().chain(&self.squares).all(|x| x.is_finite());
        let known = finite && self.count.is_finite() && self.squares.iter().all(|s| *s >= 0.0);
        check_range("moments", "finite", "others", known)
    }

    /// Takes one more sample.
    pub fn observe(&mut self, sample: impl IntoIterator<Item = f64>) {
        self.count += 1.0;
        let moments = self.mean.iter_mut().zip(&mut self.squares);
        for ((mean, squares), x) in moments.zip(sample) {
            let difference = x - *mean;
            *mean += difference / self.count;
            *squares += difference * (x - *mean);
        }
    }

    /// Samples seen.
    #[must_use]
    pub fn count(&self) -> f64 {
        self.count
    }

    /// μ of each number; 0 before the first sample.
    #[must_use]
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// σ of each number, and 1 where it is not known to be above 0.
    pub fn deviation(&self) -> impl Iterator<Item = f64> + '_ {
        self.squares.iter().map(|squares| {
            let deviation = (squares / self.count.max(1.0)).sqrt();
            if deviation > 1e-8 { deviation } else { 1.0 }
        })
    }
}

/// Shows `clip((o − μ) / σ, −c, c)` with the moments of all observations so far that were acted on.
///
/// The observation a step reached and the one to act on next are normalized alike, with the same
/// moments, so a value at the one is comparable with a value at the other. Once [frozen](Self::freeze),
/// lanes no longer touch each other.
#[derive(Debug)]
pub struct NormalizeObservation<E> {
    environment: E,
    moments: RunningMoments,
    limit: f32,
    frozen: bool,
}

impl<E, const N: usize> NormalizeObservation<E>
where
    E: Environment<ObservationSpace = Continuous<N>>,
{
    /// Around an environment, with `c = 10`.
    #[must_use]
    pub fn new(environment: E) -> Self {
        Self {
            environment,
            moments: RunningMoments::new(N),
            limit: 10.0,
            frozen: false,
        }
    }

    /// What was measured: to be saved with an agent that was trained on it.
    #[must_use]
    pub fn moments(&self) -> &RunningMoments {
        &self.moments
    }

    /// Goes on with saved moments, and keeps them as they are.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when they are moments of another number of numbers, or not finite.
    pub fn freeze(&mut self, moments: RunningMoments) -> Result<(), Error> {
        moments.check(N)?;
        self.moments = moments;
        self.frozen = true;
        Ok(())
    }

    fn see(&mut self, observations: &[[f32; N]]) {
        if !self.frozen {
            for observation in observations {
                self.moments.observe(observation.map(f64::from));
            }
        }
    }

    fn normalize(&self, observations: &mut [[f32; N]]) {
        let (mut mean, mut scale) = ([0.0; N], [1.0; N]);
        let moments = self.moments.mean().iter().zip(self.moments.deviation());
        for ((mean, scale), (mu, sigma)) in mean.iter_mut().zip(&mut scale).zip(moments) {
            (*mean, *scale) = (*mu, 1.0 / sigma);
        }
        for observation in observations {
            for (i, x) in observation.iter_mut().enumerate() {
                let normal = ((f64::from(*x) - mean[i]) * scale[i]) as f32;
                *x = normal.clamp(-self.limit, self.limit);
            }
        }
    }
}

impl<E, const N: usize> Environment for NormalizeObservation<E>
where
    E: Environment<ObservationSpace = Continuous<N>>,
{
    type Task = E::Task;
    type ObservationSpace = Continuous<N>;
    type ActionSpace = E::ActionSpace;

    fn observation_space(&self) -> Continuous<N> {
        Continuous {
            low: -self.limit,
            high: self.limit,
        }
    }

    fn action_space(&self) -> E::ActionSpace {
        self.environment.action_space()
    }

    fn n_lanes(&self) -> usize {
        self.environment.n_lanes()
    }

    fn assign(&mut self, lane: usize, task: &E::Task, rng: Rng) -> Result<(), Error> {
        self.environment.assign(lane, task, rng)
    }

    fn reset(&mut self, observation: &mut [[f32; N]]) -> Result<(), Error> {
        self.environment.reset(observation)?;
        self.see(observation);
        self.normalize(observation);
        Ok(())
    }

    fn step(
        &mut self,
        action: &[<E::ActionSpace as Space>::Element],
        step: &mut StepBatch<[f32; N]>,
    ) -> Result<(), Error> {
        self.environment.step(action, step)?;
        self.see(&step.observation);
        self.normalize(&mut step.observation);
        self.normalize(&mut step.successor);
        Ok(())
    }
}

/// Pays `r / σ(G)` with the deviation of discounted returns so far.
///
/// ```text
/// G ← γ G + r        in every lane, 0 again after an episode
/// ```
///
/// Rewards are scaled, not shifted: which policy is best does not change.
///
/// # References
///
/// Engstrom et al., *Implementation Matters in Deep Policy Gradients*, 2020,
/// [arXiv:2005.12729](https://arxiv.org/abs/2005.12729), appendix A.1.
#[derive(Debug)]
pub struct NormalizeReward<E> {
    environment: E,
    discount: f64,
    discounted: Vec<f64>,
    moments: RunningMoments,
    frozen: bool,
}

impl<E: Environment> NormalizeReward<E> {
    /// Around an environment.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a discount outside [0, 1].
    pub fn new(environment: E, discount: f64) -> Result<Self, Error> {
        let allowed = (0.0..=1.0).contains(&discount);
        check_range("discount", "in [0, 1]", discount, allowed)?;
        Ok(Self {
            discounted: vec![0.0; environment.n_lanes()],
            environment,
            discount,
            moments: RunningMoments::new(1),
            frozen: false,
        })
    }

    /// Moments of the discounted returns: to be saved with an agent that was trained on it.
    #[must_use]
    pub fn moments(&self) -> &RunningMoments {
        &self.moments
    }

    /// Goes on with saved moments, and keeps them as they are.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when they are not moments of one number, or not finite.
    pub fn freeze(&mut self, moments: RunningMoments) -> Result<(), Error> {
        moments.check(1)?;
        self.moments = moments;
        self.frozen = true;
        Ok(())
    }
}

impl<E: Environment> Environment for NormalizeReward<E> {
    type Task = E::Task;
    type ObservationSpace = E::ObservationSpace;
    type ActionSpace = E::ActionSpace;

    fn observation_space(&self) -> E::ObservationSpace {
        self.environment.observation_space()
    }

    fn action_space(&self) -> E::ActionSpace {
        self.environment.action_space()
    }

    fn n_lanes(&self) -> usize {
        self.environment.n_lanes()
    }

    fn assign(&mut self, lane: usize, task: &E::Task, rng: Rng) -> Result<(), Error> {
        self.environment.assign(lane, task, rng)
    }

    fn reset(
        &mut self,
        observation: &mut [<E::ObservationSpace as Space>::Element],
    ) -> Result<(), Error> {
        self.discounted.fill(0.0);
        self.environment.reset(observation)
    }

    fn step(
        &mut self,
        action: &[<E::ActionSpace as Space>::Element],
        step: &mut StepBatch<<E::ObservationSpace as Space>::Element>,
    ) -> Result<(), Error> {
        self.environment.step(action, step)?;
        for (lane, discounted) in self.discounted.iter_mut().enumerate() {
            *discounted = self.discount * *discounted + f64::from(step.reward[lane]);
            if !self.frozen {
                self.moments.observe([*discounted]);
            }
            if step.ended(lane) {
                *discounted = 0.0;
            }
        }
        let deviation = self.moments.deviation().next().unwrap_or(1.0);
        for reward in &mut step.reward {
            *reward = (f64::from(*reward) / deviation) as f32;
        }
        Ok(())
    }
}
