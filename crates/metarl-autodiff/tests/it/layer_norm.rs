//! Layer normalization.

use metarl_autodiff::{Algebra, Binder, LayerNorm, LayerNormParameters, Network};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::device::{TestDevice, test_device};
use crate::layer::{Layer, large, weighed};
use crate::reference;

/// A few rows.
#[derive(Debug, Clone)]
struct Rows {
    n: usize,
    layer: LayerNorm<usize>,
}

impl Network for Rows {
    type Bound<A: Algebra> = LayerNormParameters<A, usize>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        self.layer.bind(binder)
    }
}

impl Layer for Rows {
    fn shape(&self) -> (usize, usize) {
        (self.n, self.layer.columns)
    }

    fn forward<A: Algebra>(
        &self,
        layer: LayerNormParameters<A, usize>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        layer.forward(x)
    }

    fn reference(&self, x: &[f64], parameters: &[&[f64]]) -> Vec<f64> {
        reference::layer_norm(x, parameters[0], parameters[1], self.layer.epsilon)
    }
}

prop_compose! {
    /// A small epsilon makes rows of nearly equal numbers too steep for differences.
    fn rows()(n in 1..4_usize, columns in 1..7_usize, epsilon in 0.1..1.0) -> Rows {
        Rows { n, layer: LayerNorm { columns, epsilon } }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn layer_normalization_is_its_equation((loss, x, v) in weighed(rows())) {
        loss.check(&x, &v);
    }
}

/// 37 columns: two vector registers and a rest.
#[test]
fn wide_rows_are_normalized() {
    let layer = LayerNorm {
        columns: 37,
        epsilon: 1e-5,
    };
    let (loss, x) = large(Rows { n: 3, layer });
    loss.check_gradient(&x);
}

#[test]
fn a_constant_row_is_its_bias() {
    use metarl_autodiff::Plain;

    use crate::support::constant;

    type A = Plain<f64, TestDevice>;
    let plain = A::new(test_device());
    let row = |x: &[f64]| constant(&plain, x, (3,));
    let x = constant(&plain, &[7.0; 3], (1, 3));
    let y = A::layer_norm(x, row(&[2.0; 3]), row(&[0.5, 1.0, 1.5]), 1e-5);
    assert_close(&A::primal(&y).as_vec(), &[0.5, 1.0, 1.5], 0.0);
}
