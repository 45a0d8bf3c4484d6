//! Steps within a divergence, where the natural gradient is known.

use std::cell::Cell;
use std::convert::Infallible;

use metarl_autodiff::Buffer;
use metarl_optim::{Error, Measured, TrustRegion, TrustRegionStep};
use proptest::prelude::*;

use crate::difference::{assert_near, distance, moved, norm, numbers};
use crate::quadratic::{dot, positive_definite, product};

/// A loss `gᵀd + ½ bend ‖d‖²` and a divergence `½ dᵀFd (1 + spread ‖d‖)` at `θ + d`, with `g` such
/// that the damped natural gradient is `natural`.
#[derive(Debug, Clone)]
struct Hill {
    start: Vec<f64>,
    natural: Vec<f64>,
    gradient: Vec<f64>,
    fisher: Vec<Vec<f64>>,
    bend: f64,
    spread: f64,
    region: TrustRegion,
}

impl Hill {
    fn measure(&self, parameters: &[f64]) -> Measured {
        let d = moved(parameters, -1.0, &self.start);
        let metric = 0.5 * dot(&d, &product(&self.fisher, &d));
        Measured {
            loss: dot(&self.gradient, &d) + 0.5 * self.bend * dot(&d, &d),
            divergence: metric * (1.0 + self.spread * norm(&d)),
        }
    }

    fn step(&self) -> TrustRegionStep<f64> {
        let fisher = |v: &[f64]| Ok::<_, Infallible>(product(&self.fisher, v).into());
        let measure = |x: &[f64]| Ok(self.measure(x));
        match self
            .region
            .step(&self.start, 0.0, &self.gradient, fisher, measure)
        {
            Ok(step) => step,
        }
    }

    /// `−ρʲ √(2δ / sᵀ (F + cI) s) s`
    fn shortened(&self, j: usize) -> Vec<f64> {
        let curvature = dot(&self.natural, &self.gradient);
        let whole = (2.0 * self.region.max_divergence / curvature).sqrt();
        let length = whole * self.region.backtrack_ratio.powi(j as i32);
        moved(&self.start, -length, &self.natural)
    }

    fn allows(&self, parameters: &[f64]) -> bool {
        let measured = self.measure(parameters);
        measured.loss < 0.0 && measured.divergence <= self.region.max_divergence
    }
}

fn hills(bend: f64, spread: f64) -> impl Strategy<Value = Hill> {
    let region = (1e-3..0.1, 1e-3..0.1, 0.3..0.9, 1..20_usize).prop_map(
        |(max_divergence, damping, backtrack_ratio, n_backtracks)| TrustRegion {
            max_divergence,
            damping,
            backtrack_ratio,
            n_backtracks,
            ..TrustRegion::default()
        },
    );
    let vectors = (1..5_usize).prop_flat_map(|n| (numbers(n), numbers(n), positive_definite(n)));
    (vectors, region, 0.0..=bend, 0.0..=spread)
        .prop_filter("a gradient", |((_, natural, _), ..)| norm(natural) > 1e-2)
        .prop_map(|((start, natural, fisher), region, bend, spread)| Hill {
            gradient: moved(&product(&fisher, &natural), region.damping, &natural),
            start,
            natural,
            fisher,
            bend,
            spread,
            region,
        })
}

proptest! {
    /// With a straight loss and a quadratic divergence the first try stands. Conjugate gradients
    /// stop at a relative residual of 1e-5, and eigenvalues are above 1.
    #[test]
    fn the_step_is_the_natural_gradient_to_the_bound(hill in hills(0.0, 0.0)) {
        let step = hill.step();

        prop_assert!(step.accepted);
        prop_assert_eq!(step.measured, hill.measure(&step.parameters));
        let moved_by = moved(&step.parameters, -1.0, &hill.start);
        let want = moved(&hill.shortened(0), -1.0, &hill.start);
        assert_near(&moved_by, &want, 1e-3);

        // The bound is on the Fisher matrix without its damping.
        let undamped = dot(&hill.natural, &product(&hill.fisher, &hill.natural));
        let share = undamped / dot(&hill.natural, &hill.gradient);
        let reached = step.measured.divergence / hill.region.max_divergence;
        prop_assert!(reached <= 1.0 && (reached - share).abs() < 1e-3);
    }

    /// On curved ones the longest try that is allowed stands, and nothing when none is.
    #[test]
    fn the_line_search_takes_the_first_allowed_try(hill in hills(100.0, 30.0)) {
        let tries: Vec<_> = (0..hill.region.n_backtracks).map(|j| hill.shortened(j)).collect();
        let margin = |x: &[f64]| {
            let measured = hill.measure(x);
            let loss = measured.loss.abs() / norm(&hill.gradient);
            loss.min((measured.divergence / hill.region.max_divergence - 1.0).abs())
        };
        // What conjugate gradients leave over must not decide.
        prop_assume!(tries.iter().all(|x| margin(x) > 1e-3 * distance(x, &hill.start)));

        let step = hill.step();

        let want = tries.iter().find(|x| hill.allows(x));
        prop_assert_eq!(step.accepted, want.is_some());
        if let Some(want) = want {
            assert_near(
                &moved(&step.parameters, -1.0, &hill.start),
                &moved(want, -1.0, &hill.start),
                1e-3,
            );
        }
    }

    #[test]
    fn no_step_is_worse_or_farther_than_allowed(hill in hills(300.0, 100.0)) {
        let step = hill.step();
        if step.accepted {
            prop_assert!(hill.allows(&step.parameters));
            prop_assert_eq!(step.measured, hill.measure(&step.parameters));
        } else {
            prop_assert_eq!(step.parameters, hill.start);
            prop_assert_eq!(step.measured, Measured { loss: 0.0, divergence: 0.0 });
        }
    }
}

