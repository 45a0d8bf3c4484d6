//! Learned beside bar, optimum and baselines.

use std::fmt;

use metarl::core::Returns;
use metarl::experiment::Experiment;
use metarl::system::Reference;

/// One metric, the best row first.
pub(super) struct Table {
    metric: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    mean: f64,
    /// None for what is exact.
    standard_error: Option<f64>,
}

impl Table {
    pub(super) fn new(
        experiment: &Experiment,
        metric: &str,
        learned: Returns,
        references: &[Reference],
    ) -> Self {
        let learned = Row {
            name: "LEARNED".to_owned(),
            mean: learned.mean,
            standard_error: Some(learned.standard_error),
        };
        let targets = experiment.targets.iter();
        let targets = targets.filter(|target| target.metric == metric);
        let bars = targets.map(|target| Row {
            name: "bar".to_owned(),
            mean: target.bar,
            standard_error: None,
        });
        let references = references.iter().filter(|known| known.metric == metric);
        let references = references.map(|known| Row {
            name: known.name.clone(),
            mean: known.mean,
            standard_error: known.standard_error,
        });
        let mut rows: Vec<Row> = std::iter::once(learned)
            .chain(bars)
            .chain(references)
            .collect();
        rows.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        Self {
            metric: metric.to_owned(),
            rows,
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| {:<24} | {:>9} | {:>7} |",
            self.metric, "mean", "± s.e."
        )?;
        writeln!(f, "|{:-<26}|{:->10}:|{:->8}:|", "", "", "")?;
        for row in &self.rows {
            let error = row
                .standard_error
                .map_or_else(|| "exact".to_owned(), |e| format!("{e:.3}"));
            let error = if row.name == "bar" {
                ""
            } else {
                error.as_str()
            };
            writeln!(f, "| {:<24} | {:>9.3} | {error:>7} |", row.name, row.mean)?;
        }
        Ok(())
    }
}
