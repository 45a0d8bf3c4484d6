//! The contracts of [`Environment`] and [`TaskDistribution`], as suites that any implementation can
//! be run through.
//!
//! [`TaskDistribution`]: metarl_core::TaskDistribution

mod distribution;
mod outside;
mod trace;
mod violation;

use metarl_core::{Environment, Error, Purpose, Seed, Space, StepBatch};

pub use distribution::check_distribution;
pub use outside::Outside;
use trace::{Observation, Script, Trace, same_lane};
use violation::holds;
pub use violation::{Clause, Violation};

/// Openings drawn to learn how episodes of the environment begin.
const N_OPENINGS: usize = 64;

/// Runs an environment through every clause of the [`Environment`] contract.
///
/// | argument | meaning |
/// |---|---|
/// | `make` | makes the environment with so many lanes |
/// | `tasks` | valid tasks, at least one; lane `l` plays task `l % tasks.len()` |
/// | `seed` | where environment streams and random actions come from |
/// | `n_steps` | steps of each run: enough that episodes end, a few times if possible |
///
/// The suite is deterministic: the same arguments give the same verdict.
///
/// # Errors
///
/// The first clause that does not hold, as a [`Violation`] whose message is the clause and the place
/// where it broke.
///
/// # Examples
///
/// ```
/// use metarl_core::{Continuous, Discrete, Error, Lanes, Outcome, Process, Rng, Seed};
/// use metarl_testkit::conformance;
///
/// /// A coin that pays its task when the action is 1.
/// #[derive(Default)]
/// struct Coin;
///
/// impl Process for Coin {
///     type Task = f32;
///     type Model = f32;
///     type State = ();
///     type ObservationSpace = Continuous<0>;
///     type ActionSpace = Discrete<2>;
///     const NAME: &'static str = "coin";
/// #   fn observation_space(&self) -> Continuous<0> { Continuous::UNBOUNDED }
/// #   fn action_space(&self) -> Discrete<2> { Discrete }
/// #   fn model(&self, task: &f32) -> Result<f32, Error> { Ok(*task) }
/// #   fn start(&self, _: &f32, _: &mut Rng) {}
/// #   fn observe(&self, _: &f32, _: &()) -> [f32; 0] { [] }
///
///     fn advance(&self, payout: &f32, _: &mut (), action: &usize, _: &mut Rng) -> Outcome {
///         Outcome { reward: payout * *action as f32, terminated: true }
///     }
///     // …
/// }
///
/// conformance::check(Lanes::<Coin>::new, &[0.5, 2.0], Seed::new(1), 20)?;
/// # Ok::<(), conformance::Violation>(())
/// ```
pub fn check<E>(
    make: impl Fn(usize) -> E,
    tasks: &[E::Task],
    seed: Seed,
    n_steps: usize,
) -> Result<(), Violation>
where
    E: Environment,
    E::ActionSpace: Outside,
{
    holds(Clause::Exercised, !tasks.is_empty(), || "no task".into())?;
    let n = tasks.len() + 2;
    let lanes: Vec<usize> = (0..n).collect();
    let script = Script {
        tasks,
        seed,
        n_steps,
        reassign_at: None,
    };
    let mut environment = make(n);
    holds(Clause::LaneCount, environment.n_lanes() == n, || {
        format!("asked for {n}, got {}", environment.n_lanes())
    })?;
    let space = environment.observation_space();

    let trace = script.run(&mut environment, &lanes, None)?;
    let again = script.run(&mut make(n), &lanes, None)?;
    let dirty = script.run(&mut make(n), &lanes, Some(dirt::<E>(&environment, seed)))?;
    for lane in 0..n {
        let (again, dirty) = ((&again, lane), (&dirty, lane));
        same_lane(Clause::Reproducible, &space, again, (&trace, lane))?;
        same_lane(Clause::WritesAll, &space, dirty, (&trace, lane))?;
    }
    check_steps::<E>(&space, &trace)?;
    let halfway = Script {
        reassign_at: Some(n_steps / 2),
        ..script
    };
    let reassigned = halfway.run(&mut make(n), &lanes, None)?;
    for lane in 0..n {
        let (reassigned, trace) = ((&reassigned, lane), (&trace, lane));
        same_lane(Clause::AssignWaits, &space, reassigned, trace)?;
    }
    for lane in 0..n {
        let alone = script.run(&mut make(1), &[lane], None)?;
        same_lane(
            Clause::LanesIndependent,
            &space,
            (&trace, lane),
            (&alone, 0),
        )?;
        check_restarts(&make, &script, lane, &trace)?;
    }

    let mut rotated = tasks.to_vec();
    rotated.rotate_left(1);
    let elsewhere = Script {
        tasks: &rotated,
        seed: Seed::new(!seed.get()),
        ..script
    };
    let mut used = make(n);
    elsewhere.run(&mut used, &lanes, None)?;
    check_rejections(&mut used, &tasks[0], seed)?;
    let reused = script.run(&mut used, &lanes, None)?;
    for lane in 0..n {
        same_lane(Clause::Forgets, &space, (&reused, lane), (&trace, lane))?;
    }
    let ended = |step: &StepBatch<_>| (0..n).any(|lane| step.ended(lane));
    holds(Clause::Exercised, trace.steps.iter().any(ended), || {
        format!("no episode ended in {n_steps} steps of {n} lanes")
    })
}

/// An observation unlike the one buffers start with, where the space has another.
fn dirt<E: Environment>(environment: &E, seed: Seed) -> Observation<E> {
    let space = environment.observation_space();
    let mut rng = seed.stream(Purpose::Minibatch, 0, 0, 0);
    (0..64)
        .map(|_| space.sample(&mut rng))
        .find(|element| *element != space.zero())
        .unwrap_or(space.zero())
}

