//! Experiments that ship inside the program.

use crate::Error;
use crate::names::hint;

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
    "episodic-lstm-barcode",
    "lstm-barcode",
    "maml-navigation",
    "maml-navigation-first-order",
    "matching-clusters-5x1",
    "matching-clusters-5x5",
    "matching-digits-3x1",
    "matching-digits-3x5",
    "matching-digits-3x5-copies",
    "mfec-cart-pole",
    "mfec-dark-room",
    "mfec-located-maze",
    "mfec-breakout",
    "nec-cart-pole",
    "nec-dark-room",
    "nec-located-maze",
    "nec-breakout",
    "dqn-cart-pole",
    "dqn-dark-room",
    "dqn-located-maze",
    "dqn-breakout",
    "double-dqn-cart-pole",
    "double-dqn-dark-room",
    "double-dqn-located-maze",
    "double-dqn-breakout",
    "rl2-bandit-smoke",
);

/// The text of a shipped experiment.
pub(super) fn text(name: &str) -> Result<&'static str, Error> {
    let found = NAMES.iter().position(|known| *known == name);
    found
        .map(|idx| TEXTS[idx])
        .ok_or_else(|| Error::UnknownExperiment {
            name: name.to_owned(),
            hint: hint(name, NAMES.iter().copied()),
            known: NAMES.join(", "),
        })
}
