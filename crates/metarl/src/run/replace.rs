//! Files that are replaced whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::Error;

/// Puts `bytes` in place of a file's content. After an error or a crash the file is what it was.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    write(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .and_then(|()| flush_folder(path))
        .map_err(|error| {
            // The first error is the one to tell.
            let _ = fs::remove_file(&partial);
            Error::write(path)(error)
        })
}

/// The same with a value as JSON.
pub(crate) fn replace_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let mut json = serde_json::to_vec_pretty(value).map_err(|error| Error::damaged(path, error))?;
    json.push(b'\n');
    replace(path, &json)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A rename is on the disk when its folder is.
#[cfg(unix)]
fn flush_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn flush_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
