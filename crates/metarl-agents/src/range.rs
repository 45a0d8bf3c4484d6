//! Ranges that hyper-parameters are held to.

use crate::Error;

type Text = &'static str;

pub(crate) fn check(name: Text, allowed: Text, got: impl ToString, ok: bool) -> Result<(), Error> {
    if ok {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            name,
            allowed,
            got: got.to_string(),
        })
    }
}

pub(crate) fn at_least_1<N: PartialOrd + From<u8> + ToString>(
    name: Text,
    got: N,
) -> Result<(), Error> {
    let ok = got >= N::from(1);
    check(name, "at least 1", got, ok)
}

/// Widths of layers that fit into memory: beyond them a mistyped size would end the process.
pub(crate) const MAX_WIDTH: usize = 16_384;

pub(crate) fn width(name: Text, got: usize) -> Result<(), Error> {
    check(
        name,
        "between 1 and 16384",
        got,
        (1..=MAX_WIDTH).contains(&got),
    )
}

/// Lanes, tasks or episodes of a batch that fit into memory.
pub(crate) fn batch_size(name: Text, got: usize) -> Result<(), Error> {
    check(
        name,
        "between 1 and 1048576",
        got,
        (1..=1_048_576).contains(&got),
    )
}

pub(crate) fn in_unit_interval<N: PartialOrd + From<u8> + ToString>(
    name: Text,
    got: N,
) -> Result<(), Error> {
    let ok = N::from(0) <= got && got <= N::from(1);
    check(name, "in [0, 1]", got, ok)
}

pub(crate) fn between_0_and_1(name: Text, got: f64) -> Result<(), Error> {
    check(name, "in (0, 1)", got, 0.0 < got && got < 1.0)
}

pub(crate) fn above_0(name: Text, got: f64) -> Result<(), Error> {
    let ok = got > 0.0 && got.is_finite();
    check(name, "above 0 and finite", got, ok)
}

pub(crate) fn at_least_0(name: Text, got: f64) -> Result<(), Error> {
    let ok = got >= 0.0 && got.is_finite();
    check(name, "at least 0 and finite", got, ok)
}
