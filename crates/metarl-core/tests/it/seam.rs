//! A rollout with many episodes equals the same episodes collected one by one.

use metarl_core::{Rng, Rollout, collect};
use proptest::prelude::*;

use crate::counting::{Counting, Episode, Remembering, rngs};

fn episode() -> impl Strategy<Value = Episode> {
    prop_oneof![
        (1_u32..6).prop_map(Episode::Terminates),
        (1_u32..6).prop_map(Episode::Truncates),
    ]
}

fn schedules() -> impl Strategy<Value = Vec<Vec<Episode>>> {
    prop::collection::vec(prop::collection::vec(episode(), 1..6), 1..4)
}

/// One row of a lane. The number of the episode is left out of what is seen and valued, because
/// an episode collected alone is always number 0.
#[derive(Debug, PartialEq)]
struct Row {
    step: f32,
    first: bool,
    action: usize,
    log_prob: f32,
    value: f32,
    next_value: f32,
    reward: f32,
    terminated: bool,
    truncated: bool,
}

fn rows(rollout: &Rollout<[f32; 2], usize>, lane: usize) -> Vec<Row> {
    (lane..rollout.len())
        .step_by(rollout.n_lanes())
        .map(|i| {
            let of_the_episode = 100.0 * rollout.observation[i][0];
            let without = |value: f32| {
                if value == 0.0 {
                    0.0
                } else {
                    value - of_the_episode
                }
            };
            Row {
                step: rollout.observation[i][1],
                first: rollout.first[i],
                action: rollout.action[i],
                log_prob: rollout.log_prob[i],
                value: without(rollout.value[i]),
                next_value: without(rollout.next_value[i]),
                reward: rollout.reward[i],
                terminated: rollout.terminated[i],
                truncated: rollout.truncated[i],
            }
        })
        .collect()
}

fn collected(
    schedules: &[Vec<Episode>],
    n_steps: usize,
    rngs: &mut [Rng],
) -> Rollout<[f32; 2], usize> {
    let n = schedules.len();
    let mut rollout = Rollout::new(n_steps, n, [0.0; 2], 0);
    collect(
        &mut Counting::new(schedules),
        &mut Remembering::new(n),
        rngs,
        &mut rollout,
    )
    .unwrap();
    rollout
}

/// The lane's episodes, each collected alone; the last one cut where the rollout stops.
fn apart(schedule: &[Episode], n_steps: usize, rng: Rng) -> Vec<Row> {
    let mut rngs = [rng];
    let mut rows_apart = Vec::new();
    for episode in schedule.iter().cycle() {
        let left = n_steps - rows_apart.len();
        if left == 0 {
            break;
        }
        let n = left.min(episode.length() as usize);
        rows_apart.extend(rows(&collected(&[vec![*episode]], n, &mut rngs), 0));
    }
    rows_apart
}

proptest! {
    #[test]
    fn a_seam_is_two_episodes_apart(
        schedules in schedules(),
        n_steps in 1_usize..20,
        seed in any::<u64>(),
    ) {
        let n = schedules.len();

        let together = collected(&schedules, n_steps, &mut rngs(seed, n));

        for (lane, rng) in rngs(seed, n).into_iter().enumerate() {
            prop_assert_eq!(rows(&together, lane), apart(&schedules[lane], n_steps, rng));
        }
    }
}
