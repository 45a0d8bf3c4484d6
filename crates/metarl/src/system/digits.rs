//! Handwritten digits, some of which are never seen in training.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use metarl_envs::few_shot::{ClassTasks, FewShot, LabelledData};
use serde::Serialize;

use crate::Error;
use crate::experiment::Section;

/// The test set of UCI's *Optical Recognition of Handwritten Digits* (Alpaydin & Kaynak 1998), as
/// scikit-learn has it: 1797 images of 8 × 8 pixels, each from 0 to 1.
///
/// | key | default | range | meaning |
/// |---|---|---|---|
/// | `held_out` | [6, 7, 8, 9] | digits | those that it is judged on; it is trained on the others |
/// | `n_ways`, `n_shots`, `n_queries` | those of [`FewShot`] | | the tasks it is judged on |
/// | `n_training_ways` | `n_ways` | | classes of a task of training |
/// | `turned` | true | | whether digits turned by quarters are further classes of training |
/// | `shift` | 1 | 0 to 8 | how far images of training are moved, in pixels |
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Digits {
    held_out: Vec<u32>,
    n_ways: usize,
    n_shots: usize,
    n_queries: usize,
    n_training_ways: usize,
    turned: bool,
    shift: f32,
}

impl Digits {
    const FILE: &str = "third_party/digits/digits.csv";
    const SETUP: &str = "cargo xtask setup digits";
    const N_PIXELS: usize = 64;

    pub(super) fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let held_out: Vec<u32> = section.take_or("held_out", vec![6, 7, 8, 9])?;
        let n_ways = section.take_or("n_ways", FewShot::default().n_ways)?;
        let digits = Self {
            n_ways,
            n_shots: section.take_or("n_shots", FewShot::default().n_shots)?,
            n_queries: section.take_or("n_queries", FewShot::default().n_queries)?,
            n_training_ways: section.take_or("n_training_ways", n_ways)?,
            turned: section.take_or("turned", true)?,
            shift: section.take_or("shift", 1.0)?,
            held_out,
        };
        section.end()?;
        section.checked(digits.shape().check().map_err(Into::into))?;
        let (n_held_out, n_training) = (digits.held_out.len(), digits.training_labels().len());
        let known = n_held_out + n_training == 10;
        let got = format!("{:?}", digits.held_out);
        section.check("held_out", "digits, each once", got, known)?;
        let enough = n_ways <= n_held_out;
        section.check("n_ways", "at most the digits held out", n_ways, enough)?;
        let n_classes = if digits.turned { 4 } else { 1 } * n_training;
        let n_training_ways = digits.n_training_ways;
        let enough = (2..=n_classes).contains(&n_training_ways);
        let allowed = "at least 2 and at most the classes of training";
        section.check("n_training_ways", allowed, n_training_ways, enough)?;
        let n_examples = digits.n_shots.saturating_add(digits.n_queries);
        let allowed = "with n_queries at most the 174 images of the rarest digit";
        section.check("n_shots", allowed, digits.n_shots, n_examples <= 174)?;
        let near = (0.0..=8.0).contains(&digits.shift);
        section.check("shift", "between 0 and 8", digits.shift, near)?;
        Ok(digits)
    }

    /// The tasks it is judged on.
    pub(super) fn shape(&self) -> FewShot {
        FewShot {
            n_ways: self.n_ways,
            n_shots: self.n_shots,
            n_queries: self.n_queries,
        }
    }

    fn training_labels(&self) -> Vec<u32> {
        let digits = 0..10;
        digits
            .filter(|digit| !self.held_out.contains(digit))
            .collect()
    }

    fn family(&self) -> String {
        let digits = self.held_out.iter().map(u32::to_string);
        format!("digits-{}", digits.collect::<String>())
    }

    pub(super) fn name(&self) -> String {
        let (family, n_ways, n_shots) = (self.family(), self.n_ways, self.n_shots);
        format!("few-shot/{family}-{n_ways}-way-{n_shots}-shot@1")
    }

    /// Tasks of the digits that are not held out.
    pub(super) fn training(&self, data: &LabelledData) -> Result<ClassTasks, Error> {
        let data = data.only(&self.training_labels());
        let data = if self.turned {
            data.with_turned_images()?
        } else {
            data
        };
        let shape = FewShot {
            n_ways: self.n_training_ways,
            ..self.shape()
        };
        let labels = data.labels().collect();
        let tasks = ClassTasks::new("digits-training", Arc::new(data), labels, shape)?;
        Ok(tasks.with_shifted_images(self.shift)?)
    }

    /// Tasks of the digits that are held out, as they are.
    pub(super) fn held_out(&self, data: &LabelledData) -> Result<ClassTasks, Error> {
        let (data, labels) = (Arc::new(data.clone()), self.held_out.clone());
        let tasks = ClassTasks::new(&self.family(), data, labels, self.shape())?;
        Ok(tasks)
    }

    /// Reads what `cargo xtask setup digits` has written.
    ///
    /// # Errors
    ///
    /// [`Error::NotFetched`], [`Error::Read`], and [`Error::Damaged`] for a file that is not that.
    pub fn read(&self) -> Result<LabelledData, Error> {
        Self::read_from(&Self::file())
    }

    fn read_from(path: &Path) -> Result<LabelledData, Error> {
        let text = fs::read_to_string(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Error::NotFetched {
                path: path.to_owned(),
                command: Self::SETUP,
            },
            _ => Error::read(path)(source),
        })?;
        let data = LabelledData::from_csv(&text).map_err(|error| Error::damaged(path, error))?;
        let whole = data.labels().eq(0..10) && data.n_features() == Self::N_PIXELS;
        if !whole {
            let message = format!(
                "not ten digits of 8 × 8 pixels; {} fetches them",
                Self::SETUP
            );
            return Err(Error::damaged(path, message));
        }
        Ok(data)
    }

    /// Here, or in the workspace that the program was built in.
    fn file() -> PathBuf {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let mut files = workspace.map(|folder| folder.join(Self::FILE));
        let here = PathBuf::from(Self::FILE);
        match files.find(|file| !here.is_file() && file.is_file()) {
            Some(file) => file,
            None => here,
        }
    }
}
