//! What is compared with whom.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::setup::{BOX2D, MUJOCO};

/// One row: the same work done by us and by a peer. Rows of the same work follow each other.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) name: Cow<'static, str>,
    pub(super) peer: &'static str,
    /// Arguments of our worker, with spaces between.
    pub(super) ours: Cow<'static, str>,
    pub(super) theirs: Peer,
    pub(super) kit: Kit,
    pub(super) bar: f64,
}

impl Work {
    /// Whether ours is the same.
    pub(super) fn is_measured_with(&self, other: &Self) -> bool {
        self.ours == other.ours && self.kit == other.kit
    }
}

/// Who does the work otherwise.
#[derive(Clone, Copy)]
pub(super) enum Peer {
    /// A script below `xtask/peers` and its arguments, with spaces between; ours follow.
    Script(&'static str, &'static str),
    /// A crate that `xtask/peers/neighbors` has behind a name.
    Crate(&'static str),
    /// Our worker, with another argument.
    Ours(&'static str),
}

/// What both sides of a comparison need.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kit {
    /// Environments, and nothing but their packages.
    Plain,
    /// Environments in the physics engine of the feature `terrain`.
    Rapier,
    /// Environments in the physics engine of the feature `box2d`.
    Box2d,
    /// Environments in the simulator of the feature `mujoco`.
    Mujoco,
    /// The same on every core.
    MujocoThreads,
    /// Nearest neighbors.
    Neighbors,
    /// What stands on them.
    Dictionary,
    /// Derivatives of a perceptron.
    Derivatives,
    /// Whole iterations of training.
    Iterations,
    /// Returns and advantages.
    Estimators,
}

/// What both sides run on.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Cores {
    One,
    All,
}

impl Kit {
    /// Our worker, as arguments of cargo.
    pub(super) fn example(self) -> Vec<&'static str> {
        let (package, example, feature) = match self {
            Self::Plain => ("metarl-envs", "throughput", None),
            Self::Rapier => ("metarl-envs", "throughput", Some("terrain")),
            Self::Box2d => ("metarl-envs", "throughput", Some("box2d")),
            Self::Mujoco | Self::MujocoThreads => ("metarl-envs", "throughput", Some("mujoco")),
            Self::Neighbors => ("metarl-memory", "neighbors", None),
            Self::Dictionary => ("metarl-memory", "dictionary", None),
            Self::Derivatives => ("metarl-autodiff", "derivatives", None),
            Self::Iterations => ("metarl-agents", "iterations", None),
            Self::Estimators => ("metarl-returns", "estimators", None),
        };
        let mut arguments = vec!["--package", package, "--example", example];
        arguments.extend(
            feature
                .into_iter()
                .flat_map(|feature| ["--features", feature]),
        );
        arguments
    }

    /// What has to be there, and what fetches it.
    pub(super) fn needs(self) -> Option<[&'static str; 2]> {
        match self {
            Self::Box2d => Some([BOX2D, "cargo xtask setup box2d"]),
            Self::Mujoco | Self::MujocoThreads => Some([MUJOCO, "cargo xtask setup mujoco"]),
            _ => None,
        }
    }

    pub(super) fn cores(self) -> Cores {
        match self {
            Self::MujocoThreads | Self::Iterations => Cores::All,
            _ => Cores::One,
        }
    }

    pub(super) fn build(self, sh: &Shell) -> Result<()> {
        let example = self.example();
        Ok(cmd!(sh, "cargo build --release {example...}").run()?)
    }

    /// Where a Python with the packages of the peers is, and the file that names those.
    pub(super) fn environment(self) -> (&'static str, &'static str) {
        match self {
            Self::Plain => ("target/peers/venv", "xtask/peers/requirements.txt"),
            Self::Rapier | Self::Box2d => ("target/peers/walker", "xtask/peers/walker.txt"),
            Self::Mujoco | Self::MujocoThreads => ("target/peers/mujoco", "xtask/peers/mujoco.txt"),
            Self::Neighbors | Self::Dictionary => ("target/peers/memory", "xtask/peers/memory.txt"),
            Self::Derivatives | Self::Iterations | Self::Estimators => {
                ("target/peers/learning", "xtask/peers/learning.txt")
            }
        }
    }
}

