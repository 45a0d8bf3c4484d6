//! PPO's way to use one batch many times, for any loss that clips itself.

use metarl_autodiff::{Adam, AdamConfig, Buffer, Optimizer, Scalar, clip_norm};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::check;

/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `n_epochs` | 5 | ≥ 1 | gradient steps on one batch |
/// | `adam` | | | the steps' optimizer |
/// | `max_gradient_norm` | 1 | > 0 | longest gradient that is not shortened |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Proximal {
    /// Gradient steps on one batch.
    pub n_epochs: usize,
    /// The steps' optimizer.
    pub adam: AdamConfig,
    /// Longest gradient that is not shortened.
    pub max_gradient_norm: f64,
}

impl Default for Proximal {
    fn default() -> Self {
        Self {
            n_epochs: 5,
            adam: AdamConfig::default(),
            max_gradient_norm: 1.0,
        }
    }
}

impl Proximal {
    /// Checks every range, the optimizer's too.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] names the first key that is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        let (n, norm) = (self.n_epochs, self.max_gradient_norm);
        check("n_epochs", "at least 1", n as f64, n >= 1)?;
        check("max_gradient_norm", "above 0", norm, norm > 0.0)?;
        Adam::<f64>::new(self.adam, 0)?;
        Ok(())
    }

    /// Steps `parameters` along gradients of a clipped surrogate, whose clipping is what keeps them
    /// near where the batch was collected. Gives the loss before the first and the last step.
    ///
    /// # Errors
    ///
    /// Those of `gradient`, and [`Error::Loss`] when lengths differ.
    ///
    /// # Examples
    ///
    /// ```
    /// use metarl_autodiff::Adam;
    /// use metarl_optim::{Error, Proximal};
    ///
    /// // Adam's first step is as long as its learning rate, 0.001, whatever the slope.
    /// let proximal = Proximal { n_epochs: 2, ..Proximal::default() };
    /// let mut adam = Adam::new(proximal.adam, 1)?;
    /// let mut theta = [1.0_f64];
    /// let line = |x: &[f64]| Ok::<_, Error>((3.0 * x[0], vec![3.0].into()));
    /// let (first, last) = proximal.steps(&mut theta, &mut adam, line)?;
    /// assert!((first - 3.0).abs() < 1e-12 && (last - 2.997).abs() < 1e-9);
    /// assert!((theta[0] - 0.998).abs() < 1e-9);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # References
    ///
    /// Schulman et al., *Proximal Policy Optimization Algorithms*, 2017,
    /// [arXiv:1707.06347](https://arxiv.org/abs/1707.06347), algorithm 1.
    pub fn steps<E: Scalar, Err: From<Error>>(
        &self,
        parameters: &mut [E],
        adam: &mut Adam<E>,
        mut gradient: impl FnMut(&[E]) -> Result<(E, Buffer<E>), Err>,
    ) -> Result<(f64, f64), Err> {
        let mut losses = (0.0, 0.0);
        for epoch in 0..self.n_epochs {
            let (loss, mut g) = gradient(parameters)?;
            clip_norm(&mut g, self.max_gradient_norm);
            adam.step(parameters, &g).map_err(Error::from)?;
            losses.1 = loss.into_f64();
            if epoch == 0 {
                losses.0 = losses.1;
            }
        }
        Ok(losses)
    }
}
