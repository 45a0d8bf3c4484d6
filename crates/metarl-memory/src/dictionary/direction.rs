//! Vectors of which only the direction counts.

use crate::Error;

/// Divides a vector by its length; gives the length.
pub(super) fn normalize(name: &'static str, vector: &mut [f32]) -> Result<f32, Error> {
    // In double precision no square overflows or vanishes.
    let square: f64 = vector.iter().map(|x| f64::from(*x).powi(2)).sum();
    let length = square.sqrt();
    if length == 0.0 {
        return Err(Error::NoDirection { name });
    }
    for x in vector {
        *x = (f64::from(*x) / length) as f32;
    }
    Ok(length as f32)
}

/// Takes out of `vector` what points along `direction`, a vector of length 1.
pub(super) fn without_component(vector: &mut [f32], direction: &[f32]) {
    let along: f32 = vector.iter().zip(direction).map(|(x, d)| x * d).sum();
    for (x, d) in vector.iter_mut().zip(direction) {
        *x -= along * d;
    }
}
