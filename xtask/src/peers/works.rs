//! What is compared: one row, the same work done by us and by a peer.

use std::path::PathBuf;

use anyhow::Result;
use xshell::Shell;

use crate::python::virtual_environment;
use crate::setup::{BOX2D, MUJOCO};

/// A worker: the program and its arguments, with spaces between.
pub(super) struct Side<P> {
    pub(super) program: P,
    pub(super) arguments: &'static str,
}

pub(super) struct Work {
    pub(super) name: &'static str,
    pub(super) peer: &'static str,
    /// An example: its package and its name.
    pub(super) ours: Side<(&'static str, &'static str)>,
    /// A script below `xtask/peers`.
    pub(super) theirs: Side<&'static str>,
    pub(super) kit: Kit,
    pub(super) cores: Cores,
    pub(super) bar: f64,
}

/// What both sides of a comparison need.
#[derive(Clone, Copy)]
pub(super) enum Kit {
    /// Nothing but their packages.
    Plain,
    /// The physics engine of the feature `terrain`.
    Rapier,
    /// The physics engine of the feature `box2d`.
    Box2d,
    /// The simulator of the feature `mujoco`.
    Mujoco,
    /// Libraries that differentiate.
    Learning,
}

/// What both sides run on.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Cores {
    One,
    All,
}

impl Kit {
    pub(super) fn features(self) -> &'static [&'static str] {
        match self {
            Self::Plain | Self::Learning => &[],
            Self::Rapier => &["--features", "terrain"],
            Self::Box2d => &["--features", "box2d"],
            Self::Mujoco => &["--features", "mujoco"],
        }
    }

    /// A Python with the packages of the peers.
    pub(super) fn python(self, sh: &Shell) -> Result<PathBuf> {
        let (venv, requirements) = match self {
            Self::Plain => ("target/peers/venv", "xtask/peers/requirements.txt"),
            Self::Rapier | Self::Box2d => ("target/peers/walker", "xtask/peers/walker.txt"),
            Self::Mujoco => ("target/peers/mujoco", "xtask/peers/mujoco.txt"),
            Self::Learning => ("target/peers/learning", "xtask/peers/learning.txt"),
        };
        virtual_environment(sh, venv, requirements)
    }

    /// What has to be there and `cargo xtask setup` fetches.
    pub(super) fn needs(self) -> Option<[&'static str; 2]> {
        match self {
            Self::Plain | Self::Rapier | Self::Learning => None,
            Self::Box2d => Some([BOX2D, "cargo xtask setup box2d"]),
            Self::Mujoco => Some([MUJOCO, "cargo xtask setup mujoco"]),
        }
    }
}

const fn environment(
    name: &'static str,
    peer: &'static str,
    (program, arguments): (&'static str, &'static str),
    bar: f64,
) -> Work {
    Work {
        name,
        peer,
        ours: Side {
            program: ("metarl-envs", "throughput"),
            arguments: name,
        },
        theirs: Side { program, arguments },
        kit: Kit::Plain,
        cores: Cores::One,
        bar,
    }
}

const fn classic(
    name: &'static str,
    peer: &'static str,
    theirs: (&'static str, &'static str),
) -> Work {
    environment(name, peer, theirs, 8.0)
}

const fn min_atar(name: &'static str, theirs: &'static str) -> Work {
    environment(name, "MinAtar", (MIN_ATAR, theirs), 20.0)
}

/// A robot in the simulator, which is most of the work on both sides.
const fn robot(name: &'static str, theirs: &'static str) -> Work {
    Work {
        kit: Kit::Mujoco,
        ..environment(name, "Gymnasium", (GYMNASIUM, theirs), 1.4)
    }
}

/// A walker in a physics engine, beside Gymnasium's in Box2D.
const fn walker(name: &'static str, kit: Kit, bar: f64) -> Work {
    Work {
        kit,
        ..environment(name, "Gymnasium", (GYMNASIUM, "BipedalWalker-v3"), bar)
    }
}

/// A derivative of a perceptron on one core; `ours` and `theirs` are the arguments of the workers.
const fn derivative(
    name: &'static str,
    peer: &'static str,
    ours: &'static str,
    theirs: &'static str,
    bar: f64,
) -> Work {
    Work {
        name,
        peer,
        ours: Side {
            program: ("metarl-autodiff", "derivatives"),
            arguments: ours,
        },
        theirs: Side {
            program: "derivatives.py",
            arguments: theirs,
        },
        kit: Kit::Learning,
        cores: Cores::One,
        bar,
    }
}

