//! The clip range is checked where it is made, and where it is read from a file.

use metarl_losses::{ClipRange, Error};
use proptest::prelude::*;

#[test]
fn values_outside_the_range_are_refused() {
    for epsilon in [0.0, 1.0, -0.2, 1.5, f64::NAN, f64::INFINITY] {
        let error = ClipRange::new(epsilon).unwrap_err();
        let Error::OutOfRange { name, allowed, got } = error else {
            panic!("another error: {error}");
        };
        assert_eq!((name, allowed), ("clip_range", "in (0, 1)"));
        assert_eq!(got.to_bits(), epsilon.to_bits());
    }
}

proptest! {
    #[test]
    fn a_range_survives_a_file(epsilon in 1e-6..0.999_999) {
        let range = ClipRange::new(epsilon).unwrap();
        let text = serde_json::to_string(&range).unwrap();
        prop_assert_eq!(serde_json::from_str::<ClipRange>(&text).unwrap(), range);
        prop_assert_eq!(range.epsilon().to_bits(), epsilon.to_bits());
    }
}

#[test]
fn a_file_is_checked_too() {
    let error = serde_json::from_str::<ClipRange>("1.5").unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("clip_range must be in (0, 1), got 1.5"),
        "{message}"
    );
}
