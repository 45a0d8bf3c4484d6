//! Few-shot tasks from a set of labelled examples.

use std::collections::BTreeMap;
use std::sync::Arc;

use metarl_core::{Error, FewShotTask, Rng, TaskDistribution, check_range};
use rand::seq::SliceRandom;
use rand::seq::index::sample;
use serde::{Deserialize, Serialize};

use super::FewShot;

/// Examples with labels, class by class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelledData {
    n_features: usize,
    /// Examples of each label, one after the other.
    examples: BTreeMap<u32, Vec<f32>>,
}

impl LabelledData {
    /// Reads comma-separated numbers: on each line a label, `0 … 2³² − 1`, and the features.
    ///
    /// # Errors
    ///
    /// [`Error::Environment`] naming the first line that is not such.
    ///
    /// # Examples
    ///
    /// ```
    /// use metarl_envs::few_shot::LabelledData;
    ///
    /// let data = LabelledData::from_csv("7,0.0,0.5\n3,1.0,0.25\n7,0.5,0.5\n")?;
    /// assert_eq!(data.labels().collect::<Vec<_>>(), [3, 7]);
    /// assert_eq!(data.n_features(), 2);
    /// let error = LabelledData::from_csv("7,0.0,0.5\n3,1.0\n").unwrap_err();
    /// assert_eq!(error.to_string(), "environment: line 2 has 1 features, line 1 has 2");
    /// # Ok::<(), metarl_core::Error>(())
    /// ```
    pub fn from_csv(text: &str) -> Result<Self, Error> {
        let mut data = Self {
            n_features: 0,
            examples: BTreeMap::new(),
        };
        for (idx, line) in text.lines().enumerate() {
            let wrong = |what: String| Error::Environment(format!("line {} {what}", idx + 1));
            let mut cells = line.split(',').map(str::trim);
            let label = cells.next().unwrap_or_default();
            let label: u32 = label.parse().map_err(|_| {
                wrong(format!(
                    "has the label '{label}', which is not a whole number"
                ))
            })?;
            let features = cells.map(|cell| match cell.parse::<f32>() {
                Ok(x) if x.is_finite() => Ok(x),
                _ => Err(wrong(format!("has '{cell}' where a number should be"))),
            });
            let features = features.collect::<Result<Vec<f32>, Error>>()?;
            if idx == 0 {
                data.n_features = features.len();
            }
            if features.is_empty() {
                return Err(wrong("has no features".to_owned()));
            }
            if features.len() != data.n_features {
                let (got, expected) = (features.len(), data.n_features);
                return Err(wrong(format!("has {got} features, line 1 has {expected}")));
            }
            data.examples.entry(label).or_default().extend(features);
        }
        Ok(data)
    }

    /// Numbers of an example.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// How many examples there are, of all labels together.
    #[must_use]
    pub fn n_examples(&self) -> usize {
        let n_numbers: usize = self.examples.values().map(Vec::len).sum();
        n_numbers / self.n_features.max(1)
    }

    /// An example, counted through all labels in their order.
    pub(super) fn example(&self, idx: usize) -> &[f32] {
        let mut start = idx * self.n_features;
        for examples in self.examples.values() {
            if let Some(example) = examples.get(start..start + self.n_features) {
                return example;
            }
            start -= examples.len();
        }
        unreachable!(
            "there are {} examples, asked for is {idx}",
            self.n_examples()
        )
    }

    /// The examples of some labels alone.
    #[must_use]
    pub fn only(&self, labels: &[u32]) -> Self {
        let kept = self.examples.iter();
        let kept = kept.filter(|(label, _)| labels.contains(label));
        Self {
            n_features: self.n_features,
            examples: kept.map(|(label, x)| (*label, x.clone())).collect(),
        }
    }

