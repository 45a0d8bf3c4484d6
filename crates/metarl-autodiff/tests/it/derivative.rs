//! What has a derivative and what has none.

use dfdx::prelude::{Const, PermuteTo, Rank0, Rank2};
use metarl_autodiff::{
    Algebra, Binder, Differentiable, Error, Initialization, Network, Objective, mixed_derivative,
};
use metarl_testkit::gradient::{assert_close, central_difference};
use proptest::prelude::*;

use crate::device::TestDevice;
use crate::support::{constant, dot, gradient_difference, numbers, on_device};

/// One vector.
#[derive(Debug, Clone)]
struct Vector(usize);

impl Network for Vector {
    type Bound<A: Algebra> = A::Of<(usize,)>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        binder.leaf("x", (self.0,), Initialization::Constant(0.0))
    }
}

/// One number.
struct Number;

impl Network for Number {
    type Bound<A: Algebra> = A::Of<Rank0>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        binder.leaf("x", (), Initialization::Constant(0.0))
    }
}

/// A loss without data: its network and its equation.
macro_rules! objective {
    ($name:ident($network:ty): |$algebra:ident, $x:pat_param| $loss:expr) => {
        struct $name($network);

        impl Objective<f64, TestDevice> for $name {
            type Network = $network;

            fn network(&self) -> &$network {
                &self.0
            }

            fn loss<A: Algebra<Elem = f64, Device = TestDevice>>(
                &self,
                $algebra: &A,
                $x: <$network as Network>::Bound<A>,
            ) -> Result<A::Of<Rank0>, Error> {
                Ok($loss)
            }
        }
    };
}

objective!(Stopped(Vector): |algebra, x| {
    let held = algebra.constant(A::primal(&x));
    A::sum(A::square(x.clone()) * held.clone() + A::square(x - held))
});
objective!(FirstOfTwo((Vector, Vector)): |_algebra, (x, _)| A::sum(A::square(x)));
objective!(Independent(Vector): |algebra, _x| A::sum(constant(algebra, &[2.0, 5.0], (2,))));
objective!(Linear(Vector): |_algebra, x| A::sum(A::scale(x, 3.0)));
objective!(Itself(Number): |_algebra, x| x);
objective!(Kinks(Vector): |algebra, x| {
    let zero = constant(algebra, &[0.0; 3], (3,));
    let bounded = A::clamp(A::scale(x.clone(), 10.0), 0.0, 10.0);
    let smaller = A::minimum(A::scale(x.clone(), 100.0), zero);
    A::sum(A::relu(x) + bounded + smaller)
});
objective!(Masked(Vector): |algebra, x| {
    let never = constant(algebra, &[f64::NEG_INFINITY; 2], (2,));
    let mask = <TestDevice as metarl_autodiff::Kernels<f64>>::mask(&A::primal(&x), &[true, false]);
    A::sum(A::exp(A::choose(mask, x, never)))
});
objective!(View(Vector): |algebra, x| {
    let shape = (Const::<2>, Const::<3>);
    let rows = A::primal(&constant(algebra, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], shape));
    let columns = algebra.constant(rows.permute::<Rank2<3, 2>, _>());
    let x = A::reshape(A::square(x), (Const::<2>, 1_usize));
    A::sum(A::square(A::matmul(columns, x)))
});
// `Σᵢⱼ exp(θᵢ ηⱼ)`
objective!(Coupled((Vector, Vector)): |_algebra, (theta, eta)| {
    let ((n,), (m,)) = (A::shape(&theta), A::shape(&eta));
    A::sum(A::exp(A::repeat_columns(theta, m) * A::repeat_rows(eta, n)))
});
struct Refused;

impl Objective<f64, TestDevice> for Refused {
    type Network = Number;

    fn network(&self) -> &Number {
        &Number
    }

    fn loss<A: Algebra<Elem = f64, Device = TestDevice>>(
        &self,
        _: &A,
        _: A::Of<Rank0>,
    ) -> Result<A::Of<Rank0>, Error> {
        Err(mismatch())
    }
}

