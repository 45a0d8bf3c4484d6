//! Gradients of a look-up, against central differences of the reference.

use metarl_memory::{Error, Kernel, LookUp, LookUpGradient};
use proptest::prelude::*;

use super::{GAUSSIAN, INVERSE_DISTANCE, dictionary, with_kernel};
use crate::reference::{Entries, wide};

/// The loss `⟨g, o⟩`, whose gradient by the output is `g`.
fn loss(entries: &Entries, kernel: Kernel, g: &[f64]) -> f64 {
    let output = entries.output(kernel);
    g.iter().zip(output).map(|(g, o)| g * o).sum()
}

/// Its derivative by one number of the entries.
fn central_difference(
    entries: &Entries,
    kernel: Kernel,
    g: &[f64],
    number: impl Fn(&mut Entries) -> &mut f64,
) -> f64 {
    let step = 1e-5;
    let at = |shift: f64| {
        let mut moved = entries.clone();
        *number(&mut moved) += shift;
        loss(&moved, kernel, g)
    };
    (at(step) - at(-step)) / (2.0 * step)
}

fn agree(got: f32, expected: f64, scale: f64) -> bool {
    (f64::from(got) - expected).abs() <= 2e-4 * (scale + expected.abs())
}

fn kernels() -> impl Strategy<Value = Kernel> {
    let delta = (0.015625_f32..2.0).prop_map(|delta| Kernel::InverseDistance { delta });
    let bandwidth = (0.5_f32..2.0).prop_map(|bandwidth| Kernel::Gaussian { bandwidth });
    prop_oneof![delta, bandwidth, Just(Kernel::Cosine)]
}

proptest! {
    #[test]
    fn reaches_query_keys_and_values(
        kernel in kernels(),
        keys in prop::collection::vec(prop::array::uniform3(-1.0_f32..1.0), 1..12),
        values in prop::collection::vec(prop::array::uniform2(-1.0_f32..1.0), 12),
        query in prop::array::uniform3(-1.0_f32..1.0),
        g in prop::array::uniform2(-1.0_f32..1.0),
        p in 1_usize..8,
    ) {
        // Derivatives grow as directions vanish.
        let has_direction = |v: &[f32; 3]| v.iter().any(|x| x.abs() > 0.3);
        prop_assume!(has_direction(&query) && keys.iter().all(has_direction));
        let mut dictionary = dictionary(3, 12, 2, with_kernel(p, kernel));
        for (key, value) in keys.iter().zip(&values) {
            dictionary.write(key, value).expect("finite");
        }
        let (mut look_up, mut gradient) = (LookUp::default(), LookUpGradient::default());
        dictionary.peek(&query, &mut look_up).expect("entries");
        if kernel == Kernel::Cosine {
            let nearest = look_up.neighbors()[0].squared_distance;
            prop_assume!(nearest < 3.5);
        }
        look_up.gradient(&g, &mut gradient).expect("of its width");

        let entries = Entries::of(&dictionary, &query, gradient.slots().to_vec());
        let g = wide(&g);
        let expected = |number: &dyn Fn(&mut Entries) -> &mut f64| {
            central_difference(&entries, kernel, &g, number)
        };
        // Derivatives are differences of terms this large.
        let scale = match kernel {
            Kernel::InverseDistance { delta } => 1.0 / f64::from(delta),
            _ => 1.0,
        };
        for (j, got) in gradient.query.iter().enumerate() {
            let expected = expected(&|e| &mut e.query[j]);
            prop_assert!(agree(*got, expected, scale), "query {j}: {got} {expected}");
        }
        for (i, got) in gradient.keys.chunks_exact(3).enumerate() {
            for (j, got) in got.iter().enumerate() {
                let expected = expected(&|e| &mut e.keys[i][j]);
                prop_assert!(agree(*got, expected, scale), "key {i} {j}: {got} {expected}");
            }
        }
        for (i, got) in gradient.values.chunks_exact(2).enumerate() {
            for (j, got) in got.iter().enumerate() {
                let expected = expected(&|e| &mut e.values[i][j]);
                prop_assert!(agree(*got, expected, 1.0), "value {i} {j}: {got} {expected}");
            }
        }
    }

    #[test]
    fn steps_against_it_bring_the_output_to_the_target(
        kernel in prop_oneof![Just(INVERSE_DISTANCE), Just(GAUSSIAN), Just(Kernel::Cosine)],
        keys in prop::collection::vec(prop::array::uniform2(0.5_f32..1.0), 2..10),
        query in prop::array::uniform2(0.5_f32..1.0),
        target in -1.0_f32..1.0,
    ) {
        let mut dictionary = dictionary(2, 10, 1, with_kernel(5, kernel));
        for (i, key) in keys.iter().enumerate() {
            dictionary.write(key, &[i as f32 / 10.0]).expect("finite");
        }
        let (mut look_up, mut gradient) = (LookUp::default(), LookUpGradient::default());
        let error = |output: &[f32]| output[0] - target;
        let first = error(dictionary.look_up(&query, &mut look_up).expect("entries"));
        let mut last = first;
        for _ in 0..200 {
            look_up.gradient(&[last], &mut gradient).expect("of its width");
            // Keys that are close make steep slopes: the step is bounded.
            let norm = gradient.keys.iter().chain(&gradient.values).map(|g| g * g).sum::<f32>().sqrt();
            dictionary.descend(&gradient, 0.2 / (1.0 + norm)).expect("finite");
            last = error(dictionary.look_up(&query, &mut look_up).expect("entries"));
        }
        prop_assert!(last.abs() <= 0.6 * first.abs() + 0.05, "{first} became {last}");
        for slot in dictionary.keys().slots() {
            let key = dictionary.keys().get(slot).expect("an entry").to_vec();
            let length = key.iter().map(|x| x * x).sum::<f32>().sqrt();
            prop_assert!(kernel != Kernel::Cosine || (length - 1.0).abs() < 1e-5);
        }
    }
}

