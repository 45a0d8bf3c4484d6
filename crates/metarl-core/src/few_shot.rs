//! Classification from few examples.

use serde::{Deserialize, Serialize};

use crate::{Error, check_range};

/// A few labelled examples of classes that were never seen before, and more examples to classify.
///
/// | field | shape | meaning |
/// |---|---|---|
/// | `support` | example × feature | examples whose classes are told |
/// | `support_label` | example | their classes, `0 … n_ways − 1`, each at least once |
/// | `query` | example × feature | examples to classify |
/// | `query_label` | example | their classes |
///
/// With `n_ways` classes and `k` support examples of each it is an *`n_ways`-way `k`-shot* task
/// (Vinyals et al. 2016, [arXiv:1606.04080](https://arxiv.org/abs/1606.04080), section 4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FewShotTask {
    /// Number of classes.
    pub n_ways: usize,
    /// Numbers of an example.
    pub n_features: usize,
    /// Examples whose classes are told.
    pub support: Vec<f32>,
    /// Their classes.
    pub support_label: Vec<usize>,
    /// Examples to classify.
    pub query: Vec<f32>,
    /// Their classes.
    pub query_label: Vec<usize>,
}

impl FewShotTask {
    /// Checks that shapes agree, labels are classes, every class is in the support, and all numbers
    /// are finite.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first field that is wrong.
    ///
    /// # Examples
    ///
    /// ```
    /// use metarl_core::FewShotTask;
    ///
    /// let task = FewShotTask {
    ///     n_ways: 2,
    ///     n_features: 1,
    ///     support: vec![-1.0, 1.0],
    ///     support_label: vec![0, 0],
    ///     query: vec![0.5],
    ///     query_label: vec![1],
    /// };
    /// let error = task.check().unwrap_err();
    /// assert_eq!(error.to_string(), "support_label must be every class, got no example of class 1");
    /// ```
    pub fn check(&self) -> Result<(), Error> {
        check_range("n_ways", "at least 1", self.n_ways, self.n_ways >= 1)?;
        check_range(
            "n_features",
            "at least 1",
            self.n_features,
            self.n_features >= 1,
        )?;
        check_range(
            "query_label",
            "at least 1 example",
            0,
            !self.query_label.is_empty(),
        )?;
        for (name, examples, labels) in [
            ("support", &self.support, &self.support_label),
            ("query", &self.query, &self.query_label),
        ] {
            let shaped = Some(examples.len()) == labels.len().checked_mul(self.n_features);
            let got = format_args!("{} numbers for {} labels", examples.len(), labels.len());
            check_range(name, "n_features numbers a label", got, shaped)?;
            let bad = examples.iter().find(|x| !x.is_finite());
            check_range(name, "finite numbers", bad.unwrap_or(&0.0), bad.is_none())?;
            let unknown = labels.iter().find(|label| **label >= self.n_ways);
            check_range(
                name,
                "labelled below n_ways",
                unknown.unwrap_or(&0),
                unknown.is_none(),
            )?;
        }
        let absent = (0..self.n_ways).find(|class| !self.support_label.contains(class));
        let got = format_args!("no example of class {}", absent.unwrap_or(0));
        check_range("support_label", "every class", got, absent.is_none())
    }

    /// Share of the queries that were classified right.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless there is one prediction a query.
    pub fn accuracy(&self, predicted: &[usize]) -> Result<f64, Error> {
        let (expected, got) = (self.query_label.len(), predicted.len());
        check_range("predicted", "one class a query", got, got == expected)?;
        let pairs = predicted.iter().zip(&self.query_label);
        let n_right = pairs.filter(|(a, b)| a == b).count();
        Ok(n_right as f64 / expected.max(1) as f64)
    }
}
