//! Look-ups of tensors: gradients through an embedding, against differences of the reference.

use dfdx::prelude::*;
use metarl_memory::{BruteForce, Dictionary, DictionaryConfig, Error, Kernel, LookUp};
use proptest::prelude::*;

use crate::reference::{Entries, wide};

const N_INPUTS: usize = 3;
const DIMENSION: usize = 2;
const WIDTH: usize = 2;
const BATCH: usize = 3;

type Numbers<const N: usize> = [f32; N];

fn numbers<const N: usize>() -> impl Strategy<Value = Numbers<N>> {
    prop::collection::vec(-1.0_f32..1.0, N).prop_map(|v| v.try_into().expect("N of them"))
}

fn dictionary(
    kernel: Kernel,
    entries: &[(Numbers<DIMENSION>, Numbers<WIDTH>)],
) -> Dictionary<BruteForce> {
    let config = DictionaryConfig {
        n_neighbors: 3,
        kernel,
        ..DictionaryConfig::default()
    };
    let neighbors = BruteForce::new(DIMENSION, 10).expect("small sizes");
    let mut dictionary = Dictionary::new(neighbors, WIDTH, config).expect("in its range");
    for (key, value) in entries {
        dictionary.write(key, value).expect("finite");
    }
    dictionary
}

/// `tanh(x W)` of one observation.
fn embed(x: &[f64], weight: &[f64]) -> Vec<f64> {
    (0..DIMENSION)
        .map(|j| {
            let sum: f64 = x
                .iter()
                .enumerate()
                .map(|(i, x)| x * weight[i * DIMENSION + j])
                .sum();
            sum.tanh()
        })
        .collect()
}

proptest! {
    #[test]
    fn gradients_reach_the_embedding(
        kernel in prop_oneof![
            Just(Kernel::InverseDistance { delta: 0.1 }),
            Just(Kernel::Gaussian { bandwidth: 0.8 }),
        ],
        entries in prop::collection::vec((numbers::<DIMENSION>(), numbers::<WIDTH>()), 1..8),
        x in numbers::<{ BATCH * N_INPUTS }>(),
        weight in numbers::<{ N_INPUTS * DIMENSION }>(),
        loss_weight in numbers::<{ BATCH * WIDTH }>(),
    ) {
        let mut dictionary = dictionary(kernel, &entries);
        let device = Cpu::default();
        let x_tensor: Tensor<Rank2<BATCH, N_INPUTS>, f32, _> =
            device.tensor_from_vec(x.to_vec(), (Const, Const));
        let weight_tensor: Tensor<Rank2<N_INPUTS, DIMENSION>, f32, _> =
            device.tensor_from_vec(weight.to_vec(), (Const, Const));
        let queries = x_tensor.leaky_trace().matmul(weight_tensor.clone()).tanh();
        let query_rows = queries.as_vec();

        let (output, by_entry) = dictionary.look_up_rows(queries).expect("entries");

        prop_assert!(by_entry.take().is_empty());
        let mut one_by_one = Vec::new();
        let mut slots = Vec::new();
        for query in query_rows.chunks_exact(DIMENSION) {
            let mut look_up = LookUp::default();
            one_by_one.extend_from_slice(dictionary.peek(query, &mut look_up).expect("entries"));
            slots.push(look_up.neighbors().iter().map(|n| n.slot).collect::<Vec<_>>());
        }
        prop_assert_eq!(output.as_vec(), one_by_one);

        let loss_weights = device.tensor_from_vec(loss_weight.to_vec(), (Const::<BATCH>, WIDTH));
        let gradients = (output * loss_weights).sum::<Rank0, _>().backward();

        let (x, loss_weight) = (wide(&x), wide(&loss_weight));
        let loss = |weight: &[f64]| -> f64 {
            let rows = x.chunks_exact(N_INPUTS).zip(&slots).zip(loss_weight.chunks_exact(WIDTH));
            rows.map(|((x, slots), loss_weight)| {
                let mut read = Entries::of(&dictionary, &[], slots.iter().copied());
                read.query = embed(x, weight);
                let output = read.output(kernel);
                output.iter().zip(loss_weight).map(|(o, w)| o * w).sum::<f64>()
            })
            .sum()
        };
        let step = 1e-5;
        for (i, got) in gradients.get(&weight_tensor).as_vec().into_iter().enumerate() {
            let at = |shift: f64| {
                let mut weight = wide(&weight);
                weight[i] += shift;
                loss(&weight)
            };
            let expected = (at(step) - at(-step)) / (2.0 * step);
            prop_assert!((f64::from(got) - expected).abs() < 1e-3, "{i}: {got} {expected}");
        }

        let by_entry = by_entry.take();
        prop_assert_eq!(by_entry.len(), BATCH);
        for ((gradient, slots), loss_weight) in
            by_entry.iter().zip(&slots).zip(loss_weight.chunks_exact(WIDTH))
        {
            prop_assert_eq!(gradient.slots(), &slots[..]);
            // ∂L/∂vᵢ = wᵢ g, and the weights add up to 1.
            let total: f64 = gradient.values.iter().step_by(WIDTH).map(|x| f64::from(*x)).sum();
            prop_assert!((total - loss_weight[0]).abs() < 1e-5);
        }
    }
}

#[test]
fn a_view_of_rows_has_its_gradient_too() {
    let kernel = Kernel::InverseDistance { delta: 0.1 };
    let mut dictionary = dictionary(
        kernel,
        &[([0.5, 0.1], [1.0, 2.0]), ([-0.5, 0.3], [3.0, -1.0])],
    );
    let device = Cpu::default();
    let rows = device.tensor([[0.1_f32, 0.4], [0.2, -0.3]]);
    let columns = device.tensor([[0.1_f32, 0.2], [0.4, -0.3]]);
    let mut gradient = |queries: Tensor<Rank2<2, 2>, f32, Cpu, OwnedTape<f32, Cpu>>| {
        let (output, _) = dictionary.look_up_rows(queries).unwrap();
        output.square().sum::<Rank0, _>().backward()
    };
    let by_rows = gradient(rows.leaky_trace()).get(&rows).array();
    let by_columns = gradient(columns.leaky_trace().permute())
        .get(&columns)
        .array();
    assert_eq!(by_rows[0][1], by_columns[1][0]);
    assert_eq!(by_rows[1][0], by_columns[0][1]);
    assert_ne!(by_rows[0][1], by_rows[1][0]);
}

#[test]
fn a_row_that_is_refused_refuses_all() {
    let kernel = Kernel::InverseDistance { delta: 0.1 };
    let mut dictionary = dictionary(
        kernel,
        &[([0.5, 0.1], [1.0, 2.0]), ([-0.5, 0.3], [3.0, -1.0])],
    );
    let before = dictionary.recency().clone();
    let device = Cpu::default();
    let diverged = device.tensor([[-0.5_f32, 0.3], [0.0, f32::NAN]]);
    let refusal = dictionary.look_up_rows(diverged).map(|_| ()).unwrap_err();
    assert!(
        matches!(refusal, Error::NonFinite { position: 1, .. }),
        "{refusal}"
    );
    let wide = dictionary
        .look_up_rows(device.tensor([[0.0_f32; 3]]))
        .map(|_| ())
        .unwrap_err();
    assert_eq!(
        wide.to_string(),
        "each query has 3 numbers, the memory holds 2"
    );
    assert_eq!(dictionary.recency(), &before);
}
