//! Advantages of a common scale.

use crate::error::check_positive;
use crate::{Error, Float};

/// Brings a batch of advantages to mean 0 and standard deviation 1, in place.
///
/// ```text
/// Âᵢ ← (Âᵢ − m) / (s + ε)        m = Σ Âᵢ / N    s² = Σ (Âᵢ − m)² / N
/// ```
///
/// Mean and deviation are summed in double precision. Advantages that are all the same become 0.
///
/// | argument | shape | unit | meaning |
/// |---|---|---|---|
/// | `advantage` | any | reward, then none | Â, overwritten |
/// | `epsilon` | | reward | ε above 0; 1e-8 is usual |
///
/// # Errors
///
/// [`Error::OutOfRange`] when ε is not above 0: a batch of equal advantages would be divided by it.
///
/// # Examples
///
/// ```
/// let mut advantage = [1.0_f32, 3.0];
/// metarl_returns::normalize(&mut advantage, 1e-8)?;
/// assert_eq!(advantage, [-1.0, 1.0]);
/// # Ok::<(), metarl_returns::Error>(())
/// ```
///
/// # References
///
/// Andrychowicz et al., *What Matters in On-Policy Reinforcement Learning?*, 2020,
/// [arXiv:2006.05990](https://arxiv.org/abs/2006.05990), measure how much it helps: little.
pub fn normalize<T: Float>(advantage: &mut [T], epsilon: f64) -> Result<(), Error> {
    check_positive("epsilon", epsilon)?;
    let n = advantage.len().max(1) as f64;
    let mean = advantage.iter().map(|a| a.to_f64()).sum::<f64>() / n;
    let squares = advantage.iter().map(|a| (a.to_f64() - mean).powi(2));
    let scale = 1.0 / ((squares.sum::<f64>() / n).sqrt() + epsilon);
    for a in advantage {
        *a = T::from_f64((a.to_f64() - mean) * scale);
    }
    Ok(())
}
