//! Fused recurrent layers over sequences with resets and a first state.

use dfdx::prelude::Rank0;
use metarl_autodiff::{
    Algebra, Binder, Differentiable, EpisodicLstm, EpisodicLstmParameters, Error, Gru,
    GruParameters, Initialization, Kernels, Lstm, LstmParameters, LstmState, Network, Objective,
    Scalar,
};
use proptest::prelude::*;

use crate::device::TestDevice;
use crate::reference::{self, Sequence};
use crate::support::{check, check_single_precision, constant, numbers, on_device, weigh};

/// A recurrent layer with its first states as parameters too, and its input one or data.
#[derive(Debug, Clone)]
struct Whole<L> {
    sequence: Sequence,
    data: Option<Vec<f64>>,
    n_states: usize,
    layer: L,
}

impl<L: Network> Network for Whole<L> {
    type Bound<A: Algebra> = (
        A::Of<(usize, usize)>,
        Vec<A::Of<(usize, usize)>>,
        L::Bound<A>,
    );

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let zero = Initialization::Constant(0.0);
        let s = &self.sequence;
        let input = binder.leaf("input", (s.reset.len(), s.inputs), zero);
        let states = (0..self.n_states)
            .map(|k| binder.leaf(format!("state.{k}"), (s.lanes, s.hidden), zero))
            .collect();
        (input, states, binder.part("layer", &self.layer))
    }
}

impl<L> Whole<L> {
    /// Lengths of input, states, input weights, recurrent weights and bias.
    fn lengths(&self, gates: usize) -> Vec<usize> {
        let s = &self.sequence;
        let width = gates * s.hidden;
        let mut lengths = vec![s.reset.len() * s.inputs];
        lengths.extend(vec![s.lanes * s.hidden; self.n_states]);
        lengths.extend([s.inputs * width, s.hidden * width, width]);
        lengths
    }

    fn input<A: Algebra>(&self, algebra: &A, x: A::Of<(usize, usize)>) -> A::Of<(usize, usize)> {
        match &self.data {
            Some(data) => constant(algebra, data, A::shape(&x)),
            None => x,
        }
    }

    /// Arguments of the layer, in the order of [`lengths`](Whole::lengths).
    fn arguments<'a>(&'a self, x: &'a [f64], lengths: &[usize]) -> Vec<&'a [f64]> {
        let mut parts = reference::split(x, lengths);
        parts[0] = self.data.as_deref().unwrap_or(parts[0]);
        parts
    }
}

#[derive(Debug, Clone)]
struct GruLoss {
    network: Whole<Gru>,
    weight: Vec<f64>,
}

impl<E: Scalar, D: Kernels<E>> Objective<E, D> for GruLoss {
    type Network = Whole<Gru>;

    fn network(&self) -> &Whole<Gru> {
        &self.network
    }

    fn loss<A: Algebra<Elem = E, Device = D>>(
        &self,
        algebra: &A,
        (input, state, gru): (
            A::Of<(usize, usize)>,
            Vec<A::Of<(usize, usize)>>,
            GruParameters<A>,
        ),
    ) -> Result<A::Of<Rank0>, Error> {
        let input = self.network.input(algebra, input);
        let state = state[0].clone();
        let states = gru.forward(input, state, &self.network.sequence.reset);
        Ok(weigh(algebra, states, &self.weight))
    }
}

impl GruLoss {
    fn lengths(&self) -> Vec<usize> {
        let mut lengths = self.network.lengths(3);
        lengths.push(self.network.sequence.hidden);
        lengths
    }

    fn reference(&self, x: &[f64]) -> f64 {
        let parts = self.network.arguments(x, &self.lengths());
        let states = reference::gru(&self.network.sequence, &parts);
        reference::weigh(&states, &self.weight)
    }
}

/// Which of a long short-term memory's two results a loss reads.
#[derive(Debug, Clone, Copy)]
enum Read {
    Hidden,
    Cell,
    Both,
}

