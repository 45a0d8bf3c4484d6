//! The fused dense layer with every activation, alone and in a stack.

use dfdx::prelude::{Const, Rank0};
use metarl_autodiff::{
    Activation, Algebra, Binder, Dense, DenseParameters, Differentiable, Error, Initialization,
    Kernels, Layout, Mlp, MlpParameters, Network, Objective, Scalar,
};
use proptest::prelude::*;

use crate::device::TestDevice;
use crate::reference;
use crate::support::{
    check, check_single_precision, constant, dot, gradient_difference, numbers, on_device, weigh,
};

fn activation() -> impl Strategy<Value = Activation> {
    prop_oneof![
        Just(Activation::Identity),
        Just(Activation::Tanh),
        Just(Activation::Relu),
        Just(Activation::Sigmoid),
    ]
}

/// One layer with its input as a parameter too.
#[derive(Debug, Clone)]
struct Layer {
    n: usize,
    dense: Dense<usize, usize>,
}

impl Network for Layer {
    type Bound<A: Algebra> = (A::Of<(usize, usize)>, DenseParameters<A, usize, usize>);

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let shape = (self.n, self.dense.inputs);
        let x = binder.leaf("x", shape, Initialization::Constant(0.0));
        (x, binder.part("dense", &self.dense))
    }
}

/// `weigh(dense(x))`, with the input a parameter, or data whose gradient nobody wants.
#[derive(Debug, Clone)]
struct OneLayer {
    network: Layer,
    input: Option<Vec<f64>>,
    weight: Vec<f64>,
}

impl Objective<f64, TestDevice> for OneLayer {
    type Network = Layer;

    fn network(&self) -> &Layer {
        &self.network
    }

    fn loss<A: Algebra<Elem = f64, Device = TestDevice>>(
        &self,
        algebra: &A,
        (x, dense): (A::Of<(usize, usize)>, DenseParameters<A, usize, usize>),
    ) -> Result<A::Of<Rank0>, Error> {
        let x = match &self.input {
            Some(input) => constant(algebra, input, A::shape(&x)),
            None => x,
        };
        Ok(weigh(algebra, dense.forward(x), &self.weight))
    }
}

fn one_layer() -> impl Strategy<Value = (OneLayer, Vec<f64>, Vec<f64>)> {
    (1..5_usize, 1..5_usize, 1..5_usize, activation()).prop_flat_map(|(n, i, o, activation)| {
        let n_parameters = n * i + i * o + o;
        let dense = Dense {
            inputs: i,
            outputs: o,
            activation,
            gain: 1.0,
        };
        let objective = (prop::option::of(numbers(n * i)), numbers(n * o));
        let objective = objective.prop_map(move |(input, weight)| OneLayer {
            network: Layer { n, dense },
            input,
            weight,
        });
        (objective, numbers(n_parameters), numbers(n_parameters))
    })
}

/// Squared output of a perceptron with two hidden layers on fixed observations.
#[derive(Debug, Clone)]
struct Perceptron {
    network: Mlp<3, 2>,
    observation: Vec<f64>,
    weight: Vec<f64>,
}

impl<E: Scalar, D: Kernels<E>> Objective<E, D> for Perceptron {
    type Network = Mlp<3, 2>;

    fn network(&self) -> &Self::Network {
        &self.network
    }

    fn loss<A: Algebra<Elem = E, Device = D>>(
        &self,
        algebra: &A,
        mlp: MlpParameters<A, 3, 2>,
    ) -> Result<A::Of<Rank0>, Error> {
        let shape = (self.observation.len() / 3, Const::<3>);
        let output = mlp.forward(constant(algebra, &self.observation, shape));
        Ok(weigh(algebra, output, &self.weight))
    }
}

