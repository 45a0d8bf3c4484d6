//! The defining sums, looking forward from each step of one lane, in `f64` and without recursion.

use metarl_testkit::strategy::Steps;

/// One lane of a rollout.
pub(crate) struct Lane {
    pub(crate) reward: Vec<f64>,
    pub(crate) value: Vec<f64>,
    pub(crate) next_value: Vec<f64>,
    pub(crate) ended: Vec<bool>,
    pub(crate) ratio: Vec<f64>,
}

impl Lane {
    pub(crate) fn of(steps: &Steps, lane: usize) -> Self {
        let column = |x: &[f64]| -> Vec<f64> {
            x.iter()
                .skip(lane)
                .step_by(steps.n_lanes)
                .copied()
                .collect()
        };
        let ended = (0..steps.n_steps)
            .map(|t| t * steps.n_lanes + lane)
            .map(|i| steps.terminated[i] || steps.truncated[i]);
        Self {
            reward: column(&steps.reward),
            value: column(&steps.value),
            next_value: column(&steps.next_value),
            ended: ended.collect(),
            ratio: column(&steps.importance_ratio),
        }
    }

    /// Steps from `t` to the end of its episode or of the rows, `t` included.
    fn remaining(&self, t: usize) -> usize {
        let rest = &self.ended[t..];
        rest.iter().position(|e| *e).map_or(rest.len(), |i| i + 1)
    }

    fn td_error(&self, t: usize, discount: f64) -> f64 {
        self.reward[t] + discount * self.next_value[t] - self.value[t]
    }

    /// `Σ_{k<m} γᵏ rₜ₊ₖ + γᵐ V(oₜ₊ₘ)`, m at most what remains. The drawn `next_value` is 0 where
    /// terminated.
    pub(crate) fn n_step(&self, t: usize, n: usize, discount: f64) -> f64 {
        let m = n.min(self.remaining(t));
        let rewards = (0..m).map(|k| discount.powi(k as i32) * self.reward[t + k]);
        rewards.sum::<f64>() + discount.powi(m as i32) * self.next_value[t + m - 1]
    }

    pub(crate) fn discounted(&self, t: usize, discount: f64) -> f64 {
        self.n_step(t, usize::MAX, discount)
    }

    /// `(1 − λ) Σₙ λⁿ⁻¹ Gₜ⁽ⁿ⁾ + λᴸ⁻¹ Gₜ⁽ᴸ⁾`.
    pub(crate) fn lambda_return(&self, t: usize, discount: f64, lambda: f64) -> f64 {
        let l = self.remaining(t);
        let weight = |n: usize| lambda.powi(n as i32 - 1);
        let partial = (1..l).map(|n| weight(n) * self.n_step(t, n, discount));
        (1.0 - lambda) * partial.sum::<f64>() + weight(l) * self.n_step(t, l, discount)
    }

    /// `Σₗ (γλ)ˡ δₜ₊ₗ`.
    pub(crate) fn gae(&self, t: usize, discount: f64, lambda: f64) -> f64 {
        (0..self.remaining(t))
            .map(|l| (discount * lambda).powi(l as i32) * self.td_error(t + l, discount))
            .sum()
    }

    /// `V(oₜ) + Σₖ γᵏ (Π_{i<k} cₜ₊ᵢ) ρₜ₊ₖ δₜ₊ₖ`.
    pub(crate) fn v_trace(
        &self,
        t: usize,
        discount: f64,
        lambda: f64,
        rho_bar: f64,
        c_bar: f64,
    ) -> f64 {
        let term = |k: usize| {
            let trace = self.ratio[t..t + k].iter().map(|w| lambda * w.min(c_bar));
            let rho = self.ratio[t + k].min(rho_bar);
            discount.powi(k as i32) * trace.product::<f64>() * rho * self.td_error(t + k, discount)
        };
        self.value[t] + (0..self.remaining(t)).map(term).sum::<f64>()
    }

    /// `ρₜ (rₜ + γ vₜ₊₁ − V(oₜ))`, with V(oₜ₊₁) for vₜ₊₁ at the last step.
    pub(crate) fn v_trace_advantage(
        &self,
        t: usize,
        discount: f64,
        lambda: f64,
        rho_bar: f64,
        c_bar: f64,
    ) -> f64 {
        let next = if self.remaining(t) > 1 {
            self.v_trace(t + 1, discount, lambda, rho_bar, c_bar)
        } else {
            self.next_value[t]
        };
        self.ratio[t].min(rho_bar) * (self.reward[t] + discount * next - self.value[t])
    }

    /// `Q(oₜ, aₜ) + Σₖ γᵏ (Π_{i=1..k} cₜ₊ᵢ) δₜ₊ₖ`; the drawn values stand for action values.
    pub(crate) fn retrace(&self, t: usize, discount: f64, lambda: f64) -> f64 {
        let term = |k: usize| {
            let trace = self.ratio[t + 1..=t + k]
                .iter()
                .map(|w| lambda * w.min(1.0));
            discount.powi(k as i32) * trace.product::<f64>() * self.td_error(t + k, discount)
        };
        self.value[t] + (0..self.remaining(t)).map(term).sum::<f64>()
    }

    /// The n-step return with the smallest n after which an action does worse than expected.
    pub(crate) fn upgo(&self, t: usize, discount: f64) -> f64 {
        let l = self.remaining(t);
        let worse = |n: &usize| {
            let q = self.reward[t + n] + discount * self.next_value[t + n];
            q < self.value[t + n]
        };
        self.n_step(t, (1..l).find(worse).unwrap_or(l), discount)
    }
}

/// A rectangle from what is true of each step of each lane.
pub(crate) fn rectangle(steps: &Steps, f: impl Fn(&Lane, usize) -> f64) -> Vec<f64> {
    let lanes: Vec<Lane> = (0..steps.n_lanes).map(|l| Lane::of(steps, l)).collect();
    (0..steps.n_steps)
        .flat_map(|t| lanes.iter().map(move |lane| (lane, t)))
        .map(|(lane, t)| f(lane, t))
        .collect()
}
