//! A profile beside what others earn: one row a metric.

use std::fmt;

use metarl::core::Returns;
use metarl::system::{Profile, Reference};

/// Learned with its standard error, then a column a reference.
pub(super) struct ProfileTable {
    head: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl ProfileTable {
    pub(super) fn new(
        profile: &Profile,
        measured: impl Fn(&str) -> Returns,
        references: &[Reference],
    ) -> Self {
        let of = |metric: &str| {
            let found = references
                .iter()
                .filter(move |known| known.metric == metric);
            found.cloned().collect::<Vec<_>>()
        };
        let mut head = vec![
            profile.label.to_owned(),
            "LEARNED".to_owned(),
            "± s.e.".to_owned(),
        ];
        let first = profile
            .metrics
            .first()
            .map_or_else(Vec::new, |metric| of(metric));
        head.extend(first.into_iter().map(|known| known.name));
        let rows = profile.metrics.iter().map(|metric| {
            let learned = measured(metric);
            let mut row = vec![learned.mean, learned.standard_error];
            row.extend(of(metric).iter().map(|known| known.mean));
            row
        });
        Self {
            head,
            rows: rows.collect(),
        }
    }
}

impl fmt::Display for ProfileTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<usize> = self
            .head
            .iter()
            .map(|name| name.chars().count().max(7))
            .collect();
        let cell = |text: String, width: usize| format!(" {text:>width$} |");
        let line = |cells: Vec<String>| {
            let cells = cells.into_iter().zip(&widths);
            let cells: Vec<String> = cells.map(|(text, width)| cell(text, *width)).collect();
            format!("|{}", cells.concat())
        };
        writeln!(f, "{}", line(self.head.clone()))?;
        let rule: Vec<String> = widths
            .iter()
            .map(|width| format!("{:-<width$}:|", "-", width = width + 1))
            .collect();
        writeln!(f, "|{}", rule.concat())?;
        for (idx, row) in self.rows.iter().enumerate() {
            let mut cells = vec![(idx + 1).to_string()];
            cells.extend(row.iter().map(|mean| format!("{mean:.3}")));
            writeln!(f, "{}", line(cells))?;
        }
        Ok(())
    }
}