fn mismatch() -> Error {
    Error::StepMismatch {
        name: "advantage",
        reference: "log_prob",
        expected: 3,
        got: 2,
    }
}

#[test]
fn a_stopped_gradient_is_stopped() {
    let loss = on_device(Stopped(Vector(2)));
    let (x, v) = ([3.0, -2.0], [1.0, 10.0]);
    let (value, gradient) = loss.gradient(&x).unwrap();
    assert_close(&[value], &[27.0 - 8.0], 1e-12);
    // `2 x x`, not `3 x²`; the squared distance to itself adds nothing.
    assert_close(&gradient, &[18.0, 8.0], 1e-12);
    // `(2 x + 2) v`: what is held stays held the second time.
    let curvature = loss.hessian_vector_product(&x, &v).unwrap();
    assert_close(&curvature, &[8.0, -20.0], 1e-12);
    let (_, slope) = loss.jacobian_vector_product(&x, &v).unwrap();
    assert_close(&[slope], &[18.0 + 80.0], 1e-12);
}

#[test]
fn a_parameter_that_took_no_part_has_gradient_zero() {
    let loss = on_device(FirstOfTwo((Vector(2), Vector(3))));
    let x = [1.0, 2.0, 3.0, 4.0, 5.0];
    let (_, gradient) = loss.gradient(&x).unwrap();
    assert_close(&gradient, &[2.0, 4.0, 0.0, 0.0, 0.0], 0.0);
    let curvature = loss.hessian_vector_product(&x, &[1.0; 5]).unwrap();
    assert_close(&curvature, &[2.0, 2.0, 0.0, 0.0, 0.0], 0.0);
}

#[test]
fn a_loss_that_depends_on_no_parameter_has_derivative_zero() {
    let loss = on_device(Independent(Vector(2)));
    let (x, v) = ([1.0, 2.0], [3.0, 4.0]);
    assert_eq!(loss.gradient(&x).unwrap(), (7.0, vec![0.0; 2].into()));
    assert_eq!(loss.jacobian_vector_product(&x, &v).unwrap(), (7.0, 0.0));
    assert_eq!(loss.hessian_vector_product(&x, &v).unwrap(), [0.0; 2]);
}

#[test]
fn a_linear_loss_has_no_curvature() {
    let loss = on_device(Linear(Vector(2)));
    let (x, v) = ([1.0, 2.0], [3.0, 4.0]);
    assert_eq!(loss.gradient(&x).unwrap(), (9.0, vec![3.0; 2].into()));
    assert_eq!(loss.hessian_vector_product(&x, &v).unwrap(), [0.0; 2]);
}

#[test]
fn a_parameter_may_be_the_loss() {
    let loss = on_device(Itself(Number));
    assert_eq!(loss.gradient(&[5.0]).unwrap(), (5.0, vec![1.0].into()));
    assert_eq!(loss.hessian_vector_product(&[5.0], &[1.0]).unwrap(), [0.0]);
}

/// At 0: rectified slope 0, clamp 10 (its lower bound), the minimum takes its first argument, 100.
/// At 1: 1, 10 (its upper bound), 0. At 2: 1, 0, 0.
#[test]
fn kinks_have_the_documented_slopes() {
    let loss = on_device(Kinks(Vector(3)));
    let x = [0.0, 1.0, 2.0];
    let want = [110.0, 11.0, 1.0];
    assert_eq!(loss.gradient(&x).unwrap().1, want);
    for (i, want) in want.into_iter().enumerate() {
        let mut v = [0.0; 3];
        v[i] = 1.0;
        assert_eq!(
            loss.jacobian_vector_product(&x, &v).unwrap().1.to_bits(),
            f64::to_bits(want)
        );
    }
}

