//! Experience as a rectangle: time × lane, a struct of arrays.

use serde::{Deserialize, Serialize};

use crate::environment::check_lanes;
use crate::{DecisionBatch, Element, Environment, Error, Policy, Rng, Space, StepBatch};

/// `n_steps` steps of `n_lanes` lanes. Entry `t * n_lanes + lane` is step `t` of that lane.
///
/// `next_value` is kept apart from `value`: where an episode was truncated, `next_value[t]` is the
/// value of the observation that episode reached, not of the reset that follows in the same lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rollout<O, A> {
    n_steps: usize,
    n_lanes: usize,
    /// What was acted on.
    pub observation: Vec<O>,
    /// Whether it opened an episode.
    pub first: Vec<bool>,
    /// What was done.
    pub action: Vec<A>,
    /// log μ(a|o) of the policy that acted, in nats.
    pub log_prob: Vec<f32>,
    /// That policy's V(o).
    pub value: Vec<f32>,
    /// V of the observation the step reached: 0 where terminated.
    pub next_value: Vec<f32>,
    /// Reward.
    pub reward: Vec<f32>,
    /// The process ended.
    pub terminated: Vec<bool>,
    /// The episode was cut.
    pub truncated: Vec<bool>,
    #[serde(skip)]
    workspace: Workspace<O, A>,
}

/// Room for the step that a rollout is being filled with, which is no part of what it says.
#[derive(Debug, Clone)]
struct Workspace<O, A> {
    batches: Option<(StepBatch<O>, DecisionBatch<A>)>,
    /// Whether a lane opens an episode.
    first: Vec<bool>,
    /// Whether the value of the observation that it reached is asked for.
    wanted: Vec<bool>,
    /// Whether it has played its episodes.
    waits: Vec<bool>,
}

impl<O, A> Default for Workspace<O, A> {
    fn default() -> Self {
        Self {
            batches: None,
            first: Vec::new(),
            wanted: Vec::new(),
            waits: Vec::new(),
        }
    }
}

impl<O, A> PartialEq for Workspace<O, A> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<O: Copy, A: Copy> Rollout<O, A> {
    /// An empty rollout with room for `n_steps × n_lanes` steps.
    #[must_use]
    pub fn new(n_steps: usize, n_lanes: usize, zero_observation: O, zero_action: A) -> Self {
        let n = n_steps * n_lanes;
        Self {
            n_steps,
            n_lanes,
            observation: vec![zero_observation; n],
            first: vec![false; n],
            action: vec![zero_action; n],
            log_prob: vec![0.0; n],
            value: vec![0.0; n],
            next_value: vec![0.0; n],
            reward: vec![0.0; n],
            terminated: vec![false; n],
            truncated: vec![false; n],
            workspace: Workspace::default(),
        }
    }

    /// Steps of a lane.
    #[must_use]
    pub fn n_steps(&self) -> usize {
        self.n_steps
    }

    /// Lanes.
    #[must_use]
    pub fn n_lanes(&self) -> usize {
        self.n_lanes
    }

    /// Steps of all lanes together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.reward.len()
    }

    /// Whether it has no room at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reward.is_empty()
    }

    /// How many of a lane's steps belong to the episodes that began within the first `budget` ones:
    /// up to the first end at or after that many steps, all where none is recorded.
    ///
    /// # Panics
    ///
    /// When there is no such lane.
    #[must_use]
    pub fn steps_of_episodes(&self, lane: usize, budget: usize) -> usize {
        assert!(lane < self.n_lanes, "there are {} lanes", self.n_lanes);
        let ended = |t: &usize| {
            let row = t * self.n_lanes + lane;
            self.terminated[row] || self.truncated[row]
        };
        let end = (budget.saturating_sub(1)..self.n_steps).find(ended);
        end.map_or(self.n_steps, |last| last + 1)
    }

    /// Forgets steps from the end or makes room for more.
    fn resize(&mut self, n_steps: usize, zero_observation: O, zero_action: A) {
        let n = n_steps * self.n_lanes;
        self.n_steps = n_steps;
        self.observation.resize(n, zero_observation);
        self.first.resize(n, false);
        self.action.resize(n, zero_action);
        self.log_prob.resize(n, 0.0);
        self.value.resize(n, 0.0);
        self.next_value.resize(n, 0.0);
        self.reward.resize(n, 0.0);
        self.terminated.resize(n, false);
        self.truncated.resize(n, false);
    }

    /// Sum of all rewards over the number of lanes.
    #[must_use]
    pub fn mean_total_reward(&self) -> f64 {
        self.reward.iter().map(|r| f64::from(*r)).sum::<f64>() / self.n_lanes as f64
    }
}

