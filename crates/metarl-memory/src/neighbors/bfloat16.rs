//! Bounds of numbers in two bytes: the upper half of a single precision number, called bfloat16.
//!
//! Its sign and its exponent are those of the number and seven bits of its fraction are left, so a bound is
//! off by at most a part in 128, in whatever range numbers are; beyond the largest it is infinite.

/// The greatest that is at most a number, which is not NaN.
#[inline(always)]
pub(crate) fn at_most(x: f32) -> u16 {
    round_away(x, is_negative(x))
}

/// The least that is at least a number, which is not NaN.
#[inline(always)]
pub(crate) fn at_least(x: f32) -> u16 {
    round_away(x, !is_negative(x))
}

/// The number itself.
#[inline(always)]
pub(crate) fn number(bound: u16) -> f32 {
    f32::from_bits(u32::from(bound) << 16)
}

/// All bits are set where a number is negative.
#[inline(always)]
fn is_negative(x: f32) -> u32 {
    (x.to_bits().cast_signed() >> 31).cast_unsigned()
}

/// Rounds to what is farther from zero where all bits of a mask are set, and to what is nearer elsewhere.
#[inline(always)]
fn round_away(x: f32, mask: u32) -> u16 {
    ((x.to_bits() + (mask & 0xFFFF)) >> 16) as u16
}

#[cfg(test)]
mod tests {
    use super::{at_least, at_most, number};

    #[test]
    fn a_number_is_between_its_bounds_and_they_are_no_farther_apart_than_they_must() {
        let mut numbers = vec![0.0, 1.0, 1.001, 255.0, 257.0, 1e-40, f32::MIN_POSITIVE];
        numbers.extend([f32::from_bits(1), f32::MAX, f32::INFINITY, 0.1, 1.0 / 3.0]);
        for x in numbers.into_iter().flat_map(|x| [x, -x]) {
            let (low, high) = (at_most(x), at_least(x));
            assert!(number(low) <= x && x <= number(high), "{x}");
            if number(low) == x {
                assert_eq!(number(high), x);
            } else {
                // Of one sign, so that the next bits are those of the next number.
                assert_eq!(low.abs_diff(high), 1, "{x}");
            }
        }
    }

    #[test]
    fn what_has_few_bits_is_its_own_bound() {
        for x in [
            0.0,
            1.0,
            -1.0,
            0.5,
            -255.0,
            f32::INFINITY,
            f32::NEG_INFINITY,
        ] {
            assert_eq!([number(at_most(x)), number(at_least(x))], [x; 2]);
        }
        assert_eq!(number(at_least(f32::MAX)), f32::INFINITY);
        assert_eq!(number(at_most(f32::MIN)), f32::NEG_INFINITY);
    }
}
