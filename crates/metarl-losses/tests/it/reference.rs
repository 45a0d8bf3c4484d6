//! The documented equations, written as loops over `f64`.

/// `−(1/N) Σ log π Â`
pub(crate) fn policy_gradient(log_prob: &[f64], advantage: &[f64]) -> f64 {
    let mut sum = 0.0;
    for t in 0..log_prob.len() {
        sum += log_prob[t] * advantage[t];
    }
    -sum / log_prob.len() as f64
}

/// `−(1/N) Σ ρ Â`, `ρ = exp(log π − log μ)`
pub(crate) fn surrogate(log_prob: &[f64], behavior: &[f64], advantage: &[f64]) -> f64 {
    let mut sum = 0.0;
    for t in 0..log_prob.len() {
        sum += (log_prob[t] - behavior[t]).exp() * advantage[t];
    }
    -sum / log_prob.len() as f64
}

/// `−(1/N) Σ min(ρ Â, clip(ρ, 1 − ε, 1 + ε) Â)`
pub(crate) fn clipped_surrogate(
    log_prob: &[f64],
    behavior: &[f64],
    advantage: &[f64],
    epsilon: f64,
) -> f64 {
    let mut sum = 0.0;
    for t in 0..log_prob.len() {
        let ratio = (log_prob[t] - behavior[t]).exp();
        let clipped = ratio.clamp(1.0 - epsilon, 1.0 + epsilon);
        sum += (ratio * advantage[t]).min(clipped * advantage[t]);
    }
    -sum / log_prob.len() as f64
}

/// `(1/2N) Σ (V − G)²`
pub(crate) fn squared_value_error(value: &[f64], target: &[f64]) -> f64 {
    let mut sum = 0.0;
    for t in 0..value.len() {
        sum += (value[t] - target[t]).powi(2);
    }
    sum / (2.0 * value.len() as f64)
}

/// `(1/N) Σ h(V − G)`, h parabolic within 1 and straight beyond.
pub(crate) fn huber_value_error(value: &[f64], target: &[f64]) -> f64 {
    let mut sum = 0.0;
    for t in 0..value.len() {
        let size = (value[t] - target[t]).abs();
        sum += if size <= 1.0 {
            size * size / 2.0
        } else {
            size - 0.5
        };
    }
    sum / value.len() as f64
}

/// `(1/N) Σ x`
pub(crate) fn mean(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for x in x {
        sum += x;
    }
    sum / x.len() as f64
}
