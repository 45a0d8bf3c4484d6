//! Bits to be flipped into a pattern.

use metarl_core::{Discrete, Error, Lanes, Outcome, Process, Rng, Space, TaskDistribution};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::draw::{Board, Color, Draw, Picture};

/// Bits as they are, and as they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BitGoal<const BITS: usize>;

/// An element of [`BitGoal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BitsAndGoal<const BITS: usize> {
    /// As they are.
    pub bits: [bool; BITS],
    /// As they should be.
    pub goal: [bool; BITS],
}

impl<const BITS: usize> Space for BitGoal<BITS> {
    type Element = BitsAndGoal<BITS>;
    const WIDTH: usize = 2 * BITS;

    fn zero(&self) -> BitsAndGoal<BITS> {
        BitsAndGoal {
            bits: [false; BITS],
            goal: [false; BITS],
        }
    }

    fn contains(&self, _: &BitsAndGoal<BITS>) -> bool {
        true
    }

    fn sample(&self, rng: &mut Rng) -> BitsAndGoal<BITS> {
        BitsAndGoal {
            bits: std::array::from_fn(|_| rng.random()),
            goal: std::array::from_fn(|_| rng.random()),
        }
    }

    /// The bits, then the goal's, as 0 and 1.
    fn encode(element: &BitsAndGoal<BITS>, out: &mut [f32]) {
        assert_eq!(out.len(), Self::WIDTH, "two numbers a bit");
        let all = element.bits.iter().chain(&element.goal);
        for (out, bit) in out.iter_mut().zip(all) {
            *out = f32::from(u8::from(*bit));
        }
    }
}

/// There is one task; bits and goal are drawn anew for every episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BitFlippingTask;

impl TaskDistribution for BitFlippingTask {
    type Task = Self;

    fn name(&self) -> String {
        "bit-flipping/uniform@1".to_owned()
    }

    fn sample(&self, _: &mut Rng) -> Self {
        Self
    }
}

/// A batch of rows of `BITS` bits that are to be flipped, one a step, into a goal that is shown.
///
/// | | |
/// |---|---|
/// | observation | the bits, then the goal's |
/// | action | the bit to flip |
/// | start | bits and goal uniform |
/// | reward | −1 a step, 0 for the one that arrives |
/// | terminated | where bits and goal agree |
/// | truncated | after `BITS` steps |
///
/// Who flips the `d` bits that differ earns `1 − d`, where there are any.
///
/// # References
///
/// Andrychowicz et al., *Hindsight Experience Replay*, 2017,
/// [arXiv:1707.01495](https://arxiv.org/abs/1707.01495), section 3.1.
pub type BitFlipping<const BITS: usize> = Lanes<BitFlippingProcess<BITS>>;

/// The process behind [`BitFlipping`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BitFlippingProcess<const BITS: usize>;

impl<const BITS: usize> Process for BitFlippingProcess<BITS> {
    type Task = BitFlippingTask;
    type Model = BitFlippingTask;
    type State = BitsAndGoal<BITS>;
    type ObservationSpace = BitGoal<BITS>;
    type ActionSpace = Discrete<BITS>;

    const NAME: &'static str = "bit-flipping";

    fn observation_space(&self) -> BitGoal<BITS> {
        BitGoal
    }

    fn action_space(&self) -> Discrete<BITS> {
        Discrete
    }

    fn max_steps(&self) -> Option<u32> {
        u32::try_from(BITS).ok()
    }

    fn model(&self, task: &BitFlippingTask) -> Result<BitFlippingTask, Error> {
        Ok(*task)
    }

    #[inline]
    fn start(&self, _: &BitFlippingTask, rng: &mut Rng) -> BitsAndGoal<BITS> {
        BitGoal.sample(rng)
    }

    #[inline]
    fn observe(&self, _: &BitFlippingTask, state: &BitsAndGoal<BITS>) -> BitsAndGoal<BITS> {
        *state
    }

    #[inline]
    fn advance(
        &self,
        _: &BitFlippingTask,
        state: &mut BitsAndGoal<BITS>,
        action: &usize,
        _: &mut Rng,
    ) -> Outcome {
        state.bits[*action] ^= true;
        let arrived = state.bits == state.goal;
        Outcome {
            reward: if arrived { 0.0 } else { -1.0 },
            terminated: arrived,
        }
    }
}

impl<const BITS: usize> Draw for BitFlippingProcess<BITS> {
    /// The bits above those of the goal.
    fn draw(
        &self,
        _: &BitFlippingTask,
        state: &BitsAndGoal<BITS>,
        action: Option<&usize>,
    ) -> Picture {
        let mut board = Board::new(BITS, 2);
        for bit in 0..BITS {
            if state.bits[bit] {
                board = board.fill([bit, 1], Color::Agent);
            }
            if state.goal[bit] {
                board = board.fill([bit, 0], Color::Goal);
            }
        }
        if let Some(flipped) = action {
            board = board.disc([*flipped, 1], Color::Action);
        }
        board.picture()
    }
}