const RUST_PEERS: &str = "target/peers/neighbors-peers";

/// Builds the peers that are crates.
pub(super) fn build_rust_peers(sh: &Shell) -> Result<()> {
    let manifest = "xtask/peers/neighbors/Cargo.toml";
    cmd!(
        sh,
        "cargo build --release --locked --manifest-path {manifest} --target-dir {RUST_PEERS}"
    )
    .run()
    .context("the peers could not be fetched from crates.io and built")
}

/// The program that has them.
pub(super) fn rust_peers(root: &Path) -> PathBuf {
    root.join(RUST_PEERS).join("release/neighbors-peers")
}

const fn classic(name: &'static str, peer: &'static str, theirs: Peer) -> Work {
    Work {
        name: Cow::Borrowed(name),
        peer,
        ours: Cow::Borrowed(name),
        theirs,
        kit: Kit::Plain,
        bar: 8.0,
    }
}

const fn min_atar(name: &'static str, theirs: &'static str) -> Work {
    Work {
        name: Cow::Borrowed(name),
        peer: "MinAtar",
        ours: Cow::Borrowed(name),
        theirs: Peer::Script(MIN_ATAR, theirs),
        bar: 20.0,
        kit: Kit::Plain,
    }
}

/// A robot in the simulator, which is most of the work on both sides.
const fn robot(name: &'static str, peer: &'static str, theirs: Peer, bar: f64) -> Work {
    Work {
        name: Cow::Borrowed(name),
        peer,
        ours: Cow::Borrowed(name),
        theirs,
        kit: Kit::Mujoco,
        bar,
    }
}

/// A walker in a physics engine, beside Gymnasium's in Box2D.
const fn walker(name: &'static str, kit: Kit, bar: f64) -> Work {
    Work {
        name: Cow::Borrowed(name),
        peer: "Gymnasium",
        ours: Cow::Borrowed(name),
        theirs: Peer::Script(GYMNASIUM, "BipedalWalker-v3"),
        kit,
        bar,
    }
}

/// Look-ups or changes of a memory.
const fn neighbors(name: &'static str, peer: &'static str, theirs: Peer, bar: f64) -> Work {
    Work {
        name: Cow::Borrowed(name),
        peer,
        ours: Cow::Borrowed(name),
        theirs,
        kit: Kit::Neighbors,
        bar,
    }
}

/// Entries of a memory, read and written.
const fn dictionary(name: &'static str, peer: &'static str, theirs: Peer, bar: f64) -> Work {
    Work {
        name: Cow::Borrowed(name),
        peer,
        ours: Cow::Borrowed(name),
        theirs,
        kit: Kit::Dictionary,
        bar,
    }
}

/// A derivative, in a library of Python.
const fn derivative(name: &'static str, library: &'static str, bar: f64) -> Work {
    let peer = match library.as_bytes() {
        b"jax" => "JAX, jitted",
        _ => "PyTorch",
    };
    Work {
        name: Cow::Borrowed(name),
        peer,
        ours: Cow::Borrowed(name),
        theirs: Peer::Script("derivatives.py", library),
        kit: Kit::Derivatives,
        bar,
    }
}

/// An iteration of training, in a script of Python with an argument.
const fn iteration(name: &'static str, peer: &'static str, theirs: Peer, bar: f64) -> Work {
    Work {
        name: Cow::Borrowed(name),
        peer,
        ours: Cow::Borrowed(name),
        theirs,
        kit: Kit::Iterations,
        bar,
    }
}

const fn estimator(name: &'static str) -> Work {
    Work {
        name: Cow::Borrowed(name),
        peer: "rlax, jitted",
        ours: Cow::Borrowed(name),
        theirs: Peer::Script("estimators_rlax.py", name),
        kit: Kit::Estimators,
        bar: 5.0,
    }
}

const GYMNAX: &str = "gymnax_steps.py";
const GYMNASIUM: &str = "gymnasium_steps.py";
const ENVPOOL: &str = "envpool_steps.py";
const MIN_ATAR: &str = "min_atar_steps.py";
const NEIGHBORS: &str = "neighbors.py";

