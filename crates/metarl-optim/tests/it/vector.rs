//! Flat vectors.

use metarl_optim::vector::{axpy, dot, mean};

#[test]
fn dot_multiplies_and_adds_up_in_double_precision() {
    // 4097² = 16785409 has no place in single precision, and 1 is lost beside 2²⁴.
    assert_eq!(dot(&[4097.0_f32, 4096.0], &[4097.0, -4096.0]), 8193.0);
    assert_eq!(
        dot(&[4096.0_f32, 1.0, -4096.0], &[4096.0, 1.0, 4096.0]),
        1.0
    );
}

#[test]
fn axpy_adds_a_multiple() {
    let mut y = [1.0, 2.0];
    axpy(-0.5, &[4.0, 8.0], &mut y);
    assert_eq!(y, [-1.0, -2.0]);
}

#[test]
fn mean_is_element_by_element() {
    assert_eq!(mean([&[1.0, 2.0][..], &[3.0, 6.0]].into_iter()), [2.0, 4.0]);
    assert_eq!(mean([&[1.5_f32][..]].into_iter()), [1.5]);
}

#[test]
#[should_panic(expected = "at least one vector")]
fn a_mean_of_nothing_is_a_bug_of_the_caller() {
    mean::<f64>([].into_iter());
}
