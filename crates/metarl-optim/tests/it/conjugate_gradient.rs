//! Systems with a known solution.

use std::cell::Cell;
use std::convert::Infallible;

use metarl_autodiff::Buffer;
use metarl_optim::conjugate_gradient;
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::difference::{moved, numbers};
use crate::quadratic::{dot, positive_definite, product, symmetric};

fn solve(matrix: &[Vec<f64>], b: &[f64], n_iterations: usize, tolerance: f64) -> Buffer<f64> {
    let multiply = |v: &[f64]| Ok::<_, Infallible>(product(matrix, v).into());
    match conjugate_gradient(multiply, b, n_iterations, tolerance) {
        Ok(x) => x,
    }
}

proptest! {
    #[test]
    fn as_many_steps_as_unknowns_solve_the_system(
        (a, x) in (1..7_usize).prop_flat_map(|n| (positive_definite(n), numbers(n)))
    ) {
        // One step more than exact arithmetic needs takes up the rounding.
        let got = solve(&a, &product(&a, &x), x.len() + 1, 0.0);
        assert_close(&got, &x, 1e-9);
    }

    #[test]
    fn the_residual_is_as_small_as_asked(
        (a, b, exponent) in
            (1..9_usize).prop_flat_map(|n| (positive_definite(n), numbers(n), 1..10_i32))
    ) {
        let tolerance = 10.0_f64.powi(-exponent);
        let residual = moved(&b, -1.0, &product(&a, &solve(&a, &b, 20, tolerance)));
        prop_assert!(dot(&residual, &residual) <= (1.0 + 1e-6) * tolerance * dot(&b, &b));
    }

    /// Every step lowers `½ xᵀAx − bᵀx`, the error in the norm of `A`.
    #[test]
    fn more_steps_are_never_worse(
        (a, b) in (1..9_usize).prop_flat_map(|n| (positive_definite(n), numbers(n)))
    ) {
        let energy = |n: usize| {
            let x = solve(&a, &b, n, 0.0);
            0.5 * dot(&x, &product(&a, &x)) - dot(&b, &x)
        };
        for n in 0..b.len() {
            prop_assert!(energy(n + 1) <= energy(n) + 1e-12);
        }
    }

    /// Indefinite or singular: it stops where the curvature ends, with numbers.
    #[test]
    fn any_symmetric_matrix_gives_numbers(
        (a, b) in (1..7_usize).prop_flat_map(|n| (symmetric(n), numbers(n)))
    ) {
        let x = solve(&a, &b, 20, 1e-10);
        prop_assert!(x.iter().all(|x| x.is_finite()));
        // It went along directions of positive curvature only, all of them downhill.
        prop_assert!(0.5 * dot(&x, &product(&a, &x)) <= dot(&b, &x) + 1e-9);
    }

    #[test]
    fn products_are_no_more_than_allowed(
        (a, b, n) in (1..7_usize, 0..7_usize)
            .prop_flat_map(|(size, n)| (positive_definite(size), numbers(size), Just(n)))
    ) {
        let n_products = Cell::new(0);
        let multiply = |v: &[f64]| {
            n_products.set(n_products.get() + 1);
            Ok::<_, Infallible>(product(&a, v).into())
        };
        let Ok(_) = conjugate_gradient(multiply, &b, n, 0.0);
        prop_assert!(n_products.get() <= n);
    }
}

#[test]
fn one_step_goes_to_the_least_along_the_gradient() {
    // Length ⟨b, b⟩ / ⟨b, A b⟩ = 2 / 4.
    let a = [vec![1.0, 0.0], vec![0.0, 3.0]];
    assert_eq!(solve(&a, &[1.0, 1.0], 1, 0.0), [0.5, 0.5]);
}

#[test]
fn negative_curvature_ends_it_with_what_was_solved() {
    let a = [vec![1.0, 0.0], vec![0.0, -1.0]];
    // ⟨b, A b⟩ = 1 − 4: not one step.
    assert_eq!(solve(&a, &[1.0, 2.0], 10, 0.0), [0.0, 0.0]);
    // ⟨b, A b⟩ = 4 − 1: one step of length 5/3, after which the curvature is −1200/81.
    let x = solve(&a, &[2.0, 1.0], 10, 0.0);
    assert_close(&x, &[10.0 / 3.0, 5.0 / 3.0], 1e-15);
}

#[test]
fn a_zero_right_hand_side_costs_nothing() {
    let none = |_: &[f64]| Err("no product is needed");
    assert_eq!(
        conjugate_gradient(none, &[0.0; 3], 10, 1e-10),
        Ok(Buffer::zeros(3))
    );
    assert_eq!(
        conjugate_gradient(none, &[0.0; 3], 10, 0.0),
        Ok(Buffer::zeros(3))
    );
}

#[test]
fn an_error_of_the_product_is_passed_on() {
    let fails = |_: &[f64]| Err("no product");
    assert_eq!(
        conjugate_gradient(fails, &[1.0], 10, 0.0),
        Err("no product")
    );
}

#[test]
fn single_precision_solves_too() {
    let diagonal = |v: &[f32]| Ok::<_, Infallible>(vec![2.0 * v[0], 8.0 * v[1]].into());
    let Ok(x) = conjugate_gradient(diagonal, &[1.0_f32, 1.0], 10, 1e-10);
    assert!((x[0] - 0.5).abs() < 1e-6 && (x[1] - 0.125).abs() < 1e-6);
}
