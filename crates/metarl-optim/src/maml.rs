//! Model-agnostic meta-learning: adaptation by gradient steps, and the gradient through it.

use metarl_autodiff::{Buffer, Differentiable, Linearization, Scalar};
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};

use crate::Error;
use crate::vector::axpy;

/// How far a meta-gradient looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetaGradient {
    /// The exact gradient of the loss after adaptation, second derivatives included.
    SecondOrder,
    /// First-order MAML: the adapted parameters' gradient, as if adaptation were a constant shift.
    FirstOrder,
}

/// The parameters on the way of an adaptation, `θ₀, θ₁, …, θ_K`, and the step sizes between. Up
/// to three steps allocate nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Adaptation<E: Scalar> {
    path: SmallVec<[Buffer<E>; 4]>,
    learning_rates: SmallVec<[f64; 3]>,
}

impl<E: Scalar> Adaptation<E> {
    /// Starts at `parameters`, before any step.
    pub fn new(parameters: &[E]) -> Self {
        Self {
            path: smallvec![Buffer::copy_of(parameters)],
            learning_rates: SmallVec::new(),
        }
    }

    /// One inner step on a support loss:
    ///
    /// ```text
    /// θₖ = θₖ₋₁ − α ∇Lₖ(θₖ₋₁)
    /// ```
    ///
    /// # Errors
    ///
    /// The loss's own, and [`Error::OutOfRange`] for a step size that is not finite.
    ///
    /// # References
    ///
    /// Finn, Abbeel & Levine, *Model-agnostic meta-learning*, 2017,
    /// [arXiv:1703.03400](https://arxiv.org/abs/1703.03400), equation 1.
    pub fn step<F: Differentiable<E>>(
        &mut self,
        support: &F,
        learning_rate: f64,
    ) -> Result<(), Error> {
        if !learning_rate.is_finite() {
            return Err(Error::OutOfRange {
                name: "inner learning rate",
                allowed: "finite",
                got: learning_rate,
            });
        }
        let (_, gradient) = support.gradient(self.adapted())?;
        let mut next = Buffer::copy_of(self.adapted());
        axpy(-learning_rate, &gradient, &mut next);
        self.path.push(next);
        self.learning_rates.push(learning_rate);
        Ok(())
    }

    /// All the inner steps, one a support loss.
    ///
    /// # Errors
    ///
    /// As for [`step`](Adaptation::step).
    pub fn along<F: Differentiable<E>>(
        parameters: &[E],
        support: &[F],
        learning_rate: f64,
    ) -> Result<Self, Error> {
        let mut adaptation = Self::new(parameters);
        for loss in support {
            adaptation.step(loss, learning_rate)?;
        }
        Ok(adaptation)
    }

    /// `θ_K`
    pub fn adapted(&self) -> &[E] {
        // `new` puts one in and nothing takes one out.
        &self.path[self.path.len() - 1]
    }

    /// How many steps were taken.
    pub fn n_steps(&self) -> usize {
        self.learning_rates.len()
    }

    /// `Jᵀ v` with the Jacobian `J = ∂θ_K/∂θ₀`: takes a gradient at the adapted parameters back to
    /// the meta-parameters.
    ///
    /// ```text
    /// v_K = v,   vₖ₋₁ = vₖ − α Hₖ vₖ,   Hₖ = ∇²Lₖ(θₖ₋₁)
    /// ```
    ///
    /// Memory is the K parameter vectors of the path, not K graphs. With
    /// [`MetaGradient::FirstOrder`] `J` is taken for the identity.
    ///
    /// # Errors
    ///
    /// The losses' own, [`Error::Steps`] when `support` is not the losses of the path, and
    /// [`Error::Loss`] when `vector` is not as long as the parameters.
    pub fn pull_back<F: Differentiable<E>>(
        &self,
        support: &[F],
        vector: &[E],
        order: MetaGradient,
    ) -> Result<Buffer<E>, Error> {
        self.linearize(support, order)?.pull_back(vector)
    }

