//! Adaptations whose every number is known by hand.

use metarl_autodiff::{Buffer, Differentiable, Error};
use metarl_optim::{Adaptation, MamlTask, MetaGradient};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::difference::{moved, numbers};
use crate::quadratic::{Quadratic, product, symmetric};

/// `θ³/3`: gradient `θ²`, curvature `2θ`, so that it matters where the curvature is taken.
#[derive(Debug, Clone, Copy)]
struct Cubic;

impl Differentiable<f64> for Cubic {
    fn n_parameters(&self) -> usize {
        1
    }
    fn value(&self, x: &[f64]) -> Result<f64, Error> {
        Ok(x[0].powi(3) / 3.0)
    }
    fn gradient(&self, x: &[f64]) -> Result<(f64, Buffer<f64>), Error> {
        Ok((self.value(x)?, vec![x[0] * x[0]].into()))
    }
    fn hessian_vector_product(&self, x: &[f64], v: &[f64]) -> Result<Buffer<f64>, Error> {
        Ok(vec![2.0 * x[0] * v[0]].into())
    }
}

fn identity() -> Quadratic {
    Quadratic {
        matrix: vec![vec![1.0]],
        center: vec![0.0],
    }
}

/// `1 → 1 − 1/4 = 3/4 → 3/4 − 9/64 = 39/64`; slopes `1 − 2/4 = 1/2` and `1 − 3/8 = 5/8`. All of
/// them are binary fractions, so equality is exact.
#[test]
fn two_steps_down_a_cubic() {
    let task = MamlTask {
        support: vec![Cubic; 2],
        query: identity(),
        inner_lr: 0.25,
    };
    let adapted = Adaptation::along(&[1.0], &task.support, task.inner_lr).unwrap();
    assert_eq!(adapted.adapted(), [39.0 / 64.0]);

    let value = 0.5 * (39.0 / 64.0) * (39.0 / 64.0);
    let second = task.gradient(&[1.0], MetaGradient::SecondOrder).unwrap();
    assert_eq!(second, (value, vec![39.0 / 64.0 * 0.5 * 0.625].into()));
    let first = task.gradient(&[1.0], MetaGradient::FirstOrder).unwrap();
    assert_eq!(first, (value, vec![39.0 / 64.0].into()));
}

/// Each step keeps its own step size: `1 → 3/4` with ¼, then `3/4 → 3/4 − 9/32 = 15/32` with ½ and
/// slopes `1/2` and `1 − 3/4 = 1/4`.
#[test]
fn step_sizes_may_differ() {
    let mut path = Adaptation::new(&[1.0]);
    path.step(&Cubic, 0.25).unwrap();
    path.step(&Cubic, 0.5).unwrap();
    assert_eq!(path.adapted(), [15.0 / 32.0]);
    let order = MetaGradient::SecondOrder;
    assert_eq!(path.pull_back(&[Cubic; 2], &[8.0], order).unwrap(), [1.0]);
    assert_eq!(
        path.push_forward(&[Cubic; 2], &[8.0], order).unwrap(),
        [1.0]
    );
}

/// `(I − α A) v`
fn shrink(matrix: &[Vec<f64>], lr: f64, v: &[f64]) -> Vec<f64> {
    moved(v, -lr, &product(matrix, v))
}

proptest! {
    /// On quadratics `θₖ − cₖ = (I − α Aₖ)(θₖ₋₁ − cₖ)` and `J = (I − α A_K) … (I − α A₁)`, whose
    /// factors do not commute.
    #[test]
    fn quadratics_multiply_their_contractions(
        (losses, start, v, lr) in (1..4_usize, 0..5_usize).prop_flat_map(|(n, k)| {
            let loss = (symmetric(n), numbers(n))
                .prop_map(|(matrix, center)| Quadratic { matrix, center });
            (prop::collection::vec(loss, k + 1), numbers(n), numbers(n), 0.05..1.0)
        })
    ) {
        let (query, support) = losses.split_last().unwrap();
        let task = MamlTask { support: support.to_vec(), query: query.clone(), inner_lr: lr };

        let adapted = support.iter().fold(start.clone(), |theta, loss| {
            let away = moved(&theta, -1.0, &loss.center);
            moved(&loss.center, 1.0, &shrink(&loss.matrix, lr, &away))
        });
        let path = Adaptation::along(&start, support, lr).unwrap();
        assert_close(path.adapted(), &adapted, 1e-12);

        let order = MetaGradient::SecondOrder;
        let forward = support.iter().fold(v.clone(), |v, loss| shrink(&loss.matrix, lr, &v));
        assert_close(&path.push_forward(support, &v, order).unwrap(), &forward, 1e-12);
        let back = |v: &[f64]| {
            let losses = support.iter().rev();
            losses.fold(v.to_vec(), |v, loss| shrink(&loss.matrix, lr, &v))
        };
        assert_close(&path.pull_back(support, &v, order).unwrap(), &back(&v), 1e-12);

        let slope = product(&query.matrix, &moved(&adapted, -1.0, &query.center));
        let (_, got) = task.gradient(&start, order).unwrap();
        assert_close(&got, &back(&slope), 1e-12);
    }
}