#[derive(Debug, Clone)]
struct LstmLoss {
    network: Whole<Lstm>,
    read: Read,
    weight: Vec<f64>,
    cell_weight: Vec<f64>,
}

impl<E: Scalar, D: Kernels<E>> Objective<E, D> for LstmLoss {
    type Network = Whole<Lstm>;

    fn network(&self) -> &Whole<Lstm> {
        &self.network
    }

    fn loss<A: Algebra<Elem = E, Device = D>>(
        &self,
        algebra: &A,
        (input, states, lstm): (
            A::Of<(usize, usize)>,
            Vec<A::Of<(usize, usize)>>,
            LstmParameters<A>,
        ),
    ) -> Result<A::Of<Rank0>, Error> {
        let state = LstmState {
            hidden: states[0].clone(),
            cell: states[1].clone(),
        };
        let input = self.network.input(algebra, input);
        let LstmState { hidden, cell } = lstm.forward(input, state, &self.network.sequence.reset);
        Ok(match self.read {
            Read::Hidden => weigh(algebra, hidden, &self.weight),
            Read::Cell => weigh(algebra, cell, &self.cell_weight),
            Read::Both => {
                weigh(algebra, hidden, &self.weight) + weigh(algebra, cell, &self.cell_weight)
            }
        })
    }
}

impl LstmLoss {
    fn reference(&self, x: &[f64]) -> f64 {
        let parts = self.network.arguments(x, &self.network.lengths(4));
        let (states, cells) = reference::lstm(&self.network.sequence, &parts);
        let hidden = reference::weigh(&states, &self.weight);
        let cell = reference::weigh(&cells, &self.cell_weight);
        match self.read {
            Read::Hidden => hidden,
            Read::Cell => cell,
            Read::Both => hidden + cell,
        }
    }
}

/// An episodic LSTM; the memories are parameters too.
#[derive(Debug, Clone)]
struct EpisodicLoss {
    network: (Memories, Whole<EpisodicLstm>),
    read: Read,
    weight: Vec<f64>,
    cell_weight: Vec<f64>,
}

#[derive(Debug, Clone)]
struct Memories {
    rows: usize,
    hidden: usize,
}

impl Network for Memories {
    type Bound<A: Algebra> = A::Of<(usize, usize)>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let zero = Initialization::Constant(0.0);
        binder.leaf("memory", (self.rows, self.hidden), zero)
    }
}

impl<E: Scalar, D: Kernels<E>> Objective<E, D> for EpisodicLoss {
    type Network = (Memories, Whole<EpisodicLstm>);

    fn network(&self) -> &Self::Network {
        &self.network
    }

    fn loss<A: Algebra<Elem = E, Device = D>>(
        &self,
        algebra: &A,
        (memory, (input, states, lstm)): (
            A::Of<(usize, usize)>,
            (
                A::Of<(usize, usize)>,
                Vec<A::Of<(usize, usize)>>,
                EpisodicLstmParameters<A>,
            ),
        ),
    ) -> Result<A::Of<Rank0>, Error> {
        let state = LstmState {
            hidden: states[0].clone(),
            cell: states[1].clone(),
        };
        let reset = &self.network.1.sequence.reset;
        let LstmState { hidden, cell } = lstm.forward(input, memory, state, reset);
        let hidden = weigh(algebra, hidden, &self.weight);
        let cell = weigh(algebra, cell, &self.cell_weight);
        Ok(match self.read {
            Read::Hidden => hidden,
            Read::Cell => cell,
            Read::Both => hidden + cell,
        })
    }
}

impl EpisodicLoss {
    /// Lengths of memories, input, states, input weights, recurrent weights and bias.
    fn lengths(&self) -> Vec<usize> {
        let (memories, whole) = &self.network;
        let mut lengths = vec![memories.rows * memories.hidden];
        lengths.extend(whole.lengths(5));
        lengths
    }