#[test]
fn an_infinite_constant_does_not_spoil_the_tangent() {
    let loss = on_device(Masked(Vector(2)));
    let (x, v) = ([0.0, 1.0], [3.0, 4.0]);
    assert_eq!(loss.gradient(&x).unwrap(), (1.0, vec![1.0, 0.0].into()));
    assert_eq!(loss.jacobian_vector_product(&x, &v).unwrap(), (1.0, 3.0));
    assert_eq!(loss.hessian_vector_product(&x, &v).unwrap(), [3.0, 0.0]);
}

#[test]
fn a_constant_may_be_a_view() {
    let loss = on_device(View(Vector(2)));
    let reference = |x: &[f64]| {
        let rows = [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]];
        let y = rows.map(|[a, b]| a * x[0] * x[0] + b * x[1] * x[1]);
        y.iter().map(|y| y * y).sum()
    };
    let x = [0.5, -0.3];
    let (value, gradient) = loss.gradient(&x).unwrap();
    assert_close(&[value], &[reference(&x)], 1e-12);
    assert_close(&gradient, &central_difference(reference, &x), 1e-8);
}

proptest! {
    #[test]
    fn mixed_derivative_is_how_one_gradient_moves_with_the_other(
        (theta, v) in (1..4_usize).prop_flat_map(|n| (numbers(n), numbers(n))),
        eta in (1..4_usize).prop_flat_map(numbers),
    ) {
        let loss = on_device(Coupled((Vector(theta.len()), Vector(eta.len()))));
        let whole = [theta.clone(), eta.clone()].concat();
        let mixed = mixed_derivative(&loss, &whole, &v).unwrap();

        // `⟨∇θ L, v⟩ = Σᵢ vᵢ Σⱼ ηⱼ exp(θᵢ ηⱼ)`
        let slope = |eta: &[f64]| {
            let by_theta = |t: &f64| eta.iter().map(|e| e * (t * e).exp()).sum::<f64>();
            dot(&theta.iter().map(by_theta).collect::<Vec<_>>(), &v)
        };
        assert_close(&mixed, &central_difference(slope, &eta), 1e-7);
    }

    #[test]
    fn curvature_of_a_coupled_loss_is_a_difference_of_gradients(
        x in numbers(5), v in numbers(5),
    ) {
        let loss = on_device(Coupled((Vector(2), Vector(3))));
        let product = loss.hessian_vector_product(&x, &v).unwrap();
        assert_close(&product, &gradient_difference(&loss, &x, &v), 1e-7);
    }
}

#[test]
fn wrong_lengths_are_named() {
    let loss = on_device(Linear(Vector(2)));
    let wrong = |name, got| Error::ParameterCount {
        name,
        expected: 2,
        got,
    };
    assert_eq!(loss.value(&[0.0]), Err(wrong("parameters", 1)));
    assert_eq!(loss.gradient(&[0.0; 3]), Err(wrong("parameters", 3)));
    let product = loss.hessian_vector_product(&[0.0; 2], &[0.0; 3]);
    assert_eq!(product, Err(wrong("direction", 3)));
    let product = loss.jacobian_vector_product(&[0.0; 2], &[]);
    assert_eq!(product, Err(wrong("direction", 0)));
    let mixed = mixed_derivative(&loss, &[0.0; 2], &[0.0; 3]);
    assert_eq!(mixed, Err(wrong("direction", 3)));
    let mixed = mixed_derivative(&loss, &[0.0; 1], &[0.0; 2]);
    assert_eq!(mixed, Err(wrong("parameters", 1)));
}

#[test]
fn a_loss_may_refuse() {
    let loss = on_device(Refused);
    assert_eq!(loss.value(&[0.0]), Err(mismatch()));
    assert_eq!(loss.gradient(&[0.0]), Err(mismatch()));
    assert_eq!(loss.hessian_vector_product(&[0.0], &[1.0]), Err(mismatch()));
    assert_eq!(
        loss.jacobian_vector_product(&[0.0], &[1.0]),
        Err(mismatch())
    );
}
