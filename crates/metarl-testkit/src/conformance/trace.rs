//! What an environment did, step by step, and where two of them differ.

use metarl_core::{Environment, Error, Purpose, Seed, Space, StepBatch};

use super::violation::{Clause, Violation, holds};

/// An observation of the environment.
pub(super) type Observation<E> = <<E as Environment>::ObservationSpace as Space>::Element;

/// The run of a batch: what `reset` showed and what every step gave.
pub(super) struct Trace<O> {
    pub(super) opening: Vec<O>,
    pub(super) steps: Vec<StepBatch<O>>,
}

/// Which tasks and streams the lanes of a run have: a lane keeps both, however few run beside it.
pub(super) struct Script<'a, T> {
    pub(super) tasks: &'a [T],
    pub(super) seed: Seed,
    pub(super) n_steps: usize,
    /// At this step every lane is assigned another task and stream, without a reset.
    pub(super) reassign_at: Option<usize>,
}

impl<T> Script<'_, T> {
    /// Assigns every lane its task and stream, resets, and takes random actions. `lanes[i]` is the
    /// script's lane that the environment's lane `i` plays; `dirt` is written over every buffer
    /// before every call.
    pub(super) fn run<E: Environment<Task = T>>(
        &self,
        environment: &mut E,
        lanes: &[usize],
        dirt: Option<Observation<E>>,
    ) -> Result<Trace<Observation<E>>, Violation> {
        let space = environment.action_space();
        let zero = environment.observation_space().zero();
        let mut actors = Vec::new();
        for (lane, script_lane) in lanes.iter().enumerate() {
            let (task, stream) = (script_lane % self.tasks.len(), *script_lane as u64);
            let rng = self.seed.stream(Purpose::Environment, 0, stream, 0);
            accepted(environment.assign(lane, &self.tasks[task], rng), || {
                format!("assign of task {task} to lane {lane}")
            })?;
            actors.push(self.seed.stream(Purpose::Policy, 0, stream, 0));
        }
        let mut step = StepBatch::new(lanes.len(), zero);
        let mut action = vec![space.zero(); lanes.len()];
        soil(&mut step, dirt);
        accepted(environment.reset(&mut step.observation), || "reset".into())?;
        let opening = step.observation.clone();
        let mut steps = Vec::with_capacity(self.n_steps);
        for t in 0..self.n_steps {
            for (action, actor) in action.iter_mut().zip(&mut actors) {
                *action = space.sample(actor);
            }
            if self.reassign_at == Some(t) {
                for (lane, script_lane) in lanes.iter().enumerate() {
                    let task = &self.tasks[(script_lane + 1) % self.tasks.len()];
                    let rng = self.seed.stream(Purpose::Environment, 1, lane as u64, 0);
                    accepted(environment.assign(lane, task, rng), || {
                        format!("assign to lane {lane} before step {t}")
                    })?;
                }
            }
            soil(&mut step, dirt);
            accepted(environment.step(&action, &mut step), || {
                format!("step {t} with {action:?}")
            })?;
            steps.push(step.clone());
        }
        Ok(Trace { opening, steps })
    }
}

fn soil<O: Copy>(step: &mut StepBatch<O>, dirt: Option<O>) {
    if let Some(dirt) = dirt {
        step.observation.fill(dirt);
        step.successor.fill(dirt);
        step.reward.fill(f32::NAN);
        step.terminated.fill(true);
        step.truncated.fill(true);
    }
}

fn accepted(result: Result<(), Error>, call: impl FnOnce() -> String) -> Result<(), Violation> {
    result.map_err(|error| Violation {
        clause: Clause::AcceptsValid,
        found: format!("{}: {error}", call()),
    })
}

/// Compares lane `lane` of `got` with lane `other` of `want`, bit by bit.
pub(super) fn same_lane<S: Space>(
    clause: Clause,
    space: &S,
    (got, lane): (&Trace<S::Element>, usize),
    (want, other): (&Trace<S::Element>, usize),
) -> Result<(), Violation> {
    let (a, b) = (&got.opening[lane], &want.opening[other]);
    holds(clause, same(space, a, b), || {
        format!("reset, lane {lane}: observation {a:?} against {b:?}")
    })?;
    for (t, (got, want)) in got.steps.iter().zip(&want.steps).enumerate() {
        let at = |what: &str, a: &dyn std::fmt::Debug, b: &dyn std::fmt::Debug| {
            format!("step {t}, lane {lane}: {what} {a:?} against {b:?}")
        };
        let (a, b) = (got.reward[lane], want.reward[other]);
        holds(clause, a.to_bits() == b.to_bits(), || at("reward", &a, &b))?;
        let (a, b) = (got.terminated[lane], want.terminated[other]);
        holds(clause, a == b, || at("terminated", &a, &b))?;
        let (a, b) = (got.truncated[lane], want.truncated[other]);
        holds(clause, a == b, || at("truncated", &a, &b))?;
        let (a, b) = (&got.successor[lane], &want.successor[other]);
        holds(clause, same(space, a, b), || at("successor", a, b))?;
        let (a, b) = (&got.observation[lane], &want.observation[other]);
        holds(clause, same(space, a, b), || at("observation", a, b))?;
    }
    Ok(())
}

/// Equal to the bit. Elements that the space does not contain may not be encodable, and a NaN is
/// not equal to itself: those are compared as they print.
fn same<S: Space>(space: &S, a: &S::Element, b: &S::Element) -> bool {
    match (space.contains(a), space.contains(b)) {
        (true, true) => {
            let bits = |element: &S::Element| {
                let mut numbers = vec![0.0; S::WIDTH];
                S::encode(element, &mut numbers);
                numbers.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            a == b && bits(a) == bits(b)
        }
        (false, false) => format!("{a:?}") == format!("{b:?}"),
        _ => false,
    }
}
