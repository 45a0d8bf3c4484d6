//! A thread keeps its state in Python from one call to the next.
#![expect(
    unsafe_code,
    reason = "pyo3 drops a thread's state at the end of each attachment"
)]

use std::cell::Cell;

use pyo3::prelude::*;

/// Runs `f` with Python, on a thread that Python will know again.
///
/// Without that each call would be made by a new thread in Python's eyes: `threading.local` would
/// forget, and extension modules that remember the state of the thread that imported them (all that
/// are built with pybind11, MuJoCo's among them) wait for ever for one that is gone.
pub(super) fn attach<R>(f: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
    thread_local! {
        static IS_KEPT: Cell<bool> = const { Cell::new(false) };
    }
    Python::attach(|py| {
        if !IS_KEPT.replace(true) {
            // SAFETY: `py` shows that this thread is attached, so the call does nothing but count one
            // more user of its state. The count is never taken back, which is allowed: the state
            // stays until the process ends.
            let _ = unsafe { pyo3::ffi::PyGILState_Ensure() };
        }
        f(py)
    })
}
