//! One Python environment that steps all lanes.

use metarl_core::{Continuous, Discrete, Environment, Seed, StepBatch};
use metarl_envs::gymnasium::{
    GymnasiumError, GymnasiumTask, GymnasiumVector, Recipe, Vectorization,
};
use metarl_testkit::conformance::{self, Clause};

use super::{CartPole, CartPoles, assign, counter, gymnasium, stream};

type Counters = GymnasiumVector<Continuous<2>, Discrete<3>>;

fn cart_poles(vectorization: Vectorization, n_lanes: usize) -> CartPoles {
    CartPoles::new(&Recipe::new("CartPole-v1"), vectorization, n_lanes).unwrap()
}

/// An episode of lane `i` ends after `2 + i` steps; the fourth step cuts all.
#[test]
fn lanes_start_anew_within_the_step_in_every_mode() {
    if !gymnasium() {
        return;
    }
    for (mode, n_lanes) in [("SAME_STEP", 4), ("DISABLED", 4), ("NEXT_STEP", 1)] {
        let recipe = counter().with("mode", mode);
        let mut lanes = Counters::new(&recipe, Vectorization::EntryPoint, n_lanes).unwrap();
        assign(&mut lanes, &GymnasiumTask::default());
        let mut step = StepBatch::new(n_lanes, [9.0; 2]);
        lanes.reset(&mut step.observation).unwrap();
        assert_eq!(step.observation, vec![[0.0; 2]; n_lanes], "{mode}");
        let (mut n_steps, mut n_episodes) = (vec![0; n_lanes], vec![0; n_lanes]);
        for _ in 0..30 {
            lanes.step(&vec![2; n_lanes], &mut step).unwrap();
            for lane in 0..n_lanes {
                n_steps[lane] += 1;
                let terminated = n_steps[lane] == 2 + lane;
                let truncated = n_steps[lane] == 4 && !terminated;
                let reached = [n_episodes[lane] as f32, n_steps[lane] as f32];
                assert_eq!(step.successor[lane], reached, "{mode}, lane {lane}");
                assert_eq!(step.terminated[lane], terminated, "{mode}, lane {lane}");
                assert_eq!(step.truncated[lane], truncated, "{mode}, lane {lane}");
                if terminated || truncated {
                    (n_steps[lane], n_episodes[lane]) = (0, n_episodes[lane] + 1);
                }
                let next = [n_episodes[lane] as f32, n_steps[lane] as f32];
                assert_eq!(step.observation[lane], next, "{mode}, lane {lane}");
            }
        }
    }
}

#[test]
fn lanes_that_start_anew_a_step_late_are_refused() {
    if !gymnasium() {
        return;
    }
    let recipe = counter().with("mode", "NEXT_STEP");
    let refused = Counters::new(&recipe, Vectorization::EntryPoint, 2).unwrap_err();
    assert!(matches!(&refused, GymnasiumError::Autoreset { mode, .. } if mode == "NEXT_STEP"));
}

/// Lane by lane, and all lanes in one call: the same environment, the same seeds, the same numbers.
#[test]
fn a_vector_of_lanes_is_those_lanes() {
    if !gymnasium() {
        return;
    }
    let mut alone = CartPole::new(&Recipe::new("CartPole-v1"), 3).unwrap();
    let mut one_by_one = cart_poles(Vectorization::Sync, 3);
    let mut in_processes = cart_poles(Vectorization::Async, 3);
    let task = GymnasiumTask::default().with("max_episode_steps", 12);
    assign(&mut alone, &task);
    assign(&mut one_by_one, &task);
    assign(&mut in_processes, &task);
    let mut steps = [(); 3].map(|()| StepBatch::new(3, [0.0; 4]));
    let [a, b, c] = &mut steps;
    alone.reset(&mut a.observation).unwrap();
    one_by_one.reset(&mut b.observation).unwrap();
    in_processes.reset(&mut c.observation).unwrap();
    let (mut n_terminated, mut n_truncated) = (0, 0);
    for t in 0..60 {
        let action = [1, t % 2, (t / 2) % 2];
        alone.step(&action, a).unwrap();
        one_by_one.step(&action, b).unwrap();
        in_processes.step(&action, c).unwrap();
        assert_eq!(a, b);
        assert_eq!(a, c);
        n_terminated += a.terminated.iter().filter(|ended| **ended).count();
        n_truncated += a.truncated.iter().filter(|ended| **ended).count();
    }
    assert!(
        n_terminated > 0 && n_truncated > 0,
        "{n_terminated} and {n_truncated}"
    );
}

