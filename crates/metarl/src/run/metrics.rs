//! What every iteration of training did, one JSON object a line.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::system::Iteration;

pub(super) const FILE: &str = "metrics.jsonl";

/// Reads all whole lines.
pub(super) fn read(path: &Path) -> Result<Vec<Iteration>, Error> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        other => other.map_err(Error::read(path))?,
    };
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole.lines().enumerate();
    lines
        .map(|(idx, line)| {
            serde_json::from_str(line)
                .map_err(|error| Error::damaged(path, format!("line {}: {error}", idx + 1)))
        })
        .collect()
}

/// The file, open for more. As long as it is, no other process can train in the folder.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Opens the file of a run folder.
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::write(&path))?;
        // Where a file system has no locks, nothing is kept apart.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(Error::Busy {
                path: folder.to_owned(),
            });
        }
        Ok(Self { path, file })
    }

    /// Cuts off what lies beyond `iteration`: it will be done again.
    pub(crate) fn cut(&mut self, iteration: u64) -> Result<(), Error> {
        let text = fs::read_to_string(&self.path).map_err(Error::read(&self.path))?;
        let mut kept = 0;
        for line in text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
        {
            match serde_json::from_str::<Iteration>(line) {
                Ok(done) if done.iteration <= iteration => kept += line.len(),
                _ => break,
            }
        }
        self.file
            .set_len(kept as u64)
            .and_then(|()| self.file.seek(SeekFrom::End(0)))
            .map_err(Error::write(&self.path))?;
        Ok(())
    }

    pub(crate) fn append(&mut self, done: &Iteration) -> Result<(), Error> {
        let mut line = serde_json::to_string(done).map_err(|e| Error::damaged(&self.path, e))?;
        line.push('\n');
        self.file
            .write_all(line.as_bytes())
            .map_err(Error::write(&self.path))
    }
}