#[test]
fn a_key_that_moved_is_found_where_it_is() {
    let mut dictionary = dictionary(1, 4, 1, with_kernel(2, INVERSE_DISTANCE));
    dictionary.write(&[1.0], &[1.0]).unwrap();
    dictionary.write(&[2.0], &[5.0]).unwrap();
    let (mut look_up, mut gradient) = (LookUp::default(), LookUpGradient::default());
    dictionary.look_up(&[1.2], &mut look_up).unwrap();
    look_up.gradient(&[1.0], &mut gradient).unwrap();
    dictionary.descend(&gradient, 0.01).unwrap();
    let moved = dictionary.keys().get(0).unwrap().to_vec();
    assert_ne!(moved, [1.0]);
    assert_eq!(dictionary.write(&moved, &[0.0]).unwrap(), 0);
    assert_eq!(dictionary.write(&[1.0], &[0.0]).unwrap(), 2);
}

#[test]
fn steps_that_are_refused_change_nothing() {
    let mut full = dictionary(1, 2, 1, with_kernel(2, INVERSE_DISTANCE));
    let mut cosine = dictionary(1, 2, 1, with_kernel(2, Kernel::Cosine));
    for dictionary in [&mut full, &mut cosine] {
        dictionary.write(&[1.0], &[1.0]).unwrap();
        dictionary.write(&[-2.0], &[2.0]).unwrap();
    }
    let (mut look_up, mut gradient) = (LookUp::default(), LookUpGradient::default());
    full.look_up(&[1.5], &mut look_up).unwrap();
    look_up.gradient(&[1.0], &mut gradient).unwrap();
    let wrong = look_up.gradient(&[1.0, 1.0], &mut gradient).unwrap_err();
    assert!(matches!(wrong, Error::DimensionMismatch { .. }));
    let mut refusals = Vec::new();
    let before = format!("{full:?}{cosine:?}");

    refusals.push(full.descend(&gradient, f32::NAN).unwrap_err());
    let mut short = gradient.clone();
    short.values.pop();
    refusals.push(full.descend(&short, 1.0).unwrap_err());
    let mut infinite = gradient.clone();
    infinite.values[1] = f32::INFINITY;
    refusals.push(full.descend(&infinite, 1.0).unwrap_err());
    let mut to_zero = gradient.clone();
    to_zero.keys.copy_from_slice(&[1.0, -1.0]);
    refusals.push(cosine.descend(&to_zero, 1.0).unwrap_err());
    assert_eq!(format!("{full:?}{cosine:?}"), before);

    full.write(&[7.0], &[0.0]).unwrap();
    refusals.push(full.descend(&gradient, 1.0).unwrap_err());
    cosine.clear().unwrap();
    refusals.push(cosine.descend(&gradient, 1.0).unwrap_err());
    assert_eq!(
        refusals.iter().map(Error::to_string).collect::<Vec<_>>(),
        [
            "step_size must be finite, got NaN",
            "gradient by values has 1 numbers, the memory holds 2",
            "value after a step has -inf at 0; every number must be finite",
            "key after a step has length 0, which has no direction",
            "entries were evicted since they were read",
            "entries were evicted since they were read",
        ]
    );
}