#[test]
fn a_vector_of_lanes_keeps_the_contract() {
    if !gymnasium() {
        return;
    }
    let make = |n| cart_poles(Vectorization::Sync, n);
    let task = GymnasiumTask::default();
    conformance::check(make, &[task], Seed::new(3), 60).unwrap();
}

/// The one clause an entry point cannot keep: its lanes draw from one generator.
#[test]
fn cart_pole_in_numpy_shares_its_generator() {
    if !gymnasium() {
        return;
    }
    let make = |n| cart_poles(Vectorization::EntryPoint, n);
    let task = GymnasiumTask::default();
    let broken = conformance::check(make, &[task], Seed::new(3), 60).unwrap_err();
    assert_eq!(broken.clause, Clause::LanesIndependent, "{broken}");
}

/// Everything else it does keep: reset at once, with the clock at zero, and reproducibly.
#[test]
fn cart_pole_in_numpy_starts_anew_within_the_step() {
    if !gymnasium() {
        return;
    }
    let run = || {
        let mut lanes = cart_poles(Vectorization::EntryPoint, 5);
        assign(
            &mut lanes,
            &GymnasiumTask::default().with("max_episode_steps", 25),
        );
        let mut step = StepBatch::new(5, [0.0; 4]);
        lanes.reset(&mut step.observation).unwrap();
        let mut steps = vec![];
        for t in 0..200 {
            let action = [0, 1, t % 2, (t / 2) % 2, usize::from(t % 3 == 0)];
            lanes.step(&action, &mut step).unwrap();
            steps.push(step.clone());
        }
        steps
    };
    let steps = run();
    assert_eq!(steps, run());
    let mut clock = [0; 5];
    let (mut n_terminated, mut n_truncated) = (0, 0);
    for step in &steps {
        for (lane, clock) in clock.iter_mut().enumerate() {
            *clock += 1;
            let [x, _, angle, _] = step.successor[lane].map(f64::from);
            let fell = x.abs() > 2.4 || angle.abs() > 12.0_f64.to_radians();
            assert_eq!(step.terminated[lane], fell);
            assert_eq!(step.truncated[lane], *clock == 25 && !fell);
            assert_eq!(step.reward[lane], 1.0);
            if step.ended(lane) {
                assert!(step.observation[lane].iter().all(|x| x.abs() <= 0.05));
                assert!(step.observation[lane] != step.successor[lane]);
                *clock = 0;
            } else {
                assert_eq!(step.observation[lane], step.successor[lane]);
            }
            n_terminated += usize::from(step.terminated[lane]);
            n_truncated += usize::from(step.truncated[lane]);
        }
    }
    assert!(
        n_terminated > 10 && n_truncated > 3,
        "{n_terminated} and {n_truncated}"
    );
}

#[test]
fn lanes_with_different_tasks_are_refused() {
    if !gymnasium() {
        return;
    }
    let mut lanes = cart_poles(Vectorization::Sync, 3);
    assign(&mut lanes, &GymnasiumTask::default());
    let short = GymnasiumTask::default().with("max_episode_steps", 5);
    lanes.assign(2, &short, stream(2)).unwrap();
    let mut observation = vec![[0.0; 4]; 3];
    let refused = lanes.reset(&mut observation).unwrap_err().to_string();
    assert!(
        refused.contains("CartPole-v1, lane 2: has another task than lane 0"),
        "{refused}"
    );

    assign(&mut lanes, &GymnasiumTask::default().set(1));
    let refused = lanes.reset(&mut observation).unwrap_err().to_string();
    assert!(refused.contains("no set_task"), "{refused}");

    assign(&mut lanes, &short);
    lanes.reset(&mut observation).unwrap();
}
