//! The interpreter: one a process, started when it is first needed.

use std::env;
use std::ffi::{CStr, CString};
use std::path::{Path, PathBuf};

use pyo3::exceptions::PyModuleNotFoundError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::thread::attach;
use super::{GymnasiumError, Place};

/// The Python side; imported under this name, it registers what it has.
const MODULE: &CStr = c"metarl_bridge";
const CODE: &str = include_str!("bridge.py");

static BRIDGE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

/// The virtual environment that was activated first.
static ACTIVE: PyOnceLock<PathBuf> = PyOnceLock::new();

/// Uses the packages of a virtual environment, before those of the Python that this program is linked
/// with. Without a call, the one that `VIRTUAL_ENV` names is used, if it names one.
///
/// It holds for the whole process and belongs before the first environment: what is imported stays.
///
/// # Errors
///
/// [`GymnasiumError::VirtualEnvironment`] when the folder is none, or that of another version.
pub fn activate(virtual_environment: impl AsRef<Path>) -> Result<(), GymnasiumError> {
    attach(|py| add_packages(py, virtual_environment.as_ref()))
}

/// Lets Python import the modules in a folder, such as environments that lie beside a program.
///
/// # Errors
///
/// [`GymnasiumError::Raised`] when Python's search path is not a list.
pub fn search(folder: impl AsRef<Path>) -> Result<(), GymnasiumError> {
    attach(|py| {
        let path = py.import("sys").and_then(|sys| sys.getattr("path"));
        path.and_then(|path| path.call_method1("insert", (0, folder.as_ref().as_os_str())))
            .map_err(|error| caught(py, &error, &Place::of("sys.path")))?;
        Ok(())
    })
}

/// The Python side of the bridge, with Gymnasium imported.
pub(super) fn bridge<'a>(py: Python<'a>) -> Result<&'a Bound<'a, PyModule>, GymnasiumError> {
    let module = BRIDGE.get_or_try_init(py, || {
        let virtual_environment = env::var_os("VIRTUAL_ENV").filter(|path| !path.is_empty());
        if let (None, Some(path)) = (ACTIVE.get(py), virtual_environment) {
            add_packages(py, Path::new(&path))?;
        }
        let load = || {
            // The crate `numpy` panics where the package is not there, so that is found out first.
            py.import("numpy")?;
            let module = PyModule::from_code(py, &CString::new(CODE)?, c"bridge.py", MODULE)?;
            Ok(module.unbind())
        };
        load().map_err(|error: PyErr| caught(py, &error, &Place::of("Gymnasium")))
    })?;
    Ok(module.bind(py))
}

/// Lets an environment go; one that cannot even be closed is let go all the same.
pub(super) fn close(environment: &Bound<'_, PyAny>) {
    drop(environment.call_method0("close"));
}

/// What an exception means.
#[cold]
pub(super) fn caught(py: Python<'_>, error: &PyErr, place: &Place) -> GymnasiumError {
    let name = error.get_type(py).name();
    let name = name.map_or_else(|_| "an exception".to_owned(), |name| name.to_string());
    let message = one_line(&error.value(py).to_string());
    if error.is_instance_of::<PyModuleNotFoundError>(py)
        && let Some(module) = missing(&message)
    {
        let command = format!("{} -m pip install {}", interpreter(py), package(module));
        let module = module.to_owned();
        return GymnasiumError::MissingModule { module, command };
    }
    match name.as_str() {
        "UnregisteredEnv" | "NamespaceNotFound" | "NameNotFound" | "VersionNotFound" => {
            GymnasiumError::UnknownEnvironment {
                environment: place.environment.clone(),
                message,
            }
        }
        _ => GymnasiumError::Raised {
            place: place.clone(),
            exception: format!("{name}: {message}"),
        },
    }
}

/// Text without line breaks, and not without an end.
pub(super) fn one_line(text: &str) -> String {
    const MOST: usize = 300;
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Puts the packages of a virtual environment first.
fn add_packages(py: Python<'_>, folder: &Path) -> Result<(), GymnasiumError> {
    let version = version(py);
    let library = if cfg!(windows) {
        folder.join("Lib")
    } else {
        folder.join(format!("lib/python{version}"))
    };
    let packages = library.join("site-packages");
    if !packages.is_dir() {
        return Err(GymnasiumError::VirtualEnvironment {
            path: folder.display().to_string(),
            version,
        });
    }
    let add = || {
        let sys = py.import("sys")?;
        let path = sys.getattr("path")?;
        let n_before = path.len()?;
        py.import("site")?
            .call_method1("addsitedir", (packages.as_os_str(),))?;
        // What it appended, folders named by `.pth` files included, goes to the front.
        for i in n_before..path.len()? {
            let entry = path.call_method1("pop", (i,))?;
            path.call_method1("insert", (i - n_before, entry))?;
        }
        // Where Python starts processes of its own, for asynchronous environments.
        sys.setattr("executable", folder.join("bin/python").as_os_str())
    };
    add().map_err(|error| caught(py, &error, &Place::of("sys.path")))?;
    ACTIVE.get_or_init(py, || folder.to_owned());
    Ok(())
}

/// The Python to install packages with.
fn interpreter(py: Python<'_>) -> String {
    if let Some(folder) = ACTIVE.get(py) {
        return folder.join("bin/python").display().to_string();
    }
    let prefix = py.import("sys").and_then(|sys| sys.getattr("prefix"));
    let prefix = prefix.map_or_else(|_| String::new(), |prefix| prefix.to_string());
    format!("{prefix}/bin/python{}", version(py))
}

fn version(py: Python<'_>) -> String {
    let version = py.version_info();
    format!("{}.{}", version.major, version.minor)
}

/// The module in Python's "No module named 'a.b'", which Gymnasium keeps when it raises the exception
/// again; the attribute `name` is lost then.
fn missing(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("No module named '")?;
    let (module, _) = rest.split_once('\'')?;
    module.split('.').next()
}

/// What to install for a module.
fn package(module: &str) -> &str {
    match module {
        "ale_py" => "ale-py",
        "cv2" => "opencv-python",
        // Meta-World needs `packaging`, and does not say so.
        "metaworld" => "metaworld packaging",
        _ => module,
    }
}