    /// The labels there are, ascending.
    pub fn labels(&self) -> impl Iterator<Item = u32> + '_ {
        self.examples.keys().copied()
    }

    /// Square images turned by a quarter, a half and three quarters as further classes: label
    /// `l + turns · n`, with `n` above every label. What is upright in one class and turned in another
    /// are classes of their own (Santoro et al. 2016,
    /// [arXiv:1605.06065](https://arxiv.org/abs/1605.06065), section 4.1).
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when the features are not a square.
    pub fn with_turned_images(mut self) -> Result<Self, Error> {
        let side = self.n_features.isqrt();
        let square = side * side == self.n_features;
        check_range("n_features", "a square", self.n_features, square)?;
        let n = self.labels().max().map_or(0, |most| most + 1);
        let upright = self.examples.clone();
        for turns in 1..4 {
            for (label, examples) in &upright {
                let turned = examples.chunks_exact(self.n_features).flat_map(|image| {
                    (0..side * side).map(move |idx| {
                        let (mut row, mut column) = (idx / side, idx % side);
                        for _ in 0..turns {
                            (row, column) = (column, side - 1 - row);
                        }
                        image[row * side + column]
                    })
                });
                self.examples.insert(label + turns * n, turned.collect());
            }
        }
        Ok(self)
    }
}

/// Few-shot tasks over some of the classes of a set of examples.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassTasks {
    name: String,
    data: Arc<LabelledData>,
    labels: Vec<u32>,
    shape: FewShot,
}

impl ClassTasks {
    /// Tasks whose classes are among `labels`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless there are `n_ways` labels, each with `n_shots + n_queries` examples,
    /// and those of [`FewShot::check`].
    pub fn new(
        name: &str,
        data: Arc<LabelledData>,
        labels: Vec<u32>,
        shape: FewShot,
    ) -> Result<Self, Error> {
        shape.check()?;
        check_range(
            "labels",
            "at least n_ways",
            labels.len(),
            labels.len() >= shape.n_ways,
        )?;
        let wanted = shape.n_shots.saturating_add(shape.n_queries);
        for label in &labels {
            let n_numbers = data.examples.get(label).map_or(0, Vec::len);
            let n_examples = n_numbers / data.n_features.max(1);
            let got = format_args!("{n_examples} of label {label}");
            check_range(
                "examples",
                "at least n_shots + n_queries",
                got,
                n_examples >= wanted,
            )?;
        }
        Ok(Self {
            name: name.to_owned(),
            data,
            labels,
            shape,
        })
    }
}

impl TaskDistribution for ClassTasks {
    type Task = FewShotTask;

    fn name(&self) -> String {
        let FewShot {
            n_ways, n_shots, ..
        } = self.shape;
        format!("few-shot/{}-{n_ways}-way-{n_shots}-shot@1", self.name)
    }

    fn sample(&self, rng: &mut Rng) -> FewShotTask {
        let FewShot {
            n_ways,
            n_shots,
            n_queries,
        } = self.shape;
        let width = self.data.n_features;
        let mut labels = self.labels.clone();
        let (labels, _) = labels.partial_shuffle(rng, n_ways);
        let mut task = FewShotTask {
            n_ways,
            n_features: width,
            support: Vec::with_capacity(n_ways * n_shots * width),
            support_label: Vec::with_capacity(n_ways * n_shots),
            query: Vec::with_capacity(n_ways * n_queries * width),
            query_label: Vec::with_capacity(n_ways * n_queries),
        };
        for (class, label) in labels.iter().enumerate() {
            let examples = &self.data.examples[label];
            let drawn = sample(rng, examples.len() / width, n_shots + n_queries);
            for (idx, example) in drawn.iter().enumerate() {
                let example = &examples[example * width..][..width];
                let (examples, labels) = if idx < n_shots {
                    (&mut task.support, &mut task.support_label)
                } else {
                    (&mut task.query, &mut task.query_label)
                };
                examples.extend_from_slice(example);
                labels.push(class);
            }
        }
        task
    }
}