impl Perceptron {
    fn reference(&self, parameters: &[f64]) -> f64 {
        let layout = Layout::of(&self.network);
        let lengths: Vec<usize> = layout.leaves().iter().map(|leaf| leaf.len()).collect();
        let mut x = self.observation.clone();
        let parts = reference::split(parameters, &lengths);
        let last = parts.len() / 2 - 1;
        for (k, layer) in parts.chunks(2).enumerate() {
            let activation = if k == last {
                Activation::Identity
            } else {
                self.network.activation
            };
            x = reference::dense(&x, layer[0], layer[1], activation);
        }
        reference::weigh(&x, &self.weight)
    }
}

/// A perceptron, its parameters and a direction.
fn perceptron(
    activation: impl Strategy<Value = Activation>,
) -> impl Strategy<Value = (Perceptron, Vec<f64>, Vec<f64>)> {
    let hidden = prop::collection::vec(1..6_usize, 1..4);
    (hidden, activation, 1..6_usize).prop_flat_map(|(hidden, activation, n)| {
        let network = Mlp {
            hidden,
            activation,
            output_gain: 1.0,
        };
        let n_parameters = Layout::of(&network).n_parameters();
        let objective =
            (numbers(3 * n), numbers(2 * n)).prop_map(move |(observation, weight)| Perceptron {
                network: network.clone(),
                observation,
                weight,
            });
        (objective, numbers(n_parameters), numbers(n_parameters))
    })
}

fn smooth() -> impl Strategy<Value = Activation> {
    prop_oneof![Just(Activation::Tanh), Just(Activation::Sigmoid)]
}

/// Whether no rectified unit is within reach of a difference step from its kink.
fn off_kinks(x: &[f64], layer: &OneLayer) -> bool {
    let Layer { n, dense } = &layer.network;
    let (i, o) = (dense.inputs, dense.outputs);
    let parts = reference::split(x, &[n * i, i * o, o]);
    let input = layer.input.as_deref().unwrap_or(parts[0]);
    let affine = reference::dense(input, parts[1], parts[2], Activation::Identity);
    dense.activation != Activation::Relu || affine.iter().all(|a| a.abs() > 1e-3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn one_layer_is_its_equation((layer, x, v) in one_layer()) {
        prop_assume!(off_kinks(&x, &layer));
        let Layer { n, dense } = layer.network.clone();
        let (i, o) = (dense.inputs, dense.outputs);
        let reference = |x: &[f64]| {
            let parts = reference::split(x, &[n * i, i * o, o]);
            let input = layer.input.as_deref().unwrap_or(parts[0]);
            let y = reference::dense(input, parts[1], parts[2], dense.activation);
            reference::weigh(&y, &layer.weight)
        };
        check(layer.clone(), reference, &x, &v);
    }

    #[test]
    fn a_perceptron_is_its_equation((mlp, x, v) in perceptron(smooth())) {
        check(mlp.clone(), |x| mlp.reference(x), &x, &v);
        check_single_precision(mlp, &x, &v);
    }

    #[test]
    fn a_perceptrons_curvature_is_a_difference_of_gradients((mlp, x, v) in perceptron(smooth())) {
        let loss = on_device(mlp);
        let product = loss.hessian_vector_product(&x, &v).unwrap();
        let difference = gradient_difference(&loss, &x, &v);
        let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
        let error = norm(&mut product.iter().zip(&difference).map(|(p, d)| p - d));
        let size = norm(&mut difference.iter().copied());
        prop_assert!(error <= 1e-6 * size.max(1e-2), "error {error:e} of {size}");
    }

    #[test]
    fn curvature_is_symmetric((mlp, x, v) in perceptron(smooth()), phase in 0.0..6.0_f64) {
        let loss = on_device(mlp);
        let w: Vec<f64> = (0..v.len()).map(|i| (phase + i as f64).sin()).collect();
        let hv = loss.hessian_vector_product(&x, &v).unwrap();
        let hw = loss.hessian_vector_product(&x, &w).unwrap();
        let (left, right) = (dot(&w, &hv), dot(&v, &hw));
        prop_assert!((left - right).abs() <= 1e-10 * left.abs().max(1.0), "{left} {right}");
    }
}