    fn reference(&self, x: &[f64]) -> f64 {
        let mut parts = reference::split(x, &self.lengths());
        parts[..4].rotate_left(1);
        let (states, cells) = reference::episodic_lstm(&self.network.1.sequence, &parts);
        let hidden = reference::weigh(&states, &self.weight);
        let cell = reference::weigh(&cells, &self.cell_weight);
        match self.read {
            Read::Hidden => hidden,
            Read::Cell => cell,
            Read::Both => hidden + cell,
        }
    }
}

fn sequence() -> impl Strategy<Value = Sequence> {
    (1..4_usize, 1..5_usize, 1..4_usize, 1..4_usize).prop_flat_map(
        |(lanes, steps, inputs, hidden)| {
            let reset = prop::collection::vec(prop::bool::weighted(0.25), lanes * steps);
            reset.prop_map(move |reset| Sequence {
                lanes,
                inputs,
                hidden,
                reset,
            })
        },
    )
}

fn input(sequence: &Sequence) -> impl Strategy<Value = Option<Vec<f64>>> + use<> {
    prop::option::of(numbers(sequence.reset.len() * sequence.inputs))
}

fn gru_of(sequence: Sequence) -> GruLoss {
    let layer = Gru {
        inputs: sequence.inputs,
        hidden: sequence.hidden,
        longest_memory: 2,
    };
    GruLoss {
        weight: vec![1.0; sequence.reset.len() * sequence.hidden],
        network: Whole {
            sequence,
            data: None,
            n_states: 1,
            layer,
        },
    }
}

fn gru() -> impl Strategy<Value = (GruLoss, Vec<f64>, Vec<f64>)> {
    sequence().prop_flat_map(|sequence| {
        let data = input(&sequence);
        let loss = gru_of(sequence);
        let n = loss.lengths().iter().sum();
        let weight = numbers(loss.weight.len());
        (weight, data, numbers(n), numbers(n)).prop_map(move |(weight, data, x, v)| {
            let mut loss = loss.clone();
            (loss.weight, loss.network.data) = (weight, data);
            (loss, x, v)
        })
    })
}

fn lstm_of(sequence: Sequence) -> LstmLoss {
    let layer = Lstm {
        inputs: sequence.inputs,
        hidden: sequence.hidden,
        longest_memory: 2,
    };
    let weight = vec![1.0; sequence.reset.len() * sequence.hidden];
    LstmLoss {
        read: Read::Both,
        cell_weight: weight.clone(),
        weight,
        network: Whole {
            sequence,
            data: None,
            n_states: 2,
            layer,
        },
    }
}

fn lstm() -> impl Strategy<Value = (LstmLoss, Vec<f64>, Vec<f64>)> {
    let read = prop_oneof![Just(Read::Hidden), Just(Read::Cell), Just(Read::Both)];
    (sequence(), read).prop_flat_map(|(sequence, read)| {
        let data = input(&sequence);
        let loss = LstmLoss {
            read,
            ..lstm_of(sequence)
        };
        let n = loss.network.lengths(4).iter().sum();
        let n_outputs = loss.weight.len();
        let weights = (numbers(n_outputs), numbers(n_outputs));
        (weights, data, numbers(n), numbers(n)).prop_map(move |(weights, data, x, v)| {
            let mut loss = loss.clone();
            ((loss.weight, loss.cell_weight), loss.network.data) = (weights, data);
            (loss, x, v)
        })
    })
}

