//! Experiments that ship inside the program.

use crate::Error;

macro_rules! ship {
    ($($name:literal),+ $(,)?) => {
        pub(super) const NAMES: &[&str] = &[$($name),+];
        const TEXTS: &[&str] = &[$(include_str!(concat!("../../experiments/", $name, ".toml"))),+];
    };
}

ship!(
    "rl2-bandit-10x5",
    "rl2-bandit-10x10",
    "rl2-bandit-100x5",
    "rl2-mdp-10",
    "maml-navigation",
    "maml-navigation-first-order",
    "rl2-bandit-smoke",
);

/// The text of a shipped experiment.
pub(super) fn text(name: &str) -> Result<&'static str, Error> {
    let found = NAMES.iter().position(|known| *known == name);
    found.map(|idx| TEXTS[idx]).ok_or_else(|| {
        let nearest = NAMES.iter().min_by_key(|known| edit_distance(name, known));
        let near = nearest.filter(|known| edit_distance(name, known) <= known.len() / 2);
        Error::UnknownExperiment {
            name: name.to_owned(),
            hint: near.map_or_else(String::new, |near| format!(", did you mean '{near}'?")),
            known: NAMES.join(", "),
        }
    })
}

/// Fewest letters to insert, delete or replace (Levenshtein 1966).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replace = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
