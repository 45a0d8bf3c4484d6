//! What may not reach what: across episodes, across lanes, across time.

use metarl_testkit::strategy::Steps;
use proptest::prelude::*;

use crate::views::{Estimates, close, steps, unit};

/// Rows `from..to` of a rollout.
fn rows(s: &Steps, from: usize, to: usize) -> Steps {
    let range = from * s.n_lanes..to * s.n_lanes;
    Steps {
        n_steps: to - from,
        n_lanes: s.n_lanes,
        reward: s.reward[range.clone()].to_vec(),
        value: s.value[range.clone()].to_vec(),
        next_value: s.next_value[range.clone()].to_vec(),
        terminated: s.terminated[range.clone()].to_vec(),
        truncated: s.truncated[range.clone()].to_vec(),
        importance_ratio: s.importance_ratio[range].to_vec(),
    }
}

/// One lane of a rollout, as a rollout.
fn column(s: &Steps, lane: usize) -> Steps {
    fn pick<T: Copy>(x: &[T], lane: usize, n_lanes: usize) -> Vec<T> {
        x.iter().skip(lane).step_by(n_lanes).copied().collect()
    }
    let n = s.n_lanes;
    Steps {
        n_steps: s.n_steps,
        n_lanes: 1,
        reward: pick(&s.reward, lane, n),
        value: pick(&s.value, lane, n),
        next_value: pick(&s.next_value, lane, n),
        terminated: pick(&s.terminated, lane, n),
        truncated: pick(&s.truncated, lane, n),
        importance_ratio: pick(&s.importance_ratio, lane, n),
    }
}

/// A rollout and a row of it, at which every lane's episode is made to end.
fn with_seam(terminated: bool) -> impl Strategy<Value = (Steps, usize)> {
    (steps(), any::<prop::sample::Index>()).prop_map(move |(mut s, row)| {
        let row = row.index(s.n_steps);
        for i in row * s.n_lanes..(row + 1) * s.n_lanes {
            (s.terminated[i], s.truncated[i]) = (terminated, !terminated);
            if terminated {
                s.next_value[i] = 0.0;
            }
        }
        (s, row + 1)
    })
}

fn check_seam(s: &Steps, seam: usize, discount: f64, lambda: f64) {
    let (before, after) = (rows(s, 0, seam), rows(s, seam, s.n_steps));
    let apart = Estimates(&before)
        .all(discount, lambda)
        .into_iter()
        .zip(Estimates(&after).all(discount, lambda));
    for (together, (before, after)) in Estimates(s).all(discount, lambda).iter().zip(apart) {
        close(together, &[before, after].concat());
    }
}

proptest! {
    #[test]
    fn a_truncation_is_two_rollouts_apart(
        (s, seam) in with_seam(false),
        discount in unit(),
        lambda in unit(),
    ) {
        check_seam(&s, seam, discount, lambda);
    }

    #[test]
    fn a_termination_is_two_rollouts_apart(
        (s, seam) in with_seam(true),
        discount in unit(),
        lambda in unit(),
    ) {
        check_seam(&s, seam, discount, lambda);
    }

    #[test]
    fn nothing_is_read_where_the_process_ended(s in steps(), discount in unit()) {
        let mut unread = s.clone();
        for (next, terminated) in unread.next_value.iter_mut().zip(&s.terminated) {
            if *terminated {
                *next = f64::NAN;
            }
        }
        let want = Estimates(&s).all(discount, 0.8);
        prop_assert_eq!(Estimates(&unread).all(discount, 0.8), want);
    }

    #[test]
    fn lanes_do_not_mix(s in steps(), discount in unit(), lambda in unit()) {
        let together = Estimates(&s).all(discount, lambda);
        for lane in 0..s.n_lanes {
            let alone = column(&s, lane);
            for (together, alone) in together.iter().zip(Estimates(&alone).all(discount, lambda)) {
                let of_lane = together.iter().skip(lane).step_by(s.n_lanes);
                prop_assert_eq!(of_lane.copied().collect::<Vec<_>>(), alone);
            }
        }
    }

    #[test]
    fn zero_discount_sees_one_reward(s in steps(), lambda in unit()) {
        let e = Estimates(&s);
        for returns in [e.discounted(0.0), e.n_step(0.0, 4), e.lambda(0.0, lambda), e.upgo(0.0)] {
            close(&returns, &s.reward);
        }
        close(&e.retrace(0.0, lambda), &s.reward);
    }

    #[test]
    fn nothing_flows_forward_in_time(
        (s, other) in (steps(), -5.0..5.0),
        row in any::<prop::sample::Index>(),
        discount in unit(),
    ) {
        let row = row.index(s.n_steps);
        let mut changed = s.clone();
        changed.reward[..row * s.n_lanes].fill(other);
        let pairs = Estimates(&s).all(discount, 0.8).into_iter()
            .zip(Estimates(&changed).all(discount, 0.8));
        for (before, after) in pairs {
            prop_assert_eq!(&before[row * s.n_lanes..], &after[row * s.n_lanes..]);
        }
    }
}