/// Measures one parameter after the other, from a list that repeats its last entry.
fn scripted(script: &[(f64, f64)]) -> (TrustRegionStep<f64>, usize) {
    let n_tries = Cell::new(0);
    let measure = |_: &[f64]| {
        let k = n_tries.replace(n_tries.get() + 1);
        let (loss, divergence) = script[k.min(script.len() - 1)];
        Ok::<_, Infallible>(Measured { loss, divergence })
    };
    let region = TrustRegion {
        max_divergence: 0.5,
        damping: 0.0,
        n_backtracks: 4,
        backtrack_ratio: 0.5,
        ..TrustRegion::default()
    };
    // F = 1 and g = 1: the whole step is √(2 · ½ / 1) = 1 long.
    let identity = |v: &[f64]| Ok(Buffer::copy_of(v));
    let Ok(step) = region.step(&[3.0], 1.0, &[1.0], identity, measure);
    (step, n_tries.get())
}

#[test]
fn tries_halve_until_one_is_allowed() {
    let (step, n_tries) = scripted(&[(0.9, 0.6), (1.1, 0.4), (0.9, 0.4)]);
    assert_eq!((step.accepted, n_tries), (true, 3));
    assert_eq!(step.parameters, [3.0 - 0.25]);
    assert_eq!((step.measured.loss, step.measured.divergence), (0.9, 0.4));
}

#[test]
fn the_bound_itself_is_allowed_and_an_equal_loss_is_not() {
    assert_eq!(scripted(&[(0.9, 0.5)]).0.parameters, [2.0]);
    assert!(!scripted(&[(1.0, 0.1)]).0.accepted);
}

#[test]
fn what_is_not_a_number_is_not_better() {
    let (step, n_tries) = scripted(&[(f64::NAN, 0.1), (0.5, f64::NAN), (0.5, 0.1)]);
    assert_eq!((step.parameters[0], n_tries), (3.0 - 0.25, 3));
    for bad in [(f64::NAN, 0.1), (0.5, f64::NAN), (f64::INFINITY, 0.1)] {
        let (step, n_tries) = scripted(&[bad]);
        assert_eq!((step.accepted, n_tries), (false, 4));
        assert_eq!(step.parameters, [3.0]);
        assert_eq!((step.measured.loss, step.measured.divergence), (1.0, 0.0));
    }
}

#[test]
fn without_a_descent_direction_nothing_is_measured() {
    let measure = |_: &[f64]| Err("measured");
    let step = |gradient: &[f64], fisher: f64| {
        let product = |v: &[f64]| Ok(v.iter().map(|v| fisher * v).collect());
        TrustRegion::default().step(&[1.0, 2.0], 0.0, gradient, product, measure)
    };
    for (gradient, fisher) in [
        ([0.0, 0.0], 1.0),
        ([1.0, 1.0], -1.0),
        ([1.0, f64::NAN], 1.0),
        ([1.0, 1.0], f64::NAN),
    ] {
        let step = step(&gradient, fisher).unwrap();
        assert!(!step.accepted);
        assert_eq!(step.parameters, [1.0, 2.0]);
    }
}

#[test]
fn errors_are_passed_on() {
    let region = TrustRegion::default();
    let product = |v: &[f64]| Ok(Buffer::copy_of(v));
    let fails = |_: &[f64]| Err::<Buffer<f64>, _>("product");
    let measure = |_: &[f64]| Err("measure");
    assert_eq!(
        region.step(&[0.0], 0.0, &[1.0], fails, measure),
        Err("product")
    );
    assert_eq!(
        region.step(&[0.0], 0.0, &[1.0], product, measure),
        Err("measure")
    );
}

#[test]
fn validation_names_the_key() {
    let good = TrustRegion::default();
    assert_eq!(good.validate(), Ok(()));
    let refused = |key: &str, region: TrustRegion| match region.validate() {
        Err(Error::OutOfRange { name, .. }) => assert_eq!(name, key),
        other => panic!("{key}: {other:?}"),
    };
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused(
            "max_divergence",
            TrustRegion {
                max_divergence: bad,
                ..good
            },
        );
    }
    for bad in [-1e-9, f64::NAN, f64::INFINITY] {
        refused(
            "damping",
            TrustRegion {
                damping: bad,
                ..good
            },
        );
    }
    assert_eq!(
        TrustRegion {
            damping: 0.0,
            ..good
        }
        .validate(),
        Ok(())
    );
    for bad in [0.0, 1.0, f64::NAN] {
        refused(
            "backtrack_ratio",
            TrustRegion {
                backtrack_ratio: bad,
                ..good
            },
        );
    }
    let none = TrustRegion {
        n_conjugate_gradient_iterations: 0,
        ..good
    };
    refused("n_conjugate_gradient_iterations", none);
    refused(
        "n_backtracks",
        TrustRegion {
            n_backtracks: 0,
            ..good
        },
    );

    let error = TrustRegion {
        damping: -1.0,
        ..good
    }
    .validate()
    .unwrap_err();
    assert_eq!(error.to_string(), "damping must be at least 0, got -1");
}