/// A whole iteration on all cores.
const fn iteration(
    name: &'static str,
    peer: &'static str,
    ours: &'static str,
    theirs: &'static str,
    bar: f64,
) -> Work {
    Work {
        name,
        peer,
        ours: Side {
            program: ("metarl-agents", "iterations"),
            arguments: ours,
        },
        theirs: Side {
            program: theirs,
            arguments: ours,
        },
        kit: Kit::Learning,
        cores: Cores::All,
        bar,
    }
}

const fn estimator(name: &'static str, arguments: &'static str) -> Work {
    Work {
        name,
        peer: "rlax, jitted",
        ours: Side {
            program: ("metarl-returns", "estimators"),
            arguments,
        },
        theirs: Side {
            program: "estimators_rlax.py",
            arguments,
        },
        kit: Kit::Learning,
        cores: Cores::One,
        bar: 5.0,
    }
}

const GYMNAX: &str = "gymnax_steps.py";
const GYMNASIUM: &str = "gymnasium_steps.py";
const MIN_ATAR: &str = "min_atar_steps.py";

pub(super) const WORKS: &[Work] = &[
    classic("cart-pole", "gymnax, jitted", (GYMNAX, "CartPole-v1")),
    classic("cart-pole", "Gymnasium, vector", (GYMNASIUM, "CartPole-v1")),
    classic("mountain-car", "gymnax, jitted", (GYMNAX, "MountainCar-v0")),
    classic(
        "mountain-car",
        "Gymnasium, vector",
        (GYMNASIUM, "MountainCar-v0"),
    ),
    classic("pendulum", "gymnax, jitted", (GYMNAX, "Pendulum-v1")),
    classic("pendulum", "Gymnasium, vector", (GYMNASIUM, "Pendulum-v1")),
    classic("acrobot", "gymnax, jitted", (GYMNAX, "Acrobot-v1")),
    classic("acrobot", "Gymnasium, vector", (GYMNASIUM, "Acrobot-v1")),
    min_atar("breakout", "breakout"),
    min_atar("asterix", "asterix"),
    min_atar("freeway", "freeway"),
    min_atar("seaquest", "seaquest"),
    min_atar("space-invaders", "space_invaders"),
    walker("walker-rapier", Kit::Rapier, 6.0),
    walker("walker-box2d", Kit::Box2d, 3.0),
    robot("half-cheetah", "HalfCheetah-v5"),
    robot("ant", "Ant-v5"),
    robot("humanoid", "Humanoid-v5"),
    derivative(
        "gradient-1",
        "PyTorch, eager",
        "gradient 1",
        "torch gradient 1",
        20.0,
    ),
    derivative(
        "gradient-32",
        "PyTorch, eager",
        "gradient 32",
        "torch gradient 32",
        5.0,
    ),
    derivative(
        "gradient-256",
        "PyTorch, eager",
        "gradient 256",
        "torch gradient 256",
        2.5,
    ),
    derivative(
        "gradient-2000",
        "PyTorch, eager",
        "gradient 2000",
        "torch gradient 2000",
        1.6,
    ),
    derivative(
        "hessian-vector-1",
        "torch.func",
        "hessian-vector 1",
        "torch hessian-vector 1",
        1.5,
    ),
    derivative(
        "hessian-vector-1",
        "JAX, jitted",
        "hessian-vector 1",
        "jax hessian-vector 1",
        1.5,
    ),
    derivative(
        "hessian-vector-32",
        "torch.func",
        "hessian-vector 32",
        "torch hessian-vector 32",
        1.5,
    ),
    derivative(
        "hessian-vector-32",
        "JAX, jitted",
        "hessian-vector 32",
        "jax hessian-vector 32",
        1.5,
    ),
    derivative(
        "hessian-vector-256",
        "torch.func",
        "hessian-vector 256",
        "torch hessian-vector 256",
        1.5,
    ),
    derivative(
        "hessian-vector-256",
        "JAX, jitted",
        "hessian-vector 256",
        "jax hessian-vector 256",
        1.5,
    ),
    derivative(
        "hessian-vector-2000",
        "torch.func",
        "hessian-vector 2000",
        "torch hessian-vector 2000",
        1.5,
    ),
    derivative(
        "hessian-vector-2000",
        "JAX, jitted",
        "hessian-vector 2000",
        "jax hessian-vector 2000",
        1.5,
    ),
    iteration("maml", "JAX, jitted", "maml", "maml_jax.py", 3.0),
    iteration("rl2", "JAX, jitted", "rl2", "rl2_jax.py", 2.0),
    estimator("gae", "gae"),
    estimator("v-trace", "v-trace"),
];
