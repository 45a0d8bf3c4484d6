//! The bridge to Gymnasium. Where Python has no Gymnasium the tests are skipped, and say so;
//! `cargo xtask bridge` installs it, and with `METARL_BRIDGE` set nothing is skipped.

mod families;
mod lanes;
mod refusals;
mod spaces;
mod vector;

use std::io::Write;
use std::sync::Once;

use metarl_core::{Continuous, Discrete, Environment, Purpose, Rng, Seed};
use metarl_envs::gymnasium::{
    Gymnasium, GymnasiumError, GymnasiumTask, GymnasiumVector, Recipe, search,
};

/// The fixture's environments, whatever they show.
type Counter = Gymnasium<Continuous<6>, Discrete<3>>;
type CartPole = Gymnasium<Continuous<4>, Discrete<2>>;
type CartPoles = GymnasiumVector<Continuous<4>, Discrete<2>>;

/// Whether the test can run: true, or a line on standard error, or a panic where it has to.
fn present<T>(made: &Result<T, GymnasiumError>) -> bool {
    let Err(error @ GymnasiumError::MissingModule { .. }) = made else {
        return true;
    };
    assert!(std::env::var_os("METARL_BRIDGE").is_none(), "{error}");
    // Not a print, which the test harness keeps to itself.
    let line = format!("skipped, see `cargo xtask bridge`: {error}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    false
}

/// Whether Gymnasium is there; lets Python find the fixture.
fn gymnasium() -> bool {
    static SEARCH: Once = Once::new();
    SEARCH.call_once(|| search(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/data")).unwrap());
    present(&CartPole::new(&Recipe::new("CartPole-v1"), 1))
}

fn counter() -> Recipe {
    Recipe::new("bridge_environments:Counter-v0")
}

fn stream(lane: usize) -> Rng {
    Seed::new(7).stream(Purpose::Environment, 0, lane as u64, 0)
}

/// Gives every lane the same task and a stream of its own.
fn assign<E: Environment<Task = GymnasiumTask>>(environment: &mut E, task: &GymnasiumTask) {
    for lane in 0..environment.n_lanes() {
        environment.assign(lane, task, stream(lane)).unwrap();
    }
}
