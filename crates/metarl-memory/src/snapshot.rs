//! Memories as safetensors files.
//!
//! A file holds tensors, and in its metadata what it is of: the format's version, the kind of memory,
//! its sizes and its hyper-parameters. It is restored into a memory of which all of that is true.

use std::borrow::Cow;
use std::collections::HashMap;

use safetensors::tensor::{Dtype, View};
use safetensors::{SafeTensorError, SafeTensors};
use serde::Serialize;

use crate::Error;

/// Grows when files of before can no longer be read.
const VERSION: u32 = 1;
/// Where in the metadata the description lies.
const METADATA_KEY: &str = "metarl-memory";

/// What a snapshot is of: names and values as JSON, the first to tell of first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Description(Vec<(String, String)>);

impl Description {
    pub(crate) fn of(kind: &str) -> Result<Self, Error> {
        // Other versions may describe themselves otherwise, so the version comes first.
        let empty = Self(Vec::new());
        empty.with("version", VERSION)?.with("kind", kind)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Serialize) -> Result<Self, Error> {
        let json = serde_json::to_string(&value).map_err(|error| not_snapshot(&error))?;
        self.0.push((name.to_owned(), json));
        Ok(self)
    }

    fn check(&self, found: &Self) -> Result<(), Error> {
        for (name, expected) in &self.0 {
            let got = found.0.iter().find(|(other, _)| other == name);
            let got = got.map_or("absent", |(_, value)| value);
            if expected != got {
                return Err(Error::SnapshotMismatch {
                    name: name.clone(),
                    expected: expected.clone(),
                    got: got.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// A number as it lies in a file.
pub(crate) trait Element: Copy {
    const DTYPE: Dtype;
    fn to_le(self) -> [u8; 4];
    fn from_le(bytes: [u8; 4]) -> Self;
}

impl Element for f32 {
    const DTYPE: Dtype = Dtype::F32;
    fn to_le(self) -> [u8; 4] {
        self.to_le_bytes()
    }
    fn from_le(bytes: [u8; 4]) -> Self {
        Self::from_le_bytes(bytes)
    }
}

impl Element for u32 {
    const DTYPE: Dtype = Dtype::U32;
    fn to_le(self) -> [u8; 4] {
        self.to_le_bytes()
    }
    fn from_le(bytes: [u8; 4]) -> Self {
        Self::from_le_bytes(bytes)
    }
}

/// A tensor to be written.
pub(crate) struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Tensor {
    pub(crate) fn new<E: Element>(shape: &[usize], numbers: impl Iterator<Item = E>) -> Self {
        let mut bytes = Vec::with_capacity(shape.iter().product::<usize>() * size_of::<E>());
        numbers.for_each(|number| bytes.extend(number.to_le()));
        Self {
            dtype: E::DTYPE,
            shape: shape.to_vec(),
            bytes,
        }
    }
}

impl View for &Tensor {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// The file of some tensors.
pub(crate) fn write(
    description: &Description,
    tensors: &[(&'static str, Tensor)],
) -> Result<Vec<u8>, Error> {
    let json = serde_json::to_string(&description.0).map_err(|error| not_snapshot(&error))?;
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), json)]);
    let tensors = tensors.iter().map(|(name, tensor)| (*name, tensor));
    safetensors::serialize(tensors, Some(metadata)).map_err(|error| not_snapshot(&error))
}

/// A file of the right kind, before its tensors are looked at.
pub(crate) struct Snapshot<'a> {
    file: SafeTensors<'a>,
}

impl<'a> Snapshot<'a> {
    /// Opens a file that should be of what `description` says.
    pub(crate) fn read(bytes: &'a [u8], description: &Description) -> Result<Self, Error> {
        let broken = |error: SafeTensorError| not_snapshot(&error);
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let metadata = header.metadata().as_ref();
        let json = metadata.and_then(|metadata| metadata.get(METADATA_KEY));
        let json = json.ok_or_else(|| not_snapshot(&"it does not say of what memory it is"))?;
        let found = serde_json::from_str(json).map_err(|error| not_snapshot(&error))?;
        description.check(&Description(found))?;
        let file = SafeTensors::deserialize(bytes).map_err(broken)?;
        Ok(Self { file })
    }

    /// Length of the tensor's first axis.
    pub(crate) fn rows(&self, name: &'static str) -> Result<usize, Error> {
        let tensor = self
            .file
            .tensor(name)
            .map_err(|error| not_snapshot(&error))?;
        let n_rows = tensor.shape().first().copied();
        n_rows.ok_or_else(|| not_snapshot(&format_args!("`{name}` has no rows")))
    }

    /// The numbers of a tensor that should have this shape.
    pub(crate) fn numbers<E: Element>(
        &self,
        name: &'static str,
        shape: &[usize],
    ) -> Result<Vec<E>, Error> {
        let tensor = self
            .file
            .tensor(name)
            .map_err(|error| not_snapshot(&error))?;
        if tensor.dtype() != E::DTYPE || tensor.shape() != shape {
            return Err(Error::SnapshotMismatch {
                name: name.to_owned(),
                expected: format!("{:?} of shape {shape:?}", E::DTYPE),
                got: format!("{:?} of shape {:?}", tensor.dtype(), tensor.shape()),
            });
        }
        let (numbers, _) = tensor.data().as_chunks::<4>();
        Ok(numbers.iter().map(|bytes| E::from_le(*bytes)).collect())
    }
}

/// An error with its reason.
pub(crate) fn not_snapshot(reason: &dyn std::fmt::Display) -> Error {
    Error::NotSnapshot(reason.to_string())
}
