//! Every loss as a function of one number a step.

use dfdx::prelude::Rank0;
use metarl_autodiff::{
    Algebra, Binder, Differentiable, Initialization, Network, Objective, OnDevice,
};
use metarl_losses::{
    ClipRange, Error, behavior_cloning, clipped_surrogate, entropy_bonus, huber_value_error,
    mean_divergence, policy_gradient, squared_value_error, surrogate,
};
use proptest::prelude::*;

use crate::device::{TestDevice, test_device};

/// One number a step: log-probabilities, values, entropies or divergences.
#[derive(Debug, Clone)]
pub(crate) struct PerStep(pub(crate) usize);

impl Network for PerStep {
    type Bound<A: Algebra> = A::Of<(usize,)>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        binder.leaf("x", (self.0,), Initialization::Constant(0.0))
    }
}

/// A loss and what it holds fixed.
#[derive(Debug, Clone)]
pub(crate) enum Loss {
    PolicyGradient {
        advantage: Vec<f64>,
    },
    Surrogate {
        behavior: Vec<f64>,
        advantage: Vec<f64>,
    },
    Clipped {
        behavior: Vec<f64>,
        advantage: Vec<f64>,
        range: ClipRange,
    },
    Value {
        target: Vec<f64>,
    },
    Huber {
        target: Vec<f64>,
    },
    Cloning,
    Entropy,
    Divergence,
}

pub(crate) struct OfSteps(PerStep, Loss);

impl Objective<f64, TestDevice> for OfSteps {
    type Network = PerStep;

    fn network(&self) -> &PerStep {
        &self.0
    }

    fn loss<A: Algebra<Elem = f64, Device = TestDevice>>(
        &self,
        algebra: &A,
        x: A::Of<(usize,)>,
    ) -> Result<A::Of<Rank0>, Error> {
        match &self.1 {
            Loss::PolicyGradient { advantage } => policy_gradient(algebra, x, advantage),
            Loss::Surrogate {
                behavior,
                advantage,
            } => surrogate(algebra, x, behavior, advantage),
            Loss::Clipped {
                behavior,
                advantage,
                range,
            } => clipped_surrogate(algebra, x, behavior, advantage, *range),
            Loss::Value { target } => squared_value_error(algebra, x, target),
            Loss::Huber { target } => huber_value_error(algebra, x, target),
            Loss::Cloning => Ok(behavior_cloning::<A, _>(x)),
            Loss::Entropy => Ok(entropy_bonus::<A, _>(x)),
            Loss::Divergence => Ok(mean_divergence::<A, _>(x)),
        }
    }
}

/// `loss` of `n` steps on the CPU.
pub(crate) fn on_device(n: usize, loss: Loss) -> OnDevice<OfSteps, TestDevice> {
    OnDevice::new::<f64>(OfSteps(PerStep(n), loss), test_device())
}

/// Value and gradient at `x`.
pub(crate) fn gradient(loss: Loss, x: &[f64]) -> (f64, metarl_autodiff::Buffer<f64>) {
    on_device(x.len(), loss)
        .gradient(x)
        .expect("as many steps of everything")
}

/// `(∇L(x + h v) − ∇L(x − h v)) / 2h ≈ ∇²L(x) v`
pub(crate) fn gradient_difference(loss: &Loss, x: &[f64], v: &[f64]) -> Vec<f64> {
    let h = 1e-5;
    let at = |h: f64| {
        let moved: Vec<f64> = x.iter().zip(v).map(|(x, v)| x + h * v).collect();
        gradient(loss.clone(), &moved).1
    };
    let (above, below) = (at(h), at(-h));
    let pairs = above.iter().zip(&below);
    pairs.map(|(a, b)| (a - b) / (2.0 * h)).collect()
}

/// One step of a rollout: what the target policy says, what the behavior policy said, how good the
/// action was.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    pub(crate) log_prob: Vec<f64>,
    pub(crate) behavior: Vec<f64>,
    pub(crate) advantage: Vec<f64>,
    pub(crate) direction: Vec<f64>,
    pub(crate) range: ClipRange,
}

/// Rollouts whose log-ratio is drawn from `log_ratio(ε)`.
pub(crate) fn steps<S: Strategy<Value = f64>>(
    log_ratio: impl Fn(f64) -> S,
) -> impl Strategy<Value = Steps> {
    (0.05..0.5).prop_flat_map(move |epsilon: f64| {
        let step = (-4.0..0.0, log_ratio(epsilon), -3.0..3.0, -1.0..1.0);
        prop::collection::vec(step, 1..12).prop_map(move |steps| Steps {
            log_prob: steps.iter().map(|s| s.0 + s.1).collect(),
            behavior: steps.iter().map(|s| s.0).collect(),
            advantage: steps.iter().map(|s| s.2).collect(),
            direction: steps.iter().map(|s| s.3).collect(),
            range: ClipRange::new(epsilon).expect("ε is drawn in (0, 1)"),
        })
    })
}

/// Log-ratios on either side of the interval's bounds, never within reach of a difference step.
pub(crate) fn off_kinks(epsilon: f64) -> impl Strategy<Value = f64> {
    let (low, high) = ((1.0 - epsilon).ln(), (1.0 + epsilon).ln());
    let gap = 1e-3;
    prop_oneof![
        low - 1.0..low - gap,
        low + gap..high - gap,
        high + gap..high + 1.0,
    ]
}
