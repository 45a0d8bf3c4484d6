//! How far apart two keys are.

use multiversion::multiversion;

/// Sums that run side by side, as wide as the widest vectors.
pub(crate) const LANES: usize = 16;

/// ```text
/// ‖a − b‖² = Σⱼ (aⱼ − bⱼ)²
/// ```
///
/// In single precision: coordinate `j` is added to sum `j mod 16`, and the sixteen sums are added in
/// halves. No instruction set contracts a multiplication and an addition, so all give the same bits.
/// Large coordinates may give infinity.
///
/// Of slices that are not as long as each other the longer one's rest is left out.
///
/// # Examples
///
/// ```
/// assert_eq!(metarl_memory::squared_distance(&[1.0, 2.0], &[4.0, -2.0]), 25.0);
/// ```
#[must_use]
pub fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    sum_of_squares(a, b)
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn sum_of_squares(a: &[f32], b: &[f32]) -> f32 {
    let n = a.len().min(b.len());
    let (a_chunks, a_rest) = a[..n].as_chunks::<LANES>();
    let (b_chunks, b_rest) = b[..n].as_chunks::<LANES>();
    let mut sums = add_squares(a_chunks, b_chunks, [0.0; LANES]);
    for (sum, (a, b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *sum += (a - b) * (a - b);
    }
    let [sum] = add_halves(&[sums]);
    sum
}

/// Takes sums and gives them, so that they stay in a register meanwhile.
#[inline(always)]
fn add_squares(a: &[[f32; LANES]], b: &[[f32; LANES]], mut sums: [f32; LANES]) -> [f32; LANES] {
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (a - b) * (a - b);
        }
    }
    sums
}

/// The sums of sums, in the one order that all structures keep to.
///
/// Not inlined: a compiler that sees the halves makes the loops before it work on vectors of two.
#[inline(never)]
pub(crate) fn add_halves<const N: usize>(sums: &[[f32; LANES]; N]) -> [f32; N] {
    sums.map(|sums| {
        let eight: [f32; 8] = add_half(sums);
        let four: [f32; 4] = add_half(eight);
        let two: [f32; 2] = add_half(four);
        two[0] + two[1]
    })
}

/// Arrays by value, which a compiler keeps in registers.
#[inline(always)]
fn add_half<const N: usize, const HALF: usize>(sums: [f32; N]) -> [f32; HALF] {
    std::array::from_fn(|lane| sums[lane] + sums[lane + HALF])
}
