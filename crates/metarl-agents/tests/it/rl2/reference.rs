//! The recurrent actor-critic, generalized advantages and PPO's loss as loops over `f64`.

/// Sizes of the network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Net {
    pub(super) inputs: usize,
    pub(super) hidden: usize,
    pub(super) readout: usize,
    pub(super) actions: usize,
}

/// Steps of lanes that share a rollout, time-major.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps {
    pub(super) n_lanes: usize,
    pub(super) input: Vec<Vec<f64>>,
    pub(super) first: Vec<bool>,
    pub(super) action: Vec<usize>,
    pub(super) behavior_log_prob: Vec<f64>,
    pub(super) reward: Vec<f64>,
    pub(super) value: Vec<f64>,
    pub(super) next_value: Vec<f64>,
    pub(super) ended: Vec<bool>,
    pub(super) advantage: Vec<f64>,
    pub(super) value_target: Vec<f64>,
}

/// What the network gives at one step.
#[derive(Debug, Clone)]
pub(super) struct Output {
    pub(super) log_prob: Vec<f64>,
    pub(super) value: f64,
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

impl Net {
    /// Every row's output; each lane's memory is emptied where `first` says so.
    pub(super) fn forward(self, theta: &[f64], steps: &Steps) -> Vec<Output> {
        let (x, h, k) = (self.inputs, self.hidden, self.actions);
        let mut rest = theta;
        let mut take = |n: usize| {
            let (own, others) = rest.split_at(n);
            rest = others;
            own
        };
        let (wi, wh, b, d) = (take(x * 3 * h), take(h * 3 * h), take(3 * h), take(h));
        let m = self.readout;
        let (wc, bc, wd, bd) = (take(h * m), take(m), take(x * m), take(m));
        let n = if m > 0 { m } else { h };
        let (wp, bp, wv, bv) = (take(n * k), take(k), take(n), take(1));
        assert!(rest.is_empty(), "every parameter has its place");

        let mut memory = vec![vec![0.0; h]; steps.n_lanes];
        let mut outputs = Vec::new();
        for (row, input) in steps.input.iter().enumerate() {
            let lane = row % steps.n_lanes;
            if steps.first[row] {
                memory[lane] = vec![0.0; h];
            }
            let old = memory[lane].clone();
            let gate = |j: usize| {
                let seen: f64 = (0..x).map(|i| input[i] * wi[i * 3 * h + j]).sum();
                let kept: f64 = (0..h).map(|i| old[i] * wh[i * 3 * h + j]).sum();
                (seen + b[j], kept)
            };
            for j in 0..h {
                let ((r_in, r_old), (z_in, z_old)) = (gate(j), gate(h + j));
                let (c_in, c_old) = gate(2 * h + j);
                let (r, z) = (sigmoid(r_in + r_old), sigmoid(z_in + z_old));
                let c = (c_in + r * (c_old + d[j])).tanh();
                memory[lane][j] = (1.0 - z) * c + z * old[j];
            }
            let new = &memory[lane];
            let read = |j: usize| {
                let kept: f64 = (0..h).map(|i| new[i] * wc[i * m + j]).sum();
                let seen: f64 = (0..x).map(|i| input[i] * wd[i * m + j]).sum();
                (kept + bc[j]) * (seen + bd[j])
            };
            let read: Vec<f64> = if m > 0 {
                (0..m).map(read).collect()
            } else {
                new.clone()
            };
            let logit = |a: usize| bp[a] + (0..n).map(|i| read[i] * wp[i * k + a]).sum::<f64>();
            let logits: Vec<f64> = (0..k).map(logit).collect();
            let total: f64 = logits.iter().map(|l| l.exp()).sum();
            outputs.push(Output {
                log_prob: logits.iter().map(|l| l - total.ln()).collect(),
                value: bv[0] + (0..n).map(|i| read[i] * wv[i]).sum::<f64>(),
            });
        }
        outputs
    }

    /// `(1/N) Σ (−min(ρ Â, clip(ρ) Â) + c_v ½ (V − G)² − c_e H)`
    pub(super) fn loss(
        self,
        theta: &[f64],
        steps: &Steps,
        (clip_range, value_weight, entropy_weight): (f64, f64, f64),
    ) -> f64 {
        let outputs = self.forward(theta, steps);
        let mut sum = 0.0;
        for (row, output) in outputs.iter().enumerate() {
            let log_prob = output.log_prob[steps.action[row]];
            let ratio = (log_prob - steps.behavior_log_prob[row]).exp();
            let clipped = ratio.clamp(1.0 - clip_range, 1.0 + clip_range);
            let advantage = steps.advantage[row];
            let entropy: f64 = output.log_prob.iter().map(|l| -l.exp() * l).sum();
            sum -= (ratio * advantage).min(clipped * advantage);
            sum += value_weight * 0.5 * (output.value - steps.value_target[row]).powi(2);
            sum -= entropy_weight * entropy;
        }
        sum / outputs.len() as f64
    }
}

impl Steps {
    /// Steps since each row's trial began.
    pub(super) fn trial_steps(&self) -> Vec<usize> {
        let begun = |row: usize| {
            let mut earlier = (0..=row).rev().step_by(self.n_lanes);
            earlier.position(|row| self.first[row]).unwrap()
        };
        (0..self.first.len()).map(begun).collect()
    }

    /// `Âₜ = Σₗ (γλ)ˡ δₜ₊ₗ` up to the end of the trial or of the rollout.
    pub(super) fn advantages(&self, discount: f64, trace_decay: f64) -> Vec<f64> {
        let n = self.reward.len();
        let advantage = |start: usize| {
            let (mut sum, mut weight) = (0.0, 1.0);
            for row in (start..n).step_by(self.n_lanes) {
                let target = self.reward[row] + discount * self.next_value[row];
                sum += weight * (target - self.value[row]);
                weight *= discount * trace_decay;
                if self.ended[row] {
                    break;
                }
            }
            sum
        };
        (0..n).map(advantage).collect()
    }
}

/// Mean and population deviation; 0 of nothing.
pub(super) fn moments(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}