/// Resets every lane, then fills the rollout with the policy's steps in the environment.
///
/// The environment resets its lanes by itself where episodes end within the rollout. A rollout that is
/// filled again allocates nothing.
///
/// # Errors
///
/// [`Error::LaneMismatch`] when environment, rollout and streams disagree, [`Error::NonFinite`] for
/// a reward that is NaN or infinite, [`Error::InvalidObservation`] for an observation outside its
/// space, and whatever environment and policy return.
pub fn collect<E, P>(
    environment: &mut E,
    policy: &mut P,
    rngs: &mut [Rng],
    rollout: &mut RolloutOf<E>,
) -> Result<(), Error>
where
    E: Environment,
    P: Policy<<E::ObservationSpace as Space>::Element, <E::ActionSpace as Space>::Element>,
{
    fill(environment, policy, rngs, rollout, None)
}

/// Resets every lane, then plays whole episodes: each lane goes on until one of its episodes ends at
/// or after `budget` steps (a budget of 0 is one of 1), at the latest after `budget + longest − 1`. Its own steps are then the
/// first [`Rollout::steps_of_episodes`] of the lane; those of a lane that waits for others follow. The
/// rollout becomes as long as they take.
///
/// A window of fixed length holds few long episodes, for they must begin early to fit in. Here every
/// episode that begins is played to its end, so that means over episodes are not tilted towards
/// short ones.
///
/// # Errors
///
/// Those of [`collect`].
pub fn collect_episodes<E, P>(
    environment: &mut E,
    policy: &mut P,
    rngs: &mut [Rng],
    (budget, longest): (usize, usize),
    rollout: &mut RolloutOf<E>,
) -> Result<(), Error>
where
    E: Environment,
    P: Policy<<E::ObservationSpace as Space>::Element, <E::ActionSpace as Space>::Element>,
{
    let (observation, action) = zeros(environment);
    rollout.resize(budget + longest.saturating_sub(1), observation, action);
    fill(environment, policy, rngs, rollout, Some(budget))
}

/// A rollout in an environment.
pub type RolloutOf<E> = Rollout<
    Element<<E as Environment>::ObservationSpace>,
    Element<<E as Environment>::ActionSpace>,
>;

type Zeros<E> = (
    Element<<E as Environment>::ObservationSpace>,
    Element<<E as Environment>::ActionSpace>,
);

fn zeros<E: Environment>(environment: &E) -> Zeros<E> {
    let observation = environment.observation_space().zero();
    (observation, environment.action_space().zero())
}