    /// `J v`: where a small step `v` of the meta-parameters takes the adapted ones.
    ///
    /// ```text
    /// v₀ = v,   vₖ = vₖ₋₁ − α Hₖ vₖ₋₁
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`pull_back`](Adaptation::pull_back).
    pub fn push_forward<F: Differentiable<E>>(
        &self,
        support: &[F],
        vector: &[E],
        order: MetaGradient,
    ) -> Result<Buffer<E>, Error> {
        self.linearize(support, order)?.push_forward(vector)
    }

    /// `J` for many vectors: what does not depend on the vector is evaluated once.
    ///
    /// # Errors
    ///
    /// [`Error::Steps`] when `support` is not the losses of the path.
    pub fn linearize<'a, F: Differentiable<E>>(
        &'a self,
        support: &'a [F],
        order: MetaGradient,
    ) -> Result<AdaptationJacobian<'a, E, F>, Error> {
        if support.len() != self.n_steps() {
            return Err(Error::Steps {
                expected: self.n_steps(),
                got: support.len(),
            });
        }
        let steps = support.iter().zip(&self.path).zip(&self.learning_rates);
        let steps = steps.map(|((loss, parameters), learning_rate)| Step {
            curvature: loss.linearize(parameters),
            learning_rate: *learning_rate,
        });
        Ok(AdaptationJacobian {
            n_parameters: self.adapted().len(),
            steps: match order {
                MetaGradient::SecondOrder => steps.collect(),
                MetaGradient::FirstOrder => SmallVec::new(),
            },
        })
    }
}

/// The Jacobian `J = ∂θ_K/∂θ₀` of an [`Adaptation`], made by [`linearize`](Adaptation::linearize).
#[derive(Debug)]
pub struct AdaptationJacobian<'a, E: Scalar, F> {
    n_parameters: usize,
    /// None of them where `J` is taken for the identity.
    steps: SmallVec<[Step<'a, E, F>; 3]>,
}

#[derive(Debug)]
struct Step<'a, E: Scalar, F> {
    curvature: Linearization<'a, E, F>,
    learning_rate: f64,
}

impl<E: Scalar, F: Differentiable<E>> AdaptationJacobian<'_, E, F> {
    /// `Jᵀ v`, as [`Adaptation::pull_back`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn pull_back(&self, vector: &[E]) -> Result<Buffer<E>, Error> {
        self.transport(vector, self.steps.iter().rev())
    }

    /// `J v`, as [`Adaptation::push_forward`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn push_forward(&self, vector: &[E]) -> Result<Buffer<E>, Error> {
        self.transport(vector, self.steps.iter())
    }

    /// [`Linearization::forget`], for each step.
    pub fn forget(&self) {
        self.steps.iter().for_each(|step| step.curvature.forget());
    }

    fn transport<'s>(
        &self,
        vector: &[E],
        steps: impl Iterator<Item = &'s Step<'s, E, F>>,
    ) -> Result<Buffer<E>, Error>
    where
        F: 's,
    {
        if vector.len() != self.n_parameters {
            return Err(Error::Loss(metarl_autodiff::Error::ParameterCount {
                name: "vector",
                expected: self.n_parameters,
                got: vector.len(),
            }));
        }
        let mut v = Buffer::copy_of(vector);
        for step in steps {
            let product = step.curvature.product(&v)?;
            axpy(-step.learning_rate, &product, &mut v);
        }
        Ok(v)
    }
}

/// One task of a meta-learner: losses to adapt to and a loss to be judged by.
///
/// As a function of the meta-parameters it is itself a loss, `L_query(θ_K(θ))`, with an exact
/// gradient.
#[derive(Debug, Clone)]
pub struct MamlTask<S, Q> {
    /// One loss an inner step.
    pub support: Vec<S>,
    /// The loss after adaptation.
    pub query: Q,
    /// Step size of the inner steps.
    pub inner_lr: f64,
}

impl<S, Q> MamlTask<S, Q> {
    /// `L_query(θ_K)`
    ///
    /// # Errors
    ///
    /// The losses' own.
    pub fn value<E: Scalar>(&self, parameters: &[E]) -> Result<E, Error>
    where
        S: Differentiable<E>,
        Q: Differentiable<E>,
    {
        let adaptation = Adaptation::along(parameters, &self.support, self.inner_lr)?;
        Ok(self.query.value(adaptation.adapted())?)
    }

    /// `L_query(θ_K)` and its gradient by the meta-parameters: `Jᵀ ∇L_query(θ_K)`.
    ///
    /// # Errors
    ///
    /// The losses' own.
    pub fn gradient<E: Scalar>(
        &self,
        parameters: &[E],
        order: MetaGradient,
    ) -> Result<(E, Buffer<E>), Error>
    where
        S: Differentiable<E>,
        Q: Differentiable<E>,
    {
        let adaptation = Adaptation::along(parameters, &self.support, self.inner_lr)?;
        let (value, gradient) = self.query.gradient(adaptation.adapted())?;
        let meta_gradient = adaptation.pull_back(&self.support, &gradient, order)?;
        Ok((value, meta_gradient))
    }
}
