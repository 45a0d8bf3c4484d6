//! Dense layers whose widths are known when the program runs.

use metarl_autodiff::{Activation, Algebra, Binder, Dense, DenseParameters, Network};
use metarl_core::Space;
use serde::{Deserialize, Serialize};

/// Dense layers with ReLU between them, linear at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenseStack {
    /// Inputs, hidden units layer by layer, outputs.
    pub widths: Vec<usize>,
}

impl DenseStack {
    /// From inputs through hidden layers to outputs.
    #[must_use]
    pub fn new(inputs: usize, hidden: &[usize], outputs: usize) -> Self {
        let widths = [&[inputs], hidden, &[outputs]].concat();
        Self { widths }
    }
}

/// Parameters of a [`DenseStack`].
#[derive(Debug, Clone)]
pub struct DenseStackParameters<A: Algebra>(Vec<DenseParameters<A, usize, usize>>);

impl Network for DenseStack {
    type Bound<A: Algebra> = DenseStackParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let n_layers = self.widths.len().saturating_sub(1);
        let layer = |(idx, pair): (usize, &[usize])| {
            let last = idx + 1 == n_layers;
            let dense = Dense {
                inputs: pair[0],
                outputs: pair[1],
                activation: if last {
                    Activation::Identity
                } else {
                    Activation::Relu
                },
                gain: 1.0,
            };
            binder.part(format_args!("layer.{idx}"), &dense)
        };
        DenseStackParameters(self.widths.windows(2).enumerate().map(layer).collect())
    }
}

impl<A: Algebra> DenseStackParameters<A> {
    /// `(N, inputs) → (N, outputs)`
    pub fn forward(&self, x: A::Of<(usize, usize)>) -> A::Of<(usize, usize)> {
        self.0.iter().fold(x, |x, layer| layer.forward(x))
    }

    /// The same of `n` rows of numbers, one after another.
    pub(super) fn of_rows(&self, algebra: &A, rows: &[A::Elem], n: usize) -> A::Of<(usize, usize)> {
        self.forward(algebra.data(rows, (n, rows.len() / n)))
    }
}

/// Encoded observations, one after another.
pub(super) fn rows<O: Space>(observation: &[O::Element]) -> Vec<f32> {
    let mut numbers = vec![0.0; observation.len() * O::WIDTH];
    for (row, seen) in numbers.chunks_exact_mut(O::WIDTH).zip(observation) {
        O::encode(seen, row);
    }
    numbers
}