/// Fills the rollout, up to its end or, with a budget, to the step after which every lane has played its
/// episodes.
fn fill<E, P>(
    environment: &mut E,
    policy: &mut P,
    rngs: &mut [Rng],
    rollout: &mut RolloutOf<E>,
    budget: Option<usize>,
) -> Result<(), Error>
where
    E: Environment,
    P: Policy<<E::ObservationSpace as Space>::Element, <E::ActionSpace as Space>::Element>,
{
    let (n_steps, n) = (rollout.n_steps, environment.n_lanes());
    check_lanes("rollout", rollout.n_lanes, n)?;
    check_lanes("rngs", rngs.len(), n)?;
    let (zero, zero_action) = zeros(environment);
    // Taken out, and put back where nothing fails: an environment could have spoiled it.
    let mut workspace = std::mem::take(&mut rollout.workspace);
    let Workspace {
        batches,
        first,
        wanted,
        waits,
    } = &mut workspace;
    let (step, decision) = batches
        .get_or_insert_with(|| (StepBatch::new(n, zero), DecisionBatch::new(n, zero_action)));
    for flags in [&mut *wanted, waits] {
        flags.clear();
        flags.resize(n, false);
    }
    first.clear();
    first.resize(n, true);
    environment.reset(&mut step.observation)?;
    check_observations(environment, &step.observation, 0)?;

    for t in 0..n_steps {
        policy.act(&step.observation, first, rngs, decision)?;
        let now = t * n..(t + 1) * n;
        rollout.observation[now.clone()].copy_from_slice(&step.observation);
        rollout.first[now.clone()].copy_from_slice(first);
        rollout.action[now.clone()].copy_from_slice(&decision.action);
        rollout.log_prob[now.clone()].copy_from_slice(&decision.log_prob);
        rollout.value[now.clone()].copy_from_slice(&decision.value);

        environment.step(&decision.action, step)?;
        check_step(environment, step, t)?;
        rollout.reward[now.clone()].copy_from_slice(&step.reward);
        rollout.terminated[now.clone()].copy_from_slice(&step.terminated);
        rollout.truncated[now.clone()].copy_from_slice(&step.truncated);

        let enough = budget.is_some_and(|budget| {
            for (lane, waits) in waits.iter_mut().enumerate() {
                *waits |= t + 1 >= budget && step.ended(lane);
            }
            !waits.contains(&false)
        });
        let last = enough || t + 1 == n_steps;
        for (lane, wanted) in wanted.iter_mut().enumerate() {
            *wanted = !step.terminated[lane] && (last || step.truncated[lane]);
        }
        let next_value = &mut rollout.next_value[now];
        next_value.fill(0.0);
        if wanted.contains(&true) {
            policy.bootstrap_value(&step.successor, wanted, next_value)?;
            for (value, wanted) in next_value.iter_mut().zip(&*wanted) {
                if !wanted {
                    *value = 0.0;
                }
            }
        }
        for (lane, first) in first.iter_mut().enumerate() {
            *first = step.ended(lane);
        }
        if last {
            rollout.resize(t + 1, zero, zero_action);
            break;
        }
    }
    // Where the episode went on inside the rollout, the next observation's value is the next row's.
    for i in 0..rollout.len() - n.min(rollout.len()) {
        if !rollout.terminated[i] && !rollout.truncated[i] {
            rollout.next_value[i] = rollout.value[i + n];
        }
    }
    rollout.workspace = workspace;
    Ok(())
}

/// Finds what is not one entry a lane, a reward that is no number, or an observation outside the
/// space, before it can do harm: buffers are vectors, which an environment could have resized.
pub(crate) fn check_step<E: Environment>(
    environment: &E,
    step: &StepBatch<<E::ObservationSpace as Space>::Element>,
    t: usize,
) -> Result<(), Error> {
    let n_lanes = environment.n_lanes();
    for (name, length) in [
        ("the environment's observation", step.observation.len()),
        ("the environment's successor", step.successor.len()),
        ("the environment's reward", step.reward.len()),
        ("the environment's terminated", step.terminated.len()),
        ("the environment's truncated", step.truncated.len()),
    ] {
        check_lanes(name, length, n_lanes)?;
    }
    if let Some(lane) = step.reward.iter().position(|r| !r.is_finite()) {
        return Err(Error::NonFinite {
            step: t,
            lane,
            value: step.reward[lane],
        });
    }
    check_observations(environment, &step.successor, t)?;
    check_observations(environment, &step.observation, t)
}

pub(crate) fn check_observations<E: Environment>(
    environment: &E,
    observation: &[<E::ObservationSpace as Space>::Element],
    step: usize,
) -> Result<(), Error> {
    let space = environment.observation_space();
    let Some(lane) = observation.iter().position(|o| !space.contains(o)) else {
        return Ok(());
    };
    Err(Error::InvalidObservation {
        step,
        lane,
        observation: format!("{:?}", observation[lane]),
        space: space.describe(),
    })
}
