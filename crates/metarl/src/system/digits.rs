//! Handwritten digits, some of which are never seen in training.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use metarl_core::{FewShotTask, Rng, TaskDistribution};
use metarl_envs::few_shot::{
    ClassTasks, DistortedCopies, DistortedImages, Distortion, FewShot, LabelledData,
};
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
/// | `n_copies` | 0 | 0 to 1024 | distorted copies that the network is told of each example it is judged with |
/// | `distortion` | that of [`Distortion`] | | how far these are distorted |
/// | `training` | | | [`DigitsTraining`] |
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Digits {
    held_out: Vec<u32>,
    n_ways: usize,
    n_shots: usize,
    n_queries: usize,
    n_copies: usize,
    distortion: Distortion,
    training: DigitsTraining,
}

/// What the classes of a task of training are.
///
/// | `kind` | keys |
/// |---|---|
/// | `digits` | those of [`FewShot`] |
/// | `turned-digits` | those of [`FewShot`] |
/// | `distorted-images` | those of [`FewShot`], and `distortion` with those of [`Distortion`] |
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum DigitsTraining {
    /// The digits that are not held out.
    Digits(FewShot),
    /// These, and turned by quarters as further classes.
    TurnedDigits(FewShot),
    /// Single images of these, distorted.
    DistortedImages {
        /// The tasks.
        #[serde(flatten)]
        shape: FewShot,
        /// How far images are distorted.
        distortion: Distortion,
    },
}

impl DigitsTraining {
    fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let kind: String = section.take("kind")?;
        let distortion = match kind.as_str() {
            "distorted-images" => Some(section.take_or("distortion", Distortion::default())?),
            "digits" | "turned-digits" => None,
            _ => {
                let allowed = "must be digits, turned-digits or distorted-images";
                return Err(section.error("kind", &format!("{allowed}, got {kind}")));
            }
        };
        let shape: FewShot = section.rest()?;
        section.checked(shape.check().map_err(Into::into))?;
        let Some(distortion) = distortion else {
            return Ok(match kind.as_str() {
                "digits" => Self::Digits(shape),
                _ => Self::TurnedDigits(shape),
            });
        };
        section.checked(distortion.check().map_err(Into::into))?;
        Ok(Self::DistortedImages { shape, distortion })
    }
}

/// Tasks of training, of either kind.
#[derive(Debug)]
pub(super) enum TrainingTasks {
    Classes(ClassTasks),
    Images(DistortedImages),
}

impl TaskDistribution for TrainingTasks {
    type Task = FewShotTask;

    fn name(&self) -> String {
        match self {
            Self::Classes(tasks) => tasks.name(),
            Self::Images(tasks) => tasks.name(),
        }
    }

    fn sample(&self, rng: &mut Rng) -> FewShotTask {
        match self {
            Self::Classes(tasks) => tasks.sample(rng),
            Self::Images(tasks) => tasks.sample(rng),
        }
    }
}

impl Digits {
    const FILE: &str = "third_party/digits/digits.csv";
    const SETUP: &str = "cargo xtask setup digits";
    const N_PIXELS: usize = 64;

    pub(super) fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let usual = FewShot::default();
        let digits = Self {
            held_out: section.take_or("held_out", vec![6, 7, 8, 9])?,
            n_ways: section.take_or("n_ways", usual.n_ways)?,
            n_shots: section.take_or("n_shots", usual.n_shots)?,
            n_queries: section.take_or("n_queries", usual.n_queries)?,
            n_copies: section.take_or("n_copies", 0)?,
            distortion: section.take_or("distortion", Distortion::default())?,
            training: DigitsTraining::from_section(section.section("training")?)?,
        };
        section.end()?;
        section.checked(digits.shape().check().map_err(Into::into))?;
        let copies = digits.distortion.check_copies(digits.n_copies);
        section.checked(copies.map_err(Into::into))?;
        let (n_held_out, n_training) = (digits.held_out.len(), digits.training_labels().len());
        let known = n_held_out + n_training == 10 && n_training >= 1;
        let got = format!("{:?}", digits.held_out);
        section.check("held_out", "digits, each once, but not all", got, known)?;
        let enough = digits.n_ways <= n_held_out;
        section.check(
            "n_ways",
            "at most the digits held out",
            digits.n_ways,
            enough,
        )?;
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
    pub(super) fn training(&self, data: &LabelledData) -> Result<TrainingTasks, Error> {
        let data = data.only(&self.training_labels());
        let classes = |data: LabelledData, shape| {
            let labels = data.labels().collect();
            ClassTasks::new("digits-training", Arc::new(data), labels, shape)
        };
        Ok(match self.training {
            DigitsTraining::Digits(shape) => TrainingTasks::Classes(classes(data, shape)?),
            DigitsTraining::TurnedDigits(shape) => {
                TrainingTasks::Classes(classes(data.with_turned_images()?, shape)?)
            }
            DigitsTraining::DistortedImages { shape, distortion } => {
                let data = Arc::new(data);
                TrainingTasks::Images(DistortedImages::new("digits", data, shape, distortion)?)
            }
        })
    }

    /// Tasks of the digits that are held out, as they are.
    pub(super) fn held_out(&self, data: &LabelledData) -> Result<ClassTasks, Error> {
        let (data, labels) = (Arc::new(data.clone()), self.held_out.clone());
        let tasks = ClassTasks::new(&self.family(), data, labels, self.shape())?;
        Ok(tasks)
    }

    /// The same, as the network is told them: with copies.
    pub(super) fn with_copies(
        &self,
        tasks: ClassTasks,
    ) -> Result<DistortedCopies<ClassTasks>, Error> {
        Ok(DistortedCopies::new(tasks, self.n_copies, self.distortion)?)
    }

    pub(super) fn has_copies(&self) -> bool {
        self.n_copies > 0
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Digits;

    #[test]
    fn digits_that_are_not_there_are_a_line_with_the_command() {
        let missing = Digits::read_from(Path::new("nowhere/digits.csv")).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "nowhere/digits.csv is not there; `cargo xtask setup digits` fetches it"
        );
    }
}
