//! What every layer is held against: a loop over `f64` with the input as a parameter too.

use std::fmt::Debug;

use dfdx::prelude::Rank0;
use metarl_autodiff::{
    Activation, Algebra, Binder, Buffer, Differentiable, Error, Initialization, Kernels, Layout,
    Network, Objective, Scalar,
};
use proptest::prelude::*;

use crate::reference;
use crate::support::{check, check_single_precision, constant, numbers, on_device, weigh};

/// A layer and the loop that says what it computes.
pub(crate) trait Layer: Network + Clone + Debug + 'static {
    /// Shape of its input.
    fn shape(&self) -> (usize, usize);

    fn forward<A: Algebra>(
        &self,
        parameters: Self::Bound<A>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)>;

    /// The same from plain numbers.
    fn reference(&self, x: &[f64], parameters: &[&[f64]]) -> Vec<f64>;

    /// Whether no rectified unit is within reach of a difference step from its kink.
    fn is_smooth(&self, _: &[f64], _: &[&[f64]]) -> bool {
        true
    }
}

/// A layer with its input as a parameter.
#[derive(Debug, Clone)]
pub(crate) struct WithInput<L>(pub(crate) L);

impl<L: Layer> Network for WithInput<L> {
    type Bound<A: Algebra> = (A::Of<(usize, usize)>, L::Bound<A>);

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let start = Initialization::Constant(0.0);
        let x = binder.leaf("x", self.0.shape(), start);
        (x, binder.part("layer", &self.0))
    }
}

/// `weigh(layer(x))`, with the input a parameter, or data whose gradient nobody wants.
#[derive(Debug, Clone)]
pub(crate) struct Weighed<L> {
    network: WithInput<L>,
    input: Option<Vec<f64>>,
    weight: Vec<f64>,
}

impl<E: Scalar, D: Kernels<E>, L: Layer> Objective<E, D> for Weighed<L> {
    type Network = WithInput<L>;

    fn network(&self) -> &WithInput<L> {
        &self.network
    }

    fn loss<A: Algebra<Elem = E, Device = D>>(
        &self,
        algebra: &A,
        (x, parameters): (A::Of<(usize, usize)>, L::Bound<A>),
    ) -> Result<A::Of<Rank0>, Error> {
        let x = match &self.input {
            Some(input) => constant(algebra, input, A::shape(&x)),
            None => x,
        };
        let y = self.network.0.forward::<A>(parameters, x);
        Ok(weigh(algebra, y, &self.weight))
    }
}

impl<L: Layer> Weighed<L> {
    fn split<'a>(&'a self, x: &'a [f64]) -> (&'a [f64], Vec<&'a [f64]>) {
        let layout = Layout::of(&self.network);
        let lengths: Vec<usize> = layout.leaves().iter().map(|leaf| leaf.len()).collect();
        let mut parts = reference::split(x, &lengths);
        let x = parts.remove(0);
        (self.input.as_deref().unwrap_or(x), parts)
    }

    fn reference(&self, x: &[f64]) -> f64 {
        let (x, parameters) = self.split(x);
        reference::weigh(&self.network.0.reference(x, &parameters), &self.weight)
    }

    fn is_smooth(&self, x: &[f64]) -> bool {
        let (x, parameters) = self.split(x);
        self.network.0.is_smooth(x, &parameters)
    }

    /// Value, gradient, directional derivative and curvature in `f64`, and all again in `f32`.
    #[track_caller]
    pub(crate) fn check(&self, x: &[f64], v: &[f64]) {
        check(self.clone(), |x| self.reference(x), x, v);
        check_single_precision(self.clone(), x, v);
    }

    /// The value and the gradient alone, for sizes at which the rest takes long.
    pub(crate) fn gradient(&self, x: &[f64]) -> (f64, Buffer<f64>) {
        on_device(self.clone())
            .gradient(x)
            .expect("the data fit together")
    }
}

/// A layer with its input as a parameter or as data, a point and a direction.
pub(crate) fn weighed<L: Layer>(
    layer: impl Strategy<Value = L>,
) -> impl Strategy<Value = (Weighed<L>, Vec<f64>, Vec<f64>)> {
    let cases = layer.prop_flat_map(|layer| {
        let (n, m) = layer.shape();
        let network = WithInput(layer);
        let n_parameters = Layout::of(&network).n_parameters();
        let zeros = vec![0.0; n_parameters];
        let probe = Weighed {
            network: network.clone(),
            input: None,
            weight: Vec::new(),
        };
        let (x, parameters) = probe.split(&zeros);
        let n_outputs = probe.network.0.reference(x, &parameters).len();
        let objective = (prop::option::of(numbers(n * m)), numbers(n_outputs));
        let objective = objective.prop_map(move |(input, weight)| Weighed {
            network: network.clone(),
            input,
            weight,
        });
        (objective, numbers(n_parameters), numbers(n_parameters))
    });
    cases.prop_filter("a unit at its kink", |(loss, x, _)| loss.is_smooth(x))
}

/// One large case: `weigh` with the same weights throughout, at numbers that do not repeat.
pub(crate) fn large<L: Layer>(layer: L) -> (Weighed<L>, Vec<f64>) {
    let network = WithInput(layer);
    let n_parameters = Layout::of(&network).n_parameters();
    let x: Vec<f64> = (0..n_parameters).map(|i| (0.7 * i as f64).sin()).collect();
    let mut loss = Weighed {
        network,
        input: None,
        weight: Vec::new(),
    };
    let (input, parameters) = loss.split(&x);
    let n_outputs = loss.network.0.reference(input, &parameters).len();
    loss.weight = (0..n_outputs).map(|i| (0.3 * i as f64).cos()).collect();
    (loss, x)
}

impl<L: Layer> Weighed<L> {
    /// Value and gradient against the loop and its differences.
    #[track_caller]
    pub(crate) fn check_gradient(&self, x: &[f64]) {
        use metarl_testkit::gradient::{assert_close, central_difference};
        let (value, gradient) = self.gradient(x);
        assert_close(&[value], &[self.reference(x)], 1e-11);
        assert_close(
            &gradient,
            &central_difference(|x| self.reference(x), x),
            1e-6,
        );
    }
}

/// Every activation.
pub(crate) fn activation() -> impl Strategy<Value = Activation> {
    prop_oneof![
        Just(Activation::Identity),
        Just(Activation::Tanh),
        Just(Activation::Relu),
        Just(Activation::Sigmoid),
    ]
}

/// Lanes and where they start anew, of at most `n_steps` steps.
pub(crate) fn sequence(n_steps: usize) -> impl Strategy<Value = (usize, Vec<bool>)> {
    (1..4_usize, 1..=n_steps).prop_flat_map(|(n_lanes, n_steps)| {
        let reset = prop::collection::vec(prop::bool::weighted(0.2), n_lanes * n_steps);
        (Just(n_lanes), reset)
    })
}
