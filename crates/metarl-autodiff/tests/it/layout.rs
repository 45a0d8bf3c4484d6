//! Names, shapes and first values of parameters.

use metarl_autodiff::{
    Activation, Algebra, Binder, CausalAttention, CausalConv, Gru, Initialization, LayerNorm,
    Layout, Leaf, Lstm, Mlp, Network,
};
use metarl_core::{Purpose, Rng, Seed};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::support::dot;

fn mlp() -> Mlp<3, 2> {
    Mlp {
        hidden: vec![5, 4],
        activation: Activation::Tanh,
        output_gain: 0.1,
    }
}

fn names_and_shapes(network: &impl Network) -> Vec<(String, Vec<usize>)> {
    let layout = Layout::of(network);
    let leaves = layout.leaves().iter();
    leaves
        .map(|leaf| (leaf.name.clone(), leaf.shape.clone()))
        .collect()
}

fn rng(seed: u64) -> Rng {
    Seed::new(seed).stream(Purpose::Initialization, 0, 0, 0)
}

/// The numbers of one parameter.
fn part<'a>(layout: &'a Layout, numbers: &'a [f64], name: &str) -> (&'a Leaf, &'a [f64]) {
    let mut rest = numbers;
    for leaf in layout.leaves() {
        let (own, others) = rest.split_at(leaf.len());
        if leaf.name == name {
            return (leaf, own);
        }
        rest = others;
    }
    panic!("no parameter {name}")
}

#[test]
fn a_perceptron_has_these_parameters() {
    let want = [
        ("hidden.0.weight", vec![3, 5]),
        ("hidden.0.bias", vec![5]),
        ("hidden.1.weight", vec![5, 4]),
        ("hidden.1.bias", vec![4]),
        ("output.weight", vec![4, 2]),
        ("output.bias", vec![2]),
    ];
    assert_eq!(
        names_and_shapes(&mlp()),
        want.map(|(n, s)| (n.to_owned(), s))
    );
    assert_eq!(Layout::of(&mlp()).n_parameters(), 15 + 5 + 20 + 4 + 8 + 2);
}

#[test]
fn recurrent_layers_have_these_parameters() {
    let gru = Gru {
        inputs: 2,
        hidden: 3,
        longest_memory: 2,
    };
    let want = [
        ("input_weight", vec![2, 9]),
        ("recurrent_weight", vec![3, 9]),
        ("bias", vec![9]),
        ("candidate_bias", vec![3]),
    ];
    assert_eq!(names_and_shapes(&gru), want.map(|(n, s)| (n.to_owned(), s)));
    let lstm = Lstm {
        inputs: 2,
        hidden: 3,
        longest_memory: 2,
    };
    let want = [
        ("input_weight", vec![2, 12]),
        ("recurrent_weight", vec![3, 12]),
        ("bias", vec![12]),
    ];
    assert_eq!(
        names_and_shapes(&lstm),
        want.map(|(n, s)| (n.to_owned(), s))
    );
}

fn causal_conv() -> CausalConv {
    CausalConv {
        inputs: 3,
        outputs: 40,
        kernel: 2,
        dilation: 4,
        activation: Activation::Relu,
        gain: 0.5,
    }
}

#[test]
fn causal_layers_have_these_parameters() {
    let want = [("weight", vec![6, 40]), ("bias", vec![40])];
    let want = want.map(|(n, s)| (n.to_owned(), s));
    assert_eq!(names_and_shapes(&causal_conv()), want);
    let attention = CausalAttention {
        inputs: 2,
        key: 3,
        value: 4,
    };
    let want = [
        ("query.weight", vec![2, 3]),
        ("query.bias", vec![3]),
        ("key.weight", vec![2, 3]),
        ("key.bias", vec![3]),
        ("value.weight", vec![2, 4]),
        ("value.bias", vec![4]),
    ];
    let want = want.map(|(n, s)| (n.to_owned(), s));
    assert_eq!(names_and_shapes(&attention), want);
}

#[test]
fn layer_normalization_starts_as_nothing_but_normalization() {
    let layout = Layout::of(&LayerNorm {
        columns: 2_usize,
        epsilon: 1e-5,
    });
    let numbers: Vec<f64> = layout.initialize(&mut rng(1));
    assert_eq!(numbers, [1.0, 1.0, 0.0, 0.0]);
}

#[test]
fn parts_nest_their_names() {
    let pair = (
        Gru {
            inputs: 1,
            hidden: 1,
            longest_memory: 2,
        },
        (mlp(), mlp()),
    );
    let names: Vec<String> = names_and_shapes(&pair).into_iter().map(|p| p.0).collect();
    assert_eq!(names[0], "0.input_weight");
    assert_eq!(names[4], "1.0.hidden.0.weight");
    assert_eq!(names[15], "1.1.output.bias");
}

