//! Bandits that come back under a sign.

use metarl_core::{
    Continuous, Discrete, Error, Lanes, Outcome, Process, Rng, TaskDistribution, check_range,
};
use rand::RngExt;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::draw::{Board, Color, Draw, Picture};

/// Bandits of an epoch, and arms of each.
const N_CONTEXTS: usize = 10;
/// Bits of a barcode.
const N_BITS: usize = 10;
/// How often each bandit comes.
const N_REPEATS: usize = 10;
pub(crate) const N_ARMS: usize = 10;
pub(crate) const N_PULLS: u32 = 10;
/// What the good arm pays, and what the others do.
pub(crate) const PROBABILITY: [f64; 2] = [0.9, 0.1];

/// The ten bandits of an epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarcodeTask {
    /// The sign of each bandit; no two are alike.
    pub barcode: [[bool; N_BITS]; N_CONTEXTS],
    /// The arm that pays, of each bandit.
    pub good_arm: [usize; N_CONTEXTS],
}

/// Barcodes uniform among those that differ; each arm is the good one of one bandit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BarcodeTasks;

impl TaskDistribution for BarcodeTasks {
    type Task = BarcodeTask;

    fn name(&self) -> String {
        "barcode/uniform@1".to_owned()
    }

    fn sample(&self, rng: &mut Rng) -> BarcodeTask {
        let mut barcode: [[bool; N_BITS]; N_CONTEXTS] = [[false; N_BITS]; N_CONTEXTS];
        for i in 0..N_CONTEXTS {
            let (before, rest) = barcode.split_at_mut(i);
            loop {
                rest[0] = std::array::from_fn(|_| rng.random());
                if !before.contains(&rest[0]) {
                    break;
                }
            }
        }
        let mut good_arm = std::array::from_fn(|i| i);
        good_arm.shuffle(rng);
        BarcodeTask { barcode, good_arm }
    }
}

/// A batch of epochs of ten barcode bandits, each of which comes ten times, in random order.
///
/// | | |
/// |---|---|
/// | observation | the bandit's barcode, 10 bits |
/// | action | one of 10 arms |
/// | reward | 1 with probability 0.9 for the good arm, 0.1 for the others |
/// | an episode | 10 pulls of one bandit, terminates |
/// | an epoch | 100 episodes, each bandit ten times; a [`Trial`](metarl_core::Trial) of a hundred |
///
/// | policy | mean return of an episode |
/// |---|---|
/// | pulls at random | 1.80 |
/// | optimal on the first exposure, or without a memory of earlier ones | 4.436 |
/// | knows the good arm | 9.0 |
///
/// # References
///
/// Ritter et al., *Been There, Done That: Meta-Learning with Episodic Recall*, 2018,
/// [arXiv:1805.09692](https://arxiv.org/abs/1805.09692), section 4.1; the length of the barcodes is that
/// of a replication.
pub type BarcodeBandit = Lanes<BarcodeProcess>;

/// The process behind [`BarcodeBandit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BarcodeProcess;

/// How far an epoch of a [`BarcodeBandit`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarcodeState {
    /// The bandits in the order they come.
    order: Vec<usize>,
    episode: usize,
    n_pulls: u32,
}

impl BarcodeState {
    /// Which of the task's bandits is played.
    #[must_use]
    pub fn context(&self) -> usize {
        self.order[self.episode]
    }
}

impl Process for BarcodeProcess {
    type Task = BarcodeTask;
    type Model = BarcodeTask;
    type State = BarcodeState;
    type ObservationSpace = Continuous<N_BITS>;
    type ActionSpace = Discrete<10>;

    const NAME: &'static str = "barcode bandit";

    fn observation_space(&self) -> Continuous<N_BITS> {
        Continuous {
            low: 0.0,
            high: 1.0,
        }
    }

    fn action_space(&self) -> Discrete<10> {
        Discrete
    }

    fn model(&self, task: &BarcodeTask) -> Result<BarcodeTask, Error> {
        let arms = format_args!("{:?}", task.good_arm);
        let known = task.good_arm.iter().all(|arm| *arm < 10);
        check_range("good_arm", "each one of 0 … 9", arms, known)?;
        let different = (1..N_CONTEXTS).all(|i| !task.barcode[..i].contains(&task.barcode[i]));
        check_range("barcode", "no two alike", "two alike", different)?;
        Ok(task.clone())
    }

    fn start(&self, _: &BarcodeTask, rng: &mut Rng) -> BarcodeState {
        let mut order: Vec<usize> = (0..N_CONTEXTS * N_REPEATS)
            .map(|i| i % N_CONTEXTS)
            .collect();
        order.shuffle(rng);
        BarcodeState {
            order,
            episode: 0,
            n_pulls: 0,
        }
    }

    /// The next bandit; after the last one of the epoch they come again in another order.
    #[inline]
    fn restart(&self, task: &BarcodeTask, state: &mut BarcodeState, rng: &mut Rng) {
        state.episode += 1;
        state.n_pulls = 0;
        if state.episode == state.order.len() {
            *state = self.start(task, rng);
        }
    }

    #[inline]
    fn observe(&self, task: &BarcodeTask, state: &BarcodeState) -> [f32; N_BITS] {
        task.barcode[state.context()].map(|bit| f32::from(u8::from(bit)))
    }

    #[inline]
    fn advance(
        &self,
        task: &BarcodeTask,
        state: &mut BarcodeState,
        arm: &usize,
        rng: &mut Rng,
    ) -> Outcome {
        let wrong = usize::from(*arm != task.good_arm[state.context()]);
        state.n_pulls += 1;
        Outcome {
            reward: f32::from(u8::from(rng.random::<f64>() < PROBABILITY[wrong])),
            terminated: state.n_pulls == N_PULLS,
        }
    }
}

impl Draw for BarcodeProcess {
    /// The barcode above the arms, of which the good one is marked.
    fn draw(&self, task: &BarcodeTask, state: &BarcodeState, arm: Option<&usize>) -> Picture {
        let context = state.context();
        let bits = task.barcode[context].into_iter().enumerate();
        let mut board = Board::new(N_BITS, 2).fill([task.good_arm[context], 0], Color::Goal);
        for (column, _) in bits.filter(|(_, bit)| *bit) {
            board = board.fill([column, 1], Color::Ink);
        }
        if let Some(arm) = arm {
            board = board.disc([*arm, 0], Color::Agent);
        }
        board.picture()
    }
}
