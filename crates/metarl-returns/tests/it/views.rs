//! Drawn rollouts as the crate's arguments, and its estimators as functions of them.

use metarl_returns::{
    Error, Float, Transitions, VTrace, discounted_returns, gae, lambda_returns, n_step_returns,
    retrace, upgo, v_trace,
};
use metarl_testkit::strategy::{self, Steps};
use proptest::prelude::*;

/// Up to 12 steps of up to 5 lanes.
pub(crate) fn steps() -> impl Strategy<Value = Steps> {
    strategy::steps(1..=12, 1..=5)
}

pub(crate) fn unit() -> impl Strategy<Value = f64> {
    prop_oneof![8 => 0.0..=1.0, 1 => Just(0.0), 1 => Just(1.0)]
}

/// The whole interface, for one rollout at a time.
pub(crate) struct Estimates<'a>(pub(crate) &'a Steps);

impl Estimates<'_> {
    fn transitions(&self) -> Transitions<'_, f64> {
        Transitions {
            n_lanes: self.0.n_lanes,
            reward: &self.0.reward,
            next_value: &self.0.next_value,
            terminated: &self.0.terminated,
            truncated: &self.0.truncated,
        }
    }

    /// The output starts as NaN: an entry that is not written is seen.
    fn filled(&self, estimate: impl FnOnce(&mut [f64]) -> Result<(), Error>) -> Vec<f64> {
        let mut out = vec![f64::NAN; self.0.reward.len()];
        estimate(&mut out).expect("drawn rollouts are rectangles");
        out
    }

    pub(crate) fn discounted(&self, discount: f64) -> Vec<f64> {
        self.filled(|out| discounted_returns(&self.transitions(), discount, out))
    }

    pub(crate) fn n_step(&self, discount: f64, n: usize) -> Vec<f64> {
        self.filled(|out| n_step_returns(&self.transitions(), discount, n, out))
    }

    pub(crate) fn lambda(&self, discount: f64, lambda: f64) -> Vec<f64> {
        self.filled(|out| lambda_returns(&self.transitions(), discount, lambda, out))
    }

    pub(crate) fn gae(&self, discount: f64, lambda: f64) -> Vec<f64> {
        self.filled(|out| gae(&self.transitions(), &self.0.value, discount, lambda, out))
    }

    pub(crate) fn v_trace(&self, params: VTrace<f64>) -> (Vec<f64>, Vec<f64>) {
        let (value, ratio) = (&self.0.value, &self.0.importance_ratio);
        let mut target = vec![f64::NAN; value.len()];
        let advantage =
            self.filled(|out| v_trace(&self.transitions(), value, ratio, params, &mut target, out));
        (target, advantage)
    }

    pub(crate) fn retrace(&self, discount: f64, lambda: f64) -> Vec<f64> {
        let (value, ratio) = (&self.0.value, &self.0.importance_ratio);
        self.filled(|out| retrace(&self.transitions(), value, ratio, discount, lambda, out))
    }

    pub(crate) fn upgo(&self, discount: f64) -> Vec<f64> {
        self.filled(|out| upgo(&self.transitions(), discount, out))
    }

    /// Every estimate of every estimator, for laws that hold of all.
    pub(crate) fn all(&self, discount: f64, lambda: f64) -> [Vec<f64>; 8] {
        let params = VTrace {
            discount,
            lambda,
            rho_bar: 1.5,
            c_bar: 1.0,
        };
        let (target, advantage) = self.v_trace(params);
        [
            self.discounted(discount),
            self.n_step(discount, 3),
            self.lambda(discount, lambda),
            self.gae(discount, lambda),
            target,
            advantage,
            self.retrace(discount, lambda),
            self.upgo(discount),
        ]
    }
}

/// `|got − want| ≤ 1e-12 max(1, |want|)` everywhere.
#[track_caller]
pub(crate) fn close(got: &[f64], want: &[f64]) {
    metarl_testkit::gradient::assert_close(got, want, 1e-12);
}

/// In single precision.
pub(crate) fn narrow(x: &[f64]) -> Vec<f32> {
    x.iter().map(|x| f32::from_f64(*x)).collect()
}