const KIDDO_5: Peer = Peer::Crate("kiddo5");
const KIDDO_6: Peer = Peer::Crate("kiddo6");
const KDTREE: Peer = Peer::Crate("kdtree");
const GEMM: Peer = Peer::Crate("gemm");
const SUM: Peer = Peer::Crate("sum");
const SKLEARN: Peer = Peer::Script(NEIGHBORS, "sklearn");
const FAISS: Peer = Peer::Script(NEIGHBORS, "faiss");
const NUMPY: Peer = Peer::Script(NEIGHBORS, "numpy");
const EXACT: Peer = Peer::Ours("neighbors-manif-64x100k-k50");

/// How names of the grid's works begin.
pub(super) const GRID: &str = "neighbors-grid";

/// Look-ups of neighbors over dimensions, sizes and data: what one would use at each point.
pub(super) fn grid() -> Vec<Work> {
    let mut works = Vec::new();
    for data in ["manif", "gauss"] {
        for dimension in [8, 16, 32, 64, 128] {
            for n_thousands in [10, 100, 500] {
                for k in [11, 50] {
                    let size = format!("{data}-{dimension}x{n_thousands}k-k{k}");
                    works.extend(GRID_PEERS.map(|(peer, theirs)| Work {
                        name: format!("{GRID}-{size}").into(),
                        ours: format!("neighbors-{size}").into(),
                        ..neighbors(GRID, peer, theirs, 1.0)
                    }));
                }
            }
        }
    }
    works
}

const GRID_PEERS: [(&str, Peer); 4] = [
    ("kiddo 5", KIDDO_5),
    ("kiddo 6", KIDDO_6),
    ("kdtree", KDTREE),
    ("gemm", Peer::Crate("gemm-single")),
];