proptest! {
    #[test]
    fn glorots_limit_is_kept_and_nearly_reached(seed: u64) {
        let layout = Layout::of(&mlp());
        let numbers: Vec<f64> = layout.initialize(&mut rng(seed));
        for (name, inputs, outputs, gain) in [
            ("hidden.0.weight", 3.0, 5.0, 1.0),
            ("hidden.1.weight", 5.0, 4.0, 1.0),
            ("output.weight", 4.0, 2.0, 0.1),
        ] {
            let limit = gain * f64::sqrt(6.0 / (inputs + outputs));
            let (_, values) = part(&layout, &numbers, name);
            let largest = values.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
            prop_assert!(largest <= limit, "{name}: {largest} over {limit}");
            // All of at least eight draws below a twentieth: once in 10¹⁰.
            prop_assert!(largest > limit / 20.0, "{name}: {largest} of {limit}");
        }
        for bias in ["hidden.0.bias", "hidden.1.bias", "output.bias"] {
            prop_assert!(part(&layout, &numbers, bias).1.iter().all(|b| b.to_bits() == 0));
        }
    }

    #[test]
    fn each_gate_gets_glorots_limit_of_its_own_size(seed: u64) {
        let layout = Layout::of(&Lstm { inputs: 20, hidden: 4 , longest_memory: 2});
        let numbers: Vec<f64> = layout.initialize(&mut rng(seed));
        let limit = f64::sqrt(6.0 / 24.0);
        let (_, values) = part(&layout, &numbers, "input_weight");
        let largest = values.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
        prop_assert!((0.9 * limit..=limit).contains(&largest), "{largest} of {limit}");
    }

    #[test]
    fn hes_limit_is_kept_and_nearly_reached(seed: u64) {
        let layout = Layout::of(&causal_conv());
        let numbers: Vec<f64> = layout.initialize(&mut rng(seed));
        // A gain of a half, six inputs.
        let limit = 0.5;
        let (_, values) = part(&layout, &numbers, "weight");
        let largest = values.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
        prop_assert!((0.9 * limit..=limit).contains(&largest), "{largest} of {limit}");
    }

    #[test]
    fn recurrent_weights_of_each_gate_are_orthonormal(seed: u64, hidden in 1..6_usize) {
        let layout = Layout::of(&Gru { inputs: 2, hidden, longest_memory: 2 });
        let numbers: Vec<f64> = layout.initialize(&mut rng(seed));
        let (_, values) = part(&layout, &numbers, "recurrent_weight");
        let rows: Vec<&[f64]> = values.chunks(3 * hidden).collect();
        for gate in 0..3 {
            for (i, one) in rows.iter().enumerate() {
                for (j, other) in rows.iter().enumerate() {
                    let own = gate * hidden..(gate + 1) * hidden;
                    let product = dot(&one[own.clone()], &other[own]);
                    assert_close(&[product], &[f64::from(i == j)], 1e-10);
                }
            }
        }
    }

    #[test]
    fn units_start_with_memories_up_to_the_longest(seed: u64, longest in 3..1000_usize) {
        let (hidden, last) = (64, (longest - 1) as f64);
        let lstm = Layout::of(&Lstm { inputs: 1, hidden, longest_memory: longest });
        let gru = Layout::of(&Gru { inputs: 1, hidden, longest_memory: longest });
        let bias = |layout: &Layout| {
            let numbers: Vec<f64> = layout.initialize(&mut rng(seed));
            part(layout, &numbers, "bias").1.to_vec()
        };
        let (lstm, gru) = (bias(&lstm), bias(&gru));
        let (write, rest) = lstm.split_at(hidden);
        let (keep, rest) = rest.split_at(hidden);
        prop_assert!(rest.iter().all(|b| b.to_bits() == 0));
        prop_assert!(keep.iter().zip(write).all(|(keep, write)| *keep == -*write));
        for keep in [keep, &gru[hidden..2 * hidden]] {
            // A gate of σ(ln u) = u / (1 + u) keeps for 1 + u steps.
            let steps: Vec<f64> = keep.iter().map(|b| b.exp()).collect();
            prop_assert!(steps.iter().all(|u| (0.999..last * 1.001).contains(u)));
            let mean = steps.iter().sum::<f64>() / hidden as f64;
            // Six standard errors of a uniform mean.
            let error = (last - 1.0) * (6.0 / (12.0 * hidden as f64).sqrt());
            prop_assert!((mean - (1.0 + last) / 2.0).abs() <= error + 1e-9);
        }
        let zeros = gru[..hidden].iter().chain(&gru[2 * hidden..]);
        prop_assert!(zeros.into_iter().all(|b| b.to_bits() == 0));
    }

    #[test]
    fn the_same_stream_gives_the_same_parameters(seed: u64) {
        let layout = Layout::of(&(mlp(), Gru { inputs: 2, hidden: 3 , longest_memory: 2}));
        let draw = |seed| layout.initialize::<f32>(&mut rng(seed));
        prop_assert_eq!(draw(seed), draw(seed));
        prop_assert_ne!(draw(seed), draw(seed.wrapping_add(1)));
    }
}

/// Published results depend on these bits.
#[test]
fn first_values_are_stable() {
    let layout = Layout::of(&Mlp::<1, 1> {
        hidden: vec![1],
        activation: Activation::Tanh,
        output_gain: 1.0,
    });
    let numbers: Vec<f32> = layout.initialize(&mut rng(7));
    assert_eq!(numbers, [1.281_224_5, 0.0, -1.545_194_4, 0.0]);
}

/// More blocks than columns leave nothing to draw, and still an end.
#[test]
fn blocks_that_do_not_fit_are_zero() {
    struct Odd(Initialization);

    impl Network for Odd {
        type Bound<A: Algebra> = A::Of<(usize, usize)>;

        fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
            binder.leaf("x", (2, 3), self.0)
        }
    }

    for blocks in [0, 4] {
        let layout = Layout::of(&Odd(Initialization::Orthogonal { blocks }));
        let numbers: Vec<f64> = layout.initialize(&mut rng(1));
        assert_eq!(numbers, [0.0; 6]);
    }
}

#[test]
fn a_leaf_counts_its_numbers() {
    let leaf = |shape: &[usize]| Leaf {
        name: "x".to_owned(),
        shape: shape.to_vec(),
        start: Initialization::Constant(0.0),
    };
    assert_eq!(leaf(&[]).len(), 1);
    assert_eq!(leaf(&[2, 3]).len(), 6);
    assert!(leaf(&[2, 0]).is_empty());
}
