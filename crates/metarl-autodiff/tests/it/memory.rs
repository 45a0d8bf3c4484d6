//! What an evaluation allocates once the shelves are full: the vector it hands out and bookkeeping, the
//! same for any number of rows.

use allocation_counter::measure;
use dfdx::prelude::{Const, Cpu, Rank0};
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

/// Allocations and their bytes, of a gradient, a Hessian-vector product, and one of several at the
/// same parameters.
fn allocated<N: Network>(network: N, n_rows: usize) -> [(u64, u64); 3]
where
    Chosen<N>: Objective<f32, Cpu, Network = N>,
    Cpu: Kernels<f32>,
{
    let mut rng = Seed::new(0).stream(Purpose::Initialization, 0, 0, 0);
    let theta: Vec<f32> = Layout::of(&network).initialize(&mut rng);
    let loss = OnDevice::new(Chosen::new(network, n_rows), Cpu::default());
    let gradient = || drop(loss.gradient(&theta));
    let product = || drop(loss.hessian_vector_product(&theta, &theta));
    let linearization = loss.linearize(&theta);
    let one_of_many = || drop(linearization.product(&theta));
    [&gradient as &dyn Fn(), &product, &one_of_many].map(|derivative| {
        derivative();
        derivative();
        let of = measure(derivative);
        (of.count_total, of.bytes_total)
    })
}

/// Asserts that nothing a derivative allocates is as long as its rows, however often it is taken.
#[track_caller]
fn assert_no_buffer<N: Network + Clone>(network: N)
where
    Chosen<N>: Objective<f32, Cpu, Network = N>,
{
    let few = allocated(network.clone(), 8 * N_LANES);
    assert_eq!(few, allocated(network, 64 * N_LANES));
}

#[test]
fn a_perceptron_allocates_no_buffer() {
    assert_no_buffer(Mlp::<2, 3> {
        hidden: vec![N_UNITS, N_UNITS],
        activation: Activation::Tanh,
        output_gain: 1.0,
    });
}

#[test]
fn a_gated_recurrent_unit_allocates_no_buffer() {
    assert_no_buffer(Gru {
        inputs: 2,
        hidden: N_UNITS,
        longest_memory: 2,
    });
}

#[test]
fn a_long_short_term_memory_allocates_no_buffer() {
    assert_no_buffer(Lstm {
        inputs: 2,
        hidden: N_UNITS,
        longest_memory: 2,
    });
}

/// Its derivative along a direction is composed, an operation a step.
#[test]
fn an_episodic_lstms_gradient_allocates_no_buffer() {
    let network = EpisodicLstm {
        inputs: 2,
        hidden: N_UNITS,
        longest_memory: 2,
    };
    let [few, many] = [8, 64].map(|n_steps| allocated(network, n_steps * N_LANES));
    assert_eq!(few[0], many[0]);
}
