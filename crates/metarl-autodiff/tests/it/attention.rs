//! Causal attention, alone and with its linear layers.

use metarl_autodiff::{
    Activation, Algebra, Binder, CausalAttention, CausalAttentionParameters, Initialization,
    Network, Plain,
};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::device::{TestDevice, test_device};
use crate::layer::{Layer, large, sequence, weighed};
use crate::reference;
use crate::support::{constant, numbers};

/// Queries as input, keys and values as parameters.
#[derive(Debug, Clone)]
struct Pairs {
    n_queries: usize,
    d: usize,
    e: usize,
    n_lanes: usize,
    reset: Vec<bool>,
}

impl Network for Pairs {
    type Bound<A: Algebra> = (A::Of<(usize, usize)>, A::Of<(usize, usize)>);

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let (n, start) = (self.reset.len(), Initialization::Constant(0.0));
        let key = binder.leaf("key", (n, self.d), start);
        (key, binder.leaf("value", (n, self.e), start))
    }
}

impl Layer for Pairs {
    fn shape(&self) -> (usize, usize) {
        (self.n_queries, self.d)
    }

    fn forward<A: Algebra>(
        &self,
        (key, value): (A::Of<(usize, usize)>, A::Of<(usize, usize)>),
        query: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        A::causal_attention(query, key, value, self.n_lanes, &self.reset)
    }

    fn reference(&self, query: &[f64], parameters: &[&[f64]]) -> Vec<f64> {
        let lanes = (self.n_lanes, &*self.reset);
        reference::causal_attention(query, parameters[0], parameters[1], self.d, lanes)
    }
}

fn pairs() -> impl Strategy<Value = Pairs> {
    let sizes = (
        sequence(6),
        1..4_usize,
        1..4_usize,
        any::<prop::sample::Index>(),
    );
    sizes.prop_map(|((n_lanes, reset), d, e, asked)| Pairs {
        n_queries: (asked.index(reset.len() / n_lanes) + 1) * n_lanes,
        d,
        e,
        n_lanes,
        reset,
    })
}

/// The layer and the sequence it runs over.
#[derive(Debug, Clone)]
struct Past {
    layer: CausalAttention,
    n_lanes: usize,
    reset: Vec<bool>,
}

impl Network for Past {
    type Bound<A: Algebra> = CausalAttentionParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        self.layer.bind(binder)
    }
}

impl Layer for Past {
    fn shape(&self) -> (usize, usize) {
        (self.reset.len(), self.layer.inputs)
    }

    fn forward<A: Algebra>(
        &self,
        layer: CausalAttentionParameters<A>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        layer.forward(x, self.n_lanes, &self.reset)
    }

    fn reference(&self, x: &[f64], parameters: &[&[f64]]) -> Vec<f64> {
        let linear = |k: usize| {
            let (w, b) = (parameters[2 * k], parameters[2 * k + 1]);
            reference::dense(x, w, b, Activation::Identity)
        };
        let lanes = (self.n_lanes, &*self.reset);
        reference::causal_attention(&linear(0), &linear(1), &linear(2), self.layer.key, lanes)
    }
}

prop_compose! {
    fn past()(
        (inputs, key, value) in (1..4_usize, 1..4_usize, 1..4_usize),
        (n_lanes, reset) in sequence(5),
    ) -> Past {
        Past { layer: CausalAttention { inputs, key, value }, n_lanes, reset }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn causal_attention_is_its_equation((loss, x, v) in weighed(pairs())) {
        loss.check(&x, &v);
    }

    #[test]
    fn an_attention_layer_is_its_equation((loss, x, v) in weighed(past())) {
        loss.check(&x, &v);
    }

    #[test]
    fn weights_do_not_depend_on_the_size_of_scores(x in numbers(12), shift in -1e4..1e4_f64) {
        type A = Plain<f64, TestDevice>;
        let plain = A::new(test_device());
        let read = |shift: f64| {
            // One more column that adds `shift` to every score.
            let keys: Vec<f64> = x[..4].iter().flat_map(|x| [*x, shift]).collect();
            let queries: Vec<f64> = x[4..8].iter().flat_map(|x| [*x, 1.0]).collect();
            let [q, k, v] = [&queries, &keys, &x[8..].to_vec()]
                .map(|x| constant(&plain, x, (4, x.len() / 4)));
            A::primal(&A::causal_attention(q, k, v, 1, &[false; 4])).as_vec()
        };
        assert_close(&read(shift), &read(0.0), 1e-9);
    }
}

/// Several blocks of queries, a start anew in the middle of one, and queries for the last steps only.
#[test]
fn long_sequences_are_cut_into_blocks() {
    for n_queries in [300, 150] {
        let mut reset = vec![false; 300];
        reset[181] = true;
        let (loss, x) = large(Pairs {
            n_queries,
            d: 2,
            e: 1,
            n_lanes: 2,
            reset,
        });
        loss.check_gradient(&x);
    }
}
