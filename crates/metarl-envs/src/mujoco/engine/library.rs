//! MuJoCo's library: where it is looked for, and the functions that are called.
//!
//! It is opened when first needed rather than linked, so that everything compiles without it, a
//! program that lacks it gets an error instead of dying before `main`, and no build needs a flag.

use std::ffi::{CStr, OsString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libloading::Library as Shared;

use super::MujocoError;

/// The version whose structs [`layout`](super::layout) knows.
pub(super) const VERSION: &str = "3.17.0";

const FILE: &str = if cfg!(target_os = "windows") {
    "mujoco.dll"
} else if cfg!(target_os = "macos") {
    "libmujoco.3.17.0.dylib"
} else {
    "libmujoco.so.3.17.0"
};

/// The functions, by their C names.
macro_rules! functions {
    ($($name:ident($($argument:ty),*) $(-> $result:ty)?;)*) => {
        #[expect(non_snake_case, reason = "names of the C library")]
        #[derive(Debug)]
        pub(super) struct Library {
            $(pub(super) $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
            /// What the functions live in.
            _shared: Shared,
        }

        impl Library {
            /// # Safety
            ///
            /// `shared` must be the version of MuJoCo whose headers declare these functions so.
            unsafe fn of(shared: Shared) -> Result<Self, libloading::Error> {
                Ok(Self {
                    // SAFETY: what the caller promises.
                    $($name: unsafe { *shared.get(stringify!($name))? },)*
                    _shared: shared,
                })
            }
        }
    };
}

functions! {
    mj_parseXMLString(*const c_char, *const c_void, *mut c_char, c_int) -> *mut c_void;
    mj_compile(*mut c_void, *const c_void) -> *mut c_void;
    mjs_getError(*mut c_void) -> *const c_char;
    mj_deleteSpec(*mut c_void);
    mj_copyModel(*mut c_void, *const c_void) -> *mut c_void;
    mj_deleteModel(*mut c_void);
    mj_setConst(*mut c_void, *mut c_void);
    mj_makeData(*const c_void) -> *mut c_void;
    mj_deleteData(*mut c_void);
    mj_resetData(*const c_void, *mut c_void);
    mj_forward(*const c_void, *mut c_void);
    mj_step(*const c_void, *mut c_void);
    mj_rnePostConstraint(*const c_void, *mut c_void);
    mju_setLogHandler(Option<LogHandler>) -> Option<LogHandler>;
}

type LogHandler = unsafe extern "C" fn(*const LogMessage);

/// The beginning of `mjLogMessage`.
#[repr(C)]
pub(super) struct LogMessage {
    level: c_int,
    _topic: c_int,
    subject: [c_char; 1024],
}

const LOG_ERROR: c_int = 3;

/// Keeps MuJoCo from printing and from writing `MUJOCO_LOG.TXT`. A model's errors come back as
/// values and a simulation that diverges is counted, so nothing is lost. After an error of the engine
/// itself MuJoCo ends the process; what it was is then said.
unsafe extern "C" fn quiet(message: *const LogMessage) {
    // SAFETY: MuJoCo hands over a live message, whose subject ends with a zero.
    let (level, subject) = unsafe {
        let message = &*message;
        (message.level, CStr::from_ptr(message.subject.as_ptr()))
    };
    if level == LOG_ERROR {
        #[expect(clippy::print_stderr, reason = "the last words of the process")]
        {
            eprintln!("MuJoCo: {}", subject.to_string_lossy());
        }
    }
}

/// The library, opened at the first call.
pub(super) fn library() -> Result<&'static Library, MujocoError> {
    static LIBRARY: OnceLock<Result<Library, MujocoError>> = OnceLock::new();
    LIBRARY.get_or_init(find).as_ref().map_err(Clone::clone)
}

fn find() -> Result<Library, MujocoError> {
    let mut tried = Vec::new();
    for path in candidates(std::env::var_os("MUJOCO_LIBRARY")) {
        // SAFETY: what is opened under this name is taken to be MuJoCo, whose initializers may run
        // on any thread.
        match unsafe { Shared::new(&path) } {
            Ok(shared) => return open(&path, shared),
            Err(error) => tried.push(match std::error::Error::source(&error) {
                Some(source) => source.to_string(),
                None => format!("{}: {error}", path.display()),
            }),
        }
    }
    let tried = tried.join("; ");
    Err(MujocoError::NotInstalled { tried })
}

/// What `MUJOCO_LIBRARY` names; else `third_party/mujoco` of the workspace or of a folder around the
/// program; else what the system's loader finds.
fn candidates(named: Option<OsString>) -> Vec<PathBuf> {
    if let Some(named) = named {
        return vec![named.into()];
    }
    let here = Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    let around = [here, std::env::current_exe().ok()].into_iter().flatten();
    let mut files: Vec<PathBuf> = around
        .flat_map(|start| start.ancestors().map(Path::to_owned).collect::<Vec<_>>())
        .map(|folder| folder.join("third_party/mujoco/lib").join(FILE))
        .filter(|file| file.is_file())
        .collect();
    files.dedup();
    files.push(FILE.into());
    files
}

fn open(path: &Path, shared: Shared) -> Result<Library, MujocoError> {
    type Version = unsafe extern "C" fn() -> *const c_char;
    let unlike = |found: String| MujocoError::WrongVersion {
        path: path.display().to_string(),
        found,
    };
    // SAFETY: every version declares this function so, and returns a string that lives for ever.
    let found = unsafe {
        let version = shared.get::<Version>("mj_versionString");
        let version = version.map_err(|error| unlike(format!("without a version ({error})")))?;
        CStr::from_ptr(version()).to_string_lossy().into_owned()
    };
    if found != VERSION {
        return Err(unlike(found));
    }
    // SAFETY: it is the version whose headers were read.
    let library = unsafe { Library::of(shared) };
    let library = library.map_err(|error| unlike(format!("{found}, incomplete ({error})")))?;
    // SAFETY: nothing else of this program has seen the library yet.
    unsafe { (library.mju_setLogHandler)(Some(quiet)) };
    Ok(library)
}