/// The clauses that a single step can break.
fn check_steps<E: Environment>(
    space: &E::ObservationSpace,
    trace: &Trace<Observation<E>>,
) -> Result<(), Violation> {
    for (lane, opening) in trace.opening.iter().enumerate() {
        holds(Clause::ObservationInSpace, space.contains(opening), || {
            format!("reset, lane {lane}: {opening:?} is not in {space:?}")
        })?;
    }
    for (t, step) in trace.steps.iter().enumerate() {
        for lane in 0..step.n_lanes() {
            let (observation, successor) = (&step.observation[lane], &step.successor[lane]);
            let at = |what: String| format!("step {t}, lane {lane}: {what}");
            holds(
                Clause::ObservationInSpace,
                space.contains(observation),
                || at(format!("{observation:?} is not in {space:?}")),
            )?;
            holds(Clause::SuccessorInSpace, space.contains(successor), || {
                at(format!("{successor:?} is not in {space:?}"))
            })?;
            holds(Clause::FiniteReward, step.reward[lane].is_finite(), || {
                at(format!("reward {}", step.reward[lane]))
            })?;
            let both = step.terminated[lane] && step.truncated[lane];
            holds(Clause::OneEnding, !both, || at("both".into()))?;
            let continuous = step.ended(lane) || observation == successor;
            holds(Clause::Continuity, continuous, || {
                at(format!(
                    "observation {observation:?}, successor {successor:?}"
                ))
            })?;
        }
    }
    Ok(())
}

/// Compares how episodes open within a run with how they open after `reset`.
///
/// Three things give a forgotten restart away: another first observation where all episodes open
/// with the same one, the last observation again where all open differently, and episodes of one
/// step in a row where none of many fresh ones ended so soon.
fn check_restarts<E: Environment>(
    make: impl Fn(usize) -> E,
    script: &Script<'_, E::Task>,
    lane: usize,
    trace: &Trace<Observation<E>>,
) -> Result<(), Violation> {
    let one_step = Script {
        n_steps: 1,
        ..*script
    };
    let stride = script.tasks.len();
    let same_task: Vec<usize> = (0..N_OPENINGS).map(|i| lane + i * stride).collect();
    let fresh = one_step.run(&mut make(N_OPENINGS), &same_task, None)?;
    let opening = &fresh.opening;
    let constant = opening.iter().all(|o| *o == opening[0]);
    let distinct = (1..opening.len()).all(|i| !opening[..i].contains(&opening[i]));
    let short_lived = fresh
        .steps
        .iter()
        .any(|s| (0..N_OPENINGS).any(|l| s.ended(l)));

    let mut n_short = 0;
    for (t, step) in trace.steps.iter().enumerate() {
        let at = |what: String| format!("step {t}, lane {lane}: {what}");
        if !step.ended(lane) {
            n_short = 0;
            continue;
        }
        let (observation, successor) = (&step.observation[lane], &step.successor[lane]);
        holds(
            Clause::AutoReset,
            !constant || *observation == opening[0],
            || {
                at(format!(
                    "{observation:?}, `reset` always gives {:?}",
                    opening[0]
                ))
            },
        )?;
        holds(
            Clause::AutoReset,
            !distinct || observation != successor,
            || {
                at(format!(
                    "observation and successor are both {observation:?}"
                ))
            },
        )?;
        n_short += usize::from(t > 0 && trace.steps[t - 1].ended(lane));
        holds(Clause::AutoReset, short_lived || n_short < 3, || {
            at(format!(
                "{n_short} episodes of one step in a row; of {N_OPENINGS} fresh ones none was"
            ))
        })?;
    }
    Ok(())
}

/// The clauses about what must be refused.
fn check_rejections<E>(environment: &mut E, task: &E::Task, seed: Seed) -> Result<(), Violation>
where
    E: Environment,
    E::ActionSpace: Outside,
{
    let n = environment.n_lanes();
    let space = environment.action_space();
    let (zero, idle) = (environment.observation_space().zero(), space.zero());
    let is_mismatch =
        |result: &Result<(), Error>| matches!(result, Err(Error::LaneMismatch { .. }));
    let rng = seed.stream(Purpose::Environment, 0, 0, 0);
    let unknown = environment.assign(n, task, rng);
    holds(Clause::RejectsUnknownLane, unknown.is_err(), || {
        format!("assign to lane {n} of {n} succeeded")
    })?;
    for wrong in [n - 1, n + 1] {
        let result = environment.reset(&mut vec![zero; wrong]);
        holds(Clause::RejectsWrongLength, is_mismatch(&result), || {
            format!("reset with {wrong} observations for {n} lanes gave {result:?}")
        })?;
        for (n_actions, n_entries) in [(wrong, n), (n, wrong)] {
            let mut step = StepBatch::new(n_entries, zero);
            let result = environment.step(&vec![idle; n_actions], &mut step);
            holds(Clause::RejectsWrongLength, is_mismatch(&result), || {
                format!(
                    "step with {n_actions} actions and room for {n_entries} steps of {n} lanes gave {result:?}"
                )
            })?;
        }
    }
    for outside in space.outside() {
        for lane in [0, n - 1] {
            let reset = environment.reset(&mut vec![zero; n]);
            holds(Clause::AcceptsValid, reset.is_ok(), || {
                format!("reset after an error gave {reset:?}")
            })?;
            let mut action = vec![idle; n];
            action[lane] = outside;
            let result = environment.step(&action, &mut StepBatch::new(n, zero));
            let named = matches!(&result, Err(Error::InvalidAction { lane: l, .. }) if *l == lane);
            holds(Clause::RejectsInvalidAction, named, || {
                format!("{outside:?} in lane {lane} gave {result:?}")
            })?;
        }
    }
    Ok(())
}