pub(super) const WORKS: &[Work] = &[
    classic(
        "cart-pole",
        "gymnax, jitted",
        Peer::Script(GYMNAX, "CartPole-v1"),
    ),
    classic(
        "cart-pole",
        "Gymnasium, vector",
        Peer::Script(GYMNASIUM, "CartPole-v1"),
    ),
    classic("cart-pole", "EnvPool", Peer::Script(ENVPOOL, "CartPole-v1")),
    classic(
        "mountain-car",
        "gymnax, jitted",
        Peer::Script(GYMNAX, "MountainCar-v0"),
    ),
    classic(
        "mountain-car",
        "Gymnasium, vector",
        Peer::Script(GYMNASIUM, "MountainCar-v0"),
    ),
    classic(
        "mountain-car",
        "EnvPool",
        Peer::Script(ENVPOOL, "MountainCar-v0"),
    ),
    classic(
        "pendulum",
        "gymnax, jitted",
        Peer::Script(GYMNAX, "Pendulum-v1"),
    ),
    classic(
        "pendulum",
        "Gymnasium, vector",
        Peer::Script(GYMNASIUM, "Pendulum-v1"),
    ),
    classic("pendulum", "EnvPool", Peer::Script(ENVPOOL, "Pendulum-v1")),
    classic(
        "acrobot",
        "gymnax, jitted",
        Peer::Script(GYMNAX, "Acrobot-v1"),
    ),
    classic(
        "acrobot",
        "Gymnasium, vector",
        Peer::Script(GYMNASIUM, "Acrobot-v1"),
    ),
    classic("acrobot", "EnvPool", Peer::Script(ENVPOOL, "Acrobot-v1")),
    min_atar("breakout", "breakout"),
    min_atar("asterix", "asterix"),
    min_atar("freeway", "freeway"),
    min_atar("seaquest", "seaquest"),
    min_atar("space-invaders", "space_invaders"),
    walker("walker-rapier", Kit::Rapier, 6.0),
    walker("walker-box2d", Kit::Box2d, 3.0),
    robot(
        "half-cheetah",
        "Gymnasium",
        Peer::Script(GYMNASIUM, "HalfCheetah-v5"),
        1.4,
    ),
    robot(
        "half-cheetah",
        "EnvPool",
        Peer::Script(ENVPOOL, "HalfCheetah-v5"),
        1.0,
    ),
    robot("ant", "Gymnasium", Peer::Script(GYMNASIUM, "Ant-v5"), 1.4),
    robot("ant", "EnvPool", Peer::Script(ENVPOOL, "Ant-v5"), 1.0),
    robot(
        "humanoid",
        "Gymnasium",
        Peer::Script(GYMNASIUM, "Humanoid-v5"),
        1.4,
    ),
    robot(
        "humanoid",
        "EnvPool",
        Peer::Script(ENVPOOL, "Humanoid-v5"),
        1.0,
    ),
    Work {
        name: Cow::Borrowed("half-cheetah-threads"),
        peer: "ours, one thread",
        ours: Cow::Borrowed("half-cheetah-crowd"),
        theirs: Peer::Ours("half-cheetah-alone"),
        kit: Kit::MujocoThreads,
        bar: 0.9,
    },
    neighbors("neighbors-manif-8x100k-k50", "kiddo 5", KIDDO_5, 2.0),
    neighbors("neighbors-manif-8x100k-k50", "kiddo 6", KIDDO_6, 2.0),
    neighbors("neighbors-manif-16x100k-k50", "kiddo 5", KIDDO_5, 4.0),
    neighbors("neighbors-manif-16x100k-k50", "kdtree", KDTREE, 4.0),
    neighbors("neighbors-manif-64x100k-k50", "kdtree", KDTREE, 4.0),
    neighbors(
        "neighbors-manif-64x100k-k50",
        "scikit-learn KDTree",
        SKLEARN,
        4.0,
    ),
    neighbors(
        "neighbors-manif-64x100k-k50",
        "faiss IndexFlatL2",
        FAISS,
        4.0,
    ),
    neighbors("neighbors-manif-64x500k-k50", "kdtree", KDTREE, 4.0),
    neighbors("neighbors-manif-64x100k-k50-eps", "ours, exact", EXACT, 2.0),
    neighbors(
        "neighbors-gauss-64x500k-k50",
        "faiss IndexFlatL2",
        FAISS,
        1.0,
    ),
    neighbors("neighbors-gauss-64x500k-k50-batch", "gemm", GEMM, 5.0),
    neighbors("neighbors-gauss-64x500k-k50-batch", "NumPy", NUMPY, 5.0),
    neighbors("neighbors-gauss-64x500k-scan", "sum of an array", SUM, 0.9),
    neighbors("neighbors-manif-64x500k-replace", "kiddo 5", KIDDO_5, 1.5),
    neighbors("neighbors-manif-64x500k-move", "kiddo 5", KIDDO_5, 5.0),
    neighbors("neighbors-manif-64x500k-move-50", "kiddo 5", KIDDO_5, 5.0),
    dictionary("lru-touch", "schnellru", Peer::Crate("schnellru"), 3.0),
    dictionary(
        "nec-step",
        "faiss IndexFlatL2 and Python",
        Peer::Script("faiss_dictionary.py", ""),
        20.0,
    ),
    derivative("gradient-1", "torch", 20.0),
    derivative("gradient-32", "torch", 5.0),
    derivative("gradient-256", "torch", 2.5),
    derivative("gradient-2000", "torch", 1.6),
    derivative("hessian-vector-1", "torch", 1.5),
    derivative("hessian-vector-1", "jax", 1.5),
    derivative("hessian-vector-32", "torch", 1.5),
    derivative("hessian-vector-32", "jax", 1.5),
    derivative("hessian-vector-256", "torch", 1.5),
    derivative("hessian-vector-256", "jax", 1.5),
    derivative("hessian-vector-2000", "torch", 1.5),
    derivative("hessian-vector-2000", "jax", 1.5),
    iteration(
        "maml",
        "JAX, jitted",
        Peer::Script("maml_jax.py", "jitted"),
        3.0,
    ),
    iteration(
        "maml",
        "torch.func",
        Peer::Script("maml_torch.py", "torch.func"),
        20.0,
    ),
    iteration(
        "maml",
        "TorchOpt",
        Peer::Script("maml_torch.py", "torchopt"),
        20.0,
    ),
    iteration(
        "rl2",
        "JAX, jitted",
        Peer::Script("rl2_jax.py", "jitted"),
        2.0,
    ),
    iteration(
        "rl2-lstm",
        "Stable-Baselines3",
        Peer::Script("rl2_sb3.py", "recurrent"),
        30.0,
    ),
    estimator("gae"),
    estimator("v-trace"),
];
