//! Numbers in and out of NumPy's arrays.

use num_traits::AsPrimitive;
use numpy::{Element, PyArray1, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::intern;
use pyo3::prelude::*;

/// Copies an array's numbers, straight from its memory where type and layout are usual ones.
pub(super) fn read_numbers<const N: usize>(
    value: &Bound<'_, PyAny>,
    out: &mut [[f32; N]],
    wanted: Option<&[bool]>,
) -> PyResult<bool> {
    let read = read_array::<f32, N>(value, out, wanted)
        .or_else(|| read_array::<f64, N>(value, out, wanted))
        .or_else(|| read_array::<u8, N>(value, out, wanted))
        .or_else(|| read_array::<i8, N>(value, out, wanted))
        .or_else(|| read_array::<i64, N>(value, out, wanted));
    if let Some(fits) = read {
        return Ok(fits);
    }
    let numpy = value.py().import(intern!(value.py(), "numpy"))?;
    let array = numpy.call_method1(intern!(value.py(), "ascontiguousarray"), (value, "float32"))?;
    Ok(read_array::<f32, N>(&array, out, wanted).unwrap_or(false))
}

/// `None` when it is no array of this type without gaps; false when it has another number of numbers.
fn read_array<T: Element + AsPrimitive<f32>, const N: usize>(
    value: &Bound<'_, PyAny>,
    out: &mut [[f32; N]],
    wanted: Option<&[bool]>,
) -> Option<bool> {
    let array = value.cast::<PyArrayDyn<T>>().ok()?;
    let n_rows = out.len();
    if array.len() != n_rows * N {
        return Some(false);
    }
    let array = array.try_readonly().ok()?;
    // In the order of the memory: row by row, or column by column.
    let numbers = array.as_slice().ok()?;
    let by_rows = array.is_c_contiguous();
    if !by_rows && array.shape() != [n_rows, N] {
        return None;
    }
    let is_wanted = |i: usize| wanted.is_none_or(|wanted| wanted[i]);
    for (i, row) in out.iter_mut().enumerate().filter(|(i, _)| is_wanted(*i)) {
        if by_rows {
            for (out, number) in row.iter_mut().zip(&numbers[i * N..]) {
                *out = number.as_();
            }
        } else {
            *row = std::array::from_fn(|j| numbers[j * n_rows + i].as_());
        }
    }
    Some(true)
}

/// A new array, since an environment may keep the one it was given.
pub(super) fn write_numbers<'py>(
    py: Python<'py>,
    numbers: &[f32],
    dtype: &str,
    shape: &[usize],
) -> PyResult<Bound<'py, PyAny>> {
    match dtype {
        "float32" => Ok(PyArray1::from_slice(py, numbers).reshape(shape)?.into_any()),
        "float64" => {
            let numbers: Vec<f64> = numbers.iter().copied().map(f64::from).collect();
            Ok(PyArray1::from_slice(py, &numbers)
                .reshape(shape)?
                .into_any())
        }
        _ => PyArray1::from_slice(py, numbers)
            .reshape(shape)?
            .call_method1("astype", (dtype,)),
    }
}
