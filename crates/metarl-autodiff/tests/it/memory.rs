//! What an evaluation allocates once the shelves are full: the vector it hands out and the tape's
//! bookkeeping, but no buffer.

use allocation_counter::measure;
use dfdx::prelude::{Const, Cpu, Rank0, TensorFromVec};
use metarl_autodiff::{
    Activation, Algebra, Differentiable, Error, Gru, Layout, Lstm, LstmState, Mlp, Network,
    Objective, OnDevice,
};
use metarl_core::{Purpose, Seed};

const N_ROWS: usize = 4096;
/// So few that every product is one of our own: the gemm crate, which does the others, allocates room
/// to pack its operands at each call and takes none from its caller.
const N_UNITS: usize = 4;
const N_LANES: usize = 64;
/// Bytes of one layer's output: whoever allocates a buffer allocates at least this.
const ONE_BUFFER: u64 = (N_ROWS * N_UNITS * size_of::<f32>()) as u64;

fn wave(n: usize) -> Vec<f32> {
    (0..n).map(|i| (0.7 * i as f32).sin()).collect()
}

/// Mean square of what a network gives for fixed numbers.
struct MeanSquare<N>(N);

impl Objective<f32, Cpu> for MeanSquare<Mlp<2, 2>> {
    type Network = Mlp<2, 2>;

    fn network(&self) -> &Self::Network {
        &self.0
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        parameters: <Self::Network as Network>::Bound<A>,
    ) -> Result<A::Of<Rank0>, Error> {
        let shape = (N_ROWS, Const::<2>);
        let x = algebra.device().tensor_from_vec(wave(2 * N_ROWS), shape);
        Ok(A::mean(A::square(parameters.forward(algebra.constant(x)))))
    }
}

impl Objective<f32, Cpu> for MeanSquare<Gru> {
    type Network = Gru;

    fn network(&self) -> &Self::Network {
        &self.0
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        parameters: <Self::Network as Network>::Bound<A>,
    ) -> Result<A::Of<Rank0>, Error> {
        let tensor = |rows: usize, width: usize| {
            let x = wave(rows * width);
            algebra.constant(algebra.device().tensor_from_vec(x, (rows, width)))
        };
        let reset = vec![false; N_ROWS];
        let states = parameters.forward(tensor(N_ROWS, 2), tensor(N_LANES, N_UNITS), &reset);
        Ok(A::mean(A::square(states)))
    }
}

impl Objective<f32, Cpu> for MeanSquare<Lstm> {
    type Network = Lstm;

    fn network(&self) -> &Self::Network {
        &self.0
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        parameters: <Self::Network as Network>::Bound<A>,
    ) -> Result<A::Of<Rank0>, Error> {
        let tensor = |rows: usize, width: usize| {
            let x = wave(rows * width);
            algebra.constant(algebra.device().tensor_from_vec(x, (rows, width)))
        };
        let first = LstmState {
            hidden: tensor(N_LANES, N_UNITS),
            cell: tensor(N_LANES, N_UNITS),
        };
        let states = parameters.forward(tensor(N_ROWS, 2), first, &vec![false; N_ROWS]);
        Ok(A::mean(A::square(states.hidden)))
    }
}

/// Asserts that no derivative allocates a buffer, however often it is taken.
#[track_caller]
fn assert_no_buffer<N>(network: N)
where
    MeanSquare<N>: Objective<f32, Cpu, Network = N>,
    N: Network,
{
    let mut rng = Seed::new(0).stream(Purpose::Initialization, 0, 0, 0);
    let theta: Vec<f32> = Layout::of(&network).initialize(&mut rng);
    let loss = OnDevice::new(MeanSquare(network), Cpu::default());
    let gradient = || drop(loss.gradient(&theta));
    let product = || drop(loss.hessian_vector_product(&theta, &theta));
    let linearization = loss.linearize(&theta);
    let one_of_many = || drop(linearization.product(&theta));
    for derivative in [&gradient as &dyn Fn(), &product, &one_of_many] {
        derivative();
        derivative();
        let bytes = measure(derivative).bytes_total;
        // The objective makes its data anew each time: half a buffer.
        assert!(bytes < ONE_BUFFER, "{bytes} bytes");
    }
}

#[test]
fn a_perceptron_allocates_no_buffer() {
    assert_no_buffer(Mlp {
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
