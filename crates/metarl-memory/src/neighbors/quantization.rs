//! Keys in eight bits a number, and how far off that is.

use multiversion::multiversion;

use super::distance::{LANES, add_halves};

/// Codes of four consecutive numbers lie side by side.
pub(crate) const GROUP: usize = 4;

/// Added to the code of a key, so that it is a byte without a sign.
pub(crate) const OFFSET: i32 = 128;

/// Longer keys could overflow the sums of their codes.
pub(crate) const MOST_DIMENSIONS: usize = 32_768;

const LARGEST_CODE: f32 = 127.0;

/// Adding and subtracting it rounds to a whole number, ties to even.
const ROUND: f32 = 12_582_912.0;

/// The unit that codes count.
///
/// It has four significant bits, so a code times the unit is exact, and the numbers of a growing
/// memory go through few units.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct Unit(f32);

impl Unit {
    /// For coordinates up to that far from 0; beyond 10¹⁹ codes are those of the farthest.
    pub(crate) fn reaching(farthest: f32) -> Self {
        let unit = (farthest.min(1e19) / LARGEST_CODE).max(1e-18);
        let dropped_bits = (1 << 20) - 1;
        Self(f32::from_bits(
            (unit.to_bits() + dropped_bits) & !dropped_bits,
        ))
    }

    /// The farthest coordinate that has a code.
    pub(crate) fn reach(self) -> f32 {
        LARGEST_CODE * self.0
    }

    pub(crate) fn get(self) -> f32 {
        self.0
    }
}

/// What is known of a vector and its codes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Coded {
    /// Σⱼ cⱼ².
    pub(crate) squares: i32,
    /// Σⱼ cⱼ.
    pub(crate) sum: i32,
    /// At least ‖x − unit · c‖, rounding included.
    pub(crate) residual: f32,
}

/// ```text
/// cⱼ = round(xⱼ / unit), within ±127
/// ```
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(crate) fn encode(vector: &[f32], unit: Unit, codes: &mut [i8]) -> Coded {
    let (chunks, rest) = vector.as_chunks::<LANES>();
    let (code_chunks, code_rest) = codes.as_chunks_mut::<LANES>();
    let (mut squares, mut sum, mut errors) = encode_chunks(chunks, unit, code_chunks, [0.0; LANES]);
    if !rest.is_empty() {
        let (mut chunk, mut codes) = ([0.0; LANES], [0; LANES]);
        chunk[..rest.len()].copy_from_slice(rest);
        let of_rest = encode_chunks(&[chunk], unit, std::slice::from_mut(&mut codes), errors);
        code_rest.copy_from_slice(&codes[..rest.len()]);
        squares += of_rest.0;
        sum += of_rest.1;
        errors = of_rest.2;
    }
    Coded {
        squares,
        sum,
        residual: root_at_least(add_halves(&[errors])[0], vector.len()),
    }
}

/// Codes of some lanes at a time; gives Σⱼ cⱼ², Σⱼ cⱼ, and sums of squared errors in addition to those given.
#[inline(always)]
fn encode_chunks(
    chunks: &[[f32; LANES]],
    Unit(unit): Unit,
    codes: &mut [[i8; LANES]],
    mut errors: [f32; LANES],
) -> (i32, i32, [f32; LANES]) {
    let inverse = 1.0 / unit;
    let (mut squares, mut sums) = ([0; LANES], [0; LANES]);
    for (chunk, codes) in chunks.iter().zip(codes) {
        for lane in 0..LANES {
            let (code, error) = encode_one(chunk[lane], unit, inverse);
            codes[lane] = code as i8;
            squares[lane] += code * code;
            sums[lane] += code;
            errors[lane] += error * error;
        }
    }
    (squares.iter().sum(), sums.iter().sum(), errors)
}

/// A code, and how far off it is.
#[inline(always)]
fn encode_one(x: f32, unit: f32, inverse: f32) -> (i32, f32) {
    let scaled = x * inverse;
    let scaled = if scaled > LARGEST_CODE {
        LARGEST_CODE
    } else {
        scaled
    };
    let scaled = if scaled < -LARGEST_CODE {
        -LARGEST_CODE
    } else {
        scaled
    };
    // A whole number in the lowest bits, for conversions that check their range are slow.
    let shifted = scaled + ROUND;
    let code = (shifted.to_bits() as i32) - (ROUND.to_bits() as i32);
    (code, x - (shifted - ROUND) * unit)
}

/// More than the relative error of any of our sums over that many numbers.
pub(crate) fn slack(dimension: usize) -> f32 {
    (dimension + 64) as f32 / (1 << 22) as f32
}

/// At least the root of a sum of that many squares, which is given rounded.
pub(crate) fn root_at_least(squares: f32, n: usize) -> f32 {
    squares.sqrt() * (1.0 + slack(n)) + LEAST
}

/// More than what squares too small for single precision can amount to, as a distance.
const LEAST: f32 = 1e-20;
