//! A convolution over the past of a sequence.

use serde::{Deserialize, Serialize};

use super::{Binder, Initialization, Network};
use crate::algebra::Activation;
use crate::{Algebra, Windows};

/// A dilated causal convolution: each step sees itself and steps before it.
///
/// ```text
/// yₜ = φ(b + Σₖ xₜ₋ₖ·dilation Wₖ)        k = 0 … kernel − 1
/// ```
///
/// What lies before the first step is zero.
///
/// # References
///
/// van den Oord et al., *`WaveNet`*, 2016,
/// [arXiv:1609.03499](https://arxiv.org/abs/1609.03499), section 2.1. SNAIL stacks such layers with dilations 1, 2, 4, … (Mishra et al. 2018,
/// [arXiv:1707.03141](https://arxiv.org/abs/1707.03141)).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CausalConv {
    /// Inputs.
    pub inputs: usize,
    /// Outputs.
    pub outputs: usize,
    /// Steps a window sees, at least 1.
    pub kernel: usize,
    /// Steps from one of them to the next.
    pub dilation: usize,
    /// Non-linearity.
    pub activation: Activation,
    /// Factor on [He's limit](Initialization::He) for the first weights.
    pub gain: f64,
}

/// Parameters of a [`CausalConv`].
#[derive(Debug, Clone)]
pub struct CausalConvParameters<A: Algebra> {
    /// `(kernel · inputs, outputs)`: the weights of the step itself, then of those before it.
    pub weight: A::Of<(usize, usize)>,
    /// `(outputs,)`
    pub bias: A::Of<(usize,)>,
    layer: CausalConv,
}

impl Network for CausalConv {
    type Bound<A: Algebra> = CausalConvParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let shape = (self.kernel * self.inputs, self.outputs);
        let start = Initialization::He { gain: self.gain };
        let zero = Initialization::Constant(0.0);
        CausalConvParameters {
            weight: binder.leaf("weight", shape, start),
            bias: binder.leaf("bias", (self.outputs,), zero),
            layer: *self,
        }
    }
}

impl<A: Algebra> CausalConvParameters<A> {
    /// `(rows, inputs) → (rows, outputs)`, rows time-major; where `reset[row]`, what lies before is
    /// zero.
    pub fn forward(
        &self,
        input: A::Of<(usize, usize)>,
        n_lanes: usize,
        reset: &[bool],
    ) -> A::Of<(usize, usize)> {
        let CausalConv {
            inputs,
            kernel,
            dilation,
            activation,
            ..
        } = self.layer;
        let windows = Windows::over_past(inputs, kernel, dilation, n_lanes, reset);
        let x = A::reshape(input, (1, windows.n_inputs()));
        let (weight, bias) = (self.weight.clone(), self.bias.clone());
        A::convolution(x, &windows, weight, bias, activation)
    }
}