fn episodic_lstm() -> impl Strategy<Value = (EpisodicLoss, Vec<f64>, Vec<f64>)> {
    let read = prop_oneof![Just(Read::Hidden), Just(Read::Cell), Just(Read::Both)];
    (sequence(), read).prop_flat_map(|(sequence, read)| {
        let (rows, hidden) = (sequence.reset.len(), sequence.hidden);
        let layer = EpisodicLstm {
            inputs: sequence.inputs,
            hidden,
            longest_memory: 2,
        };
        let whole = Whole {
            sequence,
            data: None,
            n_states: 2,
            layer,
        };
        let loss = EpisodicLoss {
            network: (Memories { rows, hidden }, whole),
            read,
            weight: Vec::new(),
            cell_weight: Vec::new(),
        };
        let n = loss.lengths().iter().sum();
        let weights = (numbers(rows * hidden), numbers(rows * hidden));
        (weights, numbers(n), numbers(n)).prop_map(move |((weight, cell_weight), x, v)| {
            let loss = EpisodicLoss {
                weight,
                cell_weight,
                ..loss.clone()
            };
            (loss, x, v)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_episodic_lstm_is_its_equations((loss, x, v) in episodic_lstm()) {
        check(loss.clone(), |x| loss.reference(x), &x, &v);
        check_single_precision(loss, &x, &v);
    }

    #[test]
    fn a_gated_recurrent_unit_is_its_equations((loss, x, v) in gru()) {
        check(loss.clone(), |x| loss.reference(x), &x, &v);
        check_single_precision(loss, &x, &v);
    }

    #[test]
    fn a_long_short_term_memory_is_its_equations((loss, x, v) in lstm()) {
        check(loss.clone(), |x| loss.reference(x), &x, &v);
        check_single_precision(loss, &x, &v);
    }
}

/// Two lanes, two steps; lane 1 starts anew at each.
fn diverged() -> Sequence {
    Sequence {
        lanes: 2,
        inputs: 1,
        hidden: 1,
        reset: vec![false, true, false, true],
    }
}

#[test]
fn a_reset_clears_a_lane_that_diverged() {
    let loss = gru_of(diverged());
    let n = loss.lengths().iter().sum();
    assert_cleared(loss, n, &[5]);
    let loss = lstm_of(diverged());
    let n = loss.network.lengths(4).iter().sum();
    assert_cleared(loss, n, &[5, 7]);
}

/// Holds what a loss of `n` parameters gives where the first state of lane 1, at some `places`, is
/// infinite: after four inputs and lane 0's, and so the first cell.
#[track_caller]
fn assert_cleared<O: Objective<f64, TestDevice>>(loss: O, n: usize, places: &[usize]) {
    let mut x = vec![0.3; n];
    for place in places {
        x[*place] = f64::INFINITY;
    }
    let v = vec![0.5; n];
    let loss = on_device(loss);
    let (value, gradient) = loss.gradient(&x).expect("the data fit together");
    let (forward, slope) = loss
        .jacobian_vector_product(&x, &v)
        .expect("the data fit together");
    let curvature = loss
        .hessian_vector_product(&x, &v)
        .expect("the data fit together");
    assert!(value.is_finite() && forward.is_finite() && slope.is_finite());
    assert!(gradient.iter().chain(&curvature).all(|g| g.is_finite()));
    for place in places {
        assert_eq!((gradient[*place], curvature[*place]), (0.0, 0.0));
    }
}

/// 18 units: a vector register and a rest.
#[test]
fn wide_layers_are_their_equations() {
    let wide = Sequence {
        lanes: 2,
        inputs: 2,
        hidden: 18,
        reset: vec![false, false, false, true, false, false],
    };
    let wave = |n: usize, by: f64| (0..n).map(|i| (by * i as f64).sin()).collect::<Vec<f64>>();
    let loss = gru_of(wide.clone());
    let n = loss.lengths().iter().sum();
    check(
        loss.clone(),
        |x| loss.reference(x),
        &wave(n, 0.7),
        &wave(n, 0.3),
    );
    let loss = lstm_of(wide);
    let n = loss.network.lengths(4).iter().sum();
    check(
        loss.clone(),
        |x| loss.reference(x),
        &wave(n, 0.7),
        &wave(n, 0.3),
    );
}
