//! What an evaluation allocates once the shelves are full: what dfdx's tape does, and nothing else.

use allocation_counter::measure;
use dfdx::prelude::{Backward, Const, Cpu, OwnedTape, PutTape, Rank0, Tape, Tensor, ZerosTensor};
use metarl_autodiff::{
    Activation, Algebra, Categorical, Differentiable, EpisodicLstm, Error, Gru, Kernels, Layout,
    Lstm, LstmState, Mlp, Network, Objective, OnDevice,
};
use metarl_core::{Purpose, Seed};

/// So few that every product is one of our own: the gemm crate, which does the others where there is
/// no AVX-512, allocates room to pack its operands at each call and takes none from its caller.
const N_UNITS: usize = 4;
const N_LANES: usize = 64;

/// A network's first output for fixed numbers, as logits of three actions that were taken.
struct Chosen<N> {
    network: N,
    /// As many rows as there are flags.
    input: Vec<f32>,
    reset: Vec<bool>,
    action: Vec<usize>,
    zeros: Vec<f32>,
}

impl<N> Chosen<N> {
    fn new(network: N, n_rows: usize) -> Self {
        Self {
            network,
            input: (0..2 * n_rows).map(|i| (0.7 * i as f32).sin()).collect(),
            reset: (0..n_rows).map(|row| row % 7 == 0).collect(),
            action: (0..n_rows).map(|row| row % 3).collect(),
            zeros: vec![0.0; n_rows * N_UNITS],
        }
    }

    /// A layer's input, and zeros in the shape of its first state.
    fn data<A: Algebra<Elem = f32>>(&self, algebra: &A) -> [A::Of<(usize, usize)>; 2] {
        let state = (N_LANES, N_UNITS);
        let zeros = &self.zeros[..N_LANES * N_UNITS];
        let input = algebra.data(&self.input, (self.reset.len(), 2));
        [input, algebra.data(zeros, state)]
    }

    /// `−mean log π(a)`
    fn loss<A: Algebra<Elem = f32>>(&self, logits: A::Of<(usize, Const<3>)>) -> A::Of<Rank0> {
        let policy = Categorical::<A, usize, 3>::from_logits(logits);
        -A::mean(policy.log_prob(&self.action))
    }
}

fn logits<A: Algebra>(states: A::Of<(usize, usize)>) -> A::Of<(usize, Const<3>)> {
    let (n_rows, _) = A::shape(&states);
    A::reshape(A::columns(states, 0, 3), (n_rows, Const))
}

macro_rules! objective {
    ($network:ty, |$this:ident, $algebra:ident, $parameters:ident| $logits:expr) => {
        impl Objective<f32, Cpu> for Chosen<$network> {
            type Network = $network;

            fn network(&self) -> &Self::Network {
                &self.network
            }

            fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
                &self,
                algebra: &A,
                parameters: <Self::Network as Network>::Bound<A>,
            ) -> Result<A::Of<Rank0>, Error> {
                let ($this, $algebra, $parameters) = (self, algebra, parameters);
                Ok(self.loss::<A>($logits))
            }
        }
    };
}

objective!(Mlp<2, 3>, |this, algebra, parameters| {
    let shape = (this.reset.len(), Const::<2>);
    parameters.forward(algebra.data(&this.input, shape))
});
objective!(Gru, |this, algebra, parameters| {
    let [input, state] = this.data(algebra);
    logits::<A>(parameters.forward(input, state, &this.reset))
});
objective!(Lstm, |this, algebra, parameters| {
    let [input, state] = this.data(algebra);
    let first = LstmState {
        hidden: state.clone(),
        cell: state,
    };
    logits::<A>(parameters.forward(input, first, &this.reset).hidden)
});
objective!(EpisodicLstm, |this, algebra, parameters| {
    let [input, state] = this.data(algebra);
    let memory = algebra.data(&this.zeros, (this.reset.len(), N_UNITS));
    let first = LstmState {
        hidden: state.clone(),
        cell: state,
    };
    logits::<A>(parameters.forward(input, memory, first, &this.reset).hidden)
});

/// What dfdx allocates for so many operations on a tape: a box for each, the list of them, the tensor
/// to go back from, and the gradients it would keep.
fn of_dfdx(n_operations: usize) -> u64 {
    let device = Cpu::default();
    let go_back = || {
        let mut tape = OwnedTape::<f32, Cpu>::default();
        for k in 0..n_operations {
            tape.add_backward_op(move |_| {
                std::hint::black_box(k);
                Ok(())
            });
        }
        let result: Tensor<Rank0, f32, Cpu> = device.zeros();
        drop(result.put_tape(tape).try_backward());
    };
    measure(go_back).count_total
}

/// Asserts what is allocated by a gradient, a Hessian-vector product and one of several at the same
/// parameters: as much as by a tape of so many operations, however many rows there are.
#[track_caller]
fn assert_only_dfdx<N: Network + Clone>(network: N, n_operations: [usize; 2])
where
    Chosen<N>: Objective<f32, Cpu, Network = N>,
    Cpu: Kernels<f32>,
{
    let mut rng = Seed::new(0).stream(Purpose::Initialization, 0, 0, 0);
    let theta: Vec<f32> = Layout::of(&network).initialize(&mut rng);
    for n_rows in [8 * N_LANES, 64 * N_LANES] {
        let loss = OnDevice::new(Chosen::new(network.clone(), n_rows), Cpu::default());
        let value = || drop(loss.value(&theta));
        let gradient = || drop(loss.gradient(&theta));
        let product = || drop(loss.hessian_vector_product(&theta, &theta));
        let linearization = loss.linearize(&theta);
        let one_of_many = || drop(linearization.product(&theta));
        let derivatives = [&value as &dyn Fn(), &gradient, &product, &one_of_many];
        let allocated = derivatives.map(|derivative| {
            derivative();
            derivative();
            measure(derivative).count_total
        });
        let [gradient, product] = n_operations.map(of_dfdx);
        assert_eq!(allocated, [0, gradient, product, product], "{n_rows} rows");
    }
}

#[test]
fn a_perceptron() {
    let network = Mlp::<2, 3> {
        hidden: vec![N_UNITS, N_UNITS],
        activation: Activation::Tanh,
        output_gain: 1.0,
    };
    assert_only_dfdx(network, [8, 15]);
}

#[test]
fn a_gated_recurrent_unit() {
    let network = Gru {
        inputs: 2,
        hidden: N_UNITS,
        longest_memory: 2,
    };
    assert_only_dfdx(network, [7, 12]);
}

#[test]
fn a_long_short_term_memory() {
    let network = Lstm {
        inputs: 2,
        hidden: N_UNITS,
        longest_memory: 2,
    };
    assert_only_dfdx(network, [7, 12]);
}
