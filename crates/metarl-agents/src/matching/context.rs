//! Fully conditional embeddings: what an example is in the light of the whole support.

use metarl_autodiff::{Algebra, Binder, Lstm, LstmParameters, LstmState, Network};

/// Two readers of the support, one from either end, and one that looks at it from a query.
///
/// # References
///
/// Vinyals et al., *Matching Networks for One Shot Learning*, 2016,
/// [arXiv:1606.04080](https://arxiv.org/abs/1606.04080), section 2.1.2 and appendix A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullContext {
    /// Numbers of an embedded example.
    pub width: usize,
    /// K, how often a query looks at the support.
    pub processing_steps: usize,
}

/// Parameters of a [`FullContext`].
#[derive(Debug, Clone)]
pub struct FullContextParameters<A: Algebra> {
    forward: LstmParameters<A>,
    backward: LstmParameters<A>,
    attention: LstmParameters<A>,
    processing_steps: usize,
}

impl Network for FullContext {
    type Bound<A: Algebra> = FullContextParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let reader = |inputs| Lstm {
            inputs,
            hidden: self.width,
            longest_memory: 2,
        };
        FullContextParameters {
            forward: binder.part("forward", &reader(self.width)),
            backward: binder.part("backward", &reader(self.width)),
            attention: binder.part("attention", &reader(2 * self.width)),
            processing_steps: self.processing_steps,
        }
    }
}

impl<A: Algebra> FullContextParameters<A> {
    /// The support in its own light.
    ///
    /// ```text
    /// g(xᵢ, S) = h→ᵢ + h←ᵢ + g′(xᵢ)
    /// h→ᵢ, c→ᵢ = LSTM→(g′(xᵢ), h→ᵢ₋₁, c→ᵢ₋₁)        h←ᵢ, c←ᵢ = LSTM←(g′(xᵢ), h←ᵢ₊₁, c←ᵢ₊₁)
    /// ```
    ///
    /// `alone` is `g′(xᵢ)`, `(n_support, width)`. The order of its rows is part of the input.
    /// Gradients flow through it.
    pub fn support(&self, alone: A::Of<(usize, usize)>) -> A::Of<(usize, usize)> {
        let read = |lstm: &LstmParameters<A>, rows: A::Of<(usize, usize)>| {
            let (n_rows, _) = A::shape(&rows);
            let zeros = A::zeros_like(&A::rows(rows.clone(), 0, 1));
            let start = LstmState {
                hidden: zeros.clone(),
                cell: zeros,
            };
            lstm.forward(rows, start, &vec![false; n_rows]).hidden
        };
        let from_the_first = read(&self.forward, alone.clone());
        let from_the_last = read(&self.backward, reversed::<A>(alone.clone()));
        from_the_first + reversed::<A>(from_the_last) + alone
    }

    /// Queries in the light of the support: `attLSTM(f′(x̂), g(S), K)`.
    ///
    /// ```text
    /// ĥₖ, cₖ = LSTM(f′(x̂), [hₖ₋₁, rₖ₋₁], cₖ₋₁)        hₖ = ĥₖ + f′(x̂)        f(x̂, S) = h_K
    /// rₖ = Σᵢ softmaxᵢ(hₖ · g(xᵢ, S)) g(xᵢ, S)
    /// ```
    ///
    /// `h₀` and `c₀` are zero, so `r₀` is the mean of the support. The read-out is joined to the
    /// state as further inputs of the cell, which is the same sum. `alone` is `f′(x̂)`,
    /// `(n_queries, width)`, `support` is `g(xᵢ, S)`; gradients flow through both. Queries do not
    /// see one another.
    pub fn query(
        &self,
        alone: A::Of<(usize, usize)>,
        support: &A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        let (n_queries, _) = A::shape(&alone);
        let zeros = A::zeros_like(&alone);
        let mut state = LstmState::<A> {
            hidden: zeros.clone(),
            cell: zeros,
        };
        for _ in 0..self.processing_steps {
            let similarity = A::matmul_transposed(state.hidden.clone(), support.clone());
            let attention = A::exp(A::log_softmax(similarity));
            let read_out = A::matmul(attention, support.clone());
            let input = A::stack_columns(vec![alone.clone(), read_out]);
            state = self
                .attention
                .forward(input, state, &vec![false; n_queries]);
            state.hidden = state.hidden + alone.clone();
        }
        state.hidden
    }
}

/// The last row first.
fn reversed<A: Algebra>(x: A::Of<(usize, usize)>) -> A::Of<(usize, usize)> {
    let (n_rows, _) = A::shape(&x);
    let rows = (0..n_rows).rev().map(|row| A::rows(x.clone(), row, 1));
    A::stack_rows(rows.collect())
}
