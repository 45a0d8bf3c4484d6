//! How the estimators relate to each other.

use metarl_returns::VTrace;
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use metarl_testkit::strategy::{self, Steps};

use crate::views::{Estimates, close, steps, unit};

const NO_CLIPPING: VTrace<f64> = VTrace {
    discount: 0.9,
    lambda: 1.0,
    rho_bar: f64::INFINITY,
    c_bar: f64::INFINITY,
};

/// One lane of a rollout, as a rollout.
fn lane(s: &Steps, lane: usize) -> Steps {
    let entries = || (lane..s.reward.len()).step_by(s.n_lanes);
    Steps {
        n_steps: s.n_steps,
        n_lanes: 1,
        reward: entries().map(|i| s.reward[i]).collect(),
        value: entries().map(|i| s.value[i]).collect(),
        next_value: entries().map(|i| s.next_value[i]).collect(),
        terminated: entries().map(|i| s.terminated[i]).collect(),
        truncated: entries().map(|i| s.truncated[i]).collect(),
        importance_ratio: entries().map(|i| s.importance_ratio[i]).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Entries are filled in blocks that do not begin where rows do.
    #[test]
    fn a_lane_among_many_is_the_lane_alone_bit_for_bit(
        s in strategy::steps(1..=4, 1..=200),
        discount in unit(),
        lambda in unit(),
    ) {
        let together = Estimates(&s).all(discount, lambda);
        for lane_idx in [0, s.n_lanes / 2, s.n_lanes - 1] {
            let alone = lane(&s, lane_idx);
            for (all, own) in together.iter().zip(Estimates(&alone).all(discount, lambda)) {
                let column = all.iter().skip(lane_idx).step_by(s.n_lanes);
                prop_assert!(column.map(|x| x.to_bits()).eq(own.iter().map(|x| x.to_bits())));
            }
        }
    }
}

proptest! {
    #[test]
    fn lambda_one_is_the_discounted_return(s in steps(), discount in unit()) {
        let e = Estimates(&s);
        close(&e.lambda(discount, 1.0), &e.discounted(discount));
    }

    #[test]
    fn lambda_zero_is_one_step_td(s in steps(), discount in unit()) {
        let e = Estimates(&s);
        let one_step: Vec<f64> = s
            .reward
            .iter()
            .zip(&s.next_value)
            .map(|(r, v)| r + discount * v)
            .collect();
        close(&e.lambda(discount, 0.0), &one_step);
        close(&e.n_step(discount, 1), &one_step);
        let td_error: Vec<f64> = one_step.iter().zip(&s.value).map(|(g, v)| g - v).collect();
        close(&e.gae(discount, 0.0), &td_error);
    }

    #[test]
    fn enough_steps_are_the_discounted_return(s in steps(), discount in unit()) {
        let e = Estimates(&s);
        close(&e.n_step(discount, s.n_steps), &e.discounted(discount));
    }

    #[test]
    fn an_advantage_is_a_return_above_the_value(
        s in steps(),
        discount in unit(),
        lambda in unit(),
    ) {
        let e = Estimates(&s);
        let returns = e.lambda(discount, lambda);
        let above: Vec<f64> = returns.iter().zip(&s.value).map(|(g, v)| g - v).collect();
        close(&e.gae(discount, lambda), &above);
    }

    #[test]
    fn v_trace_on_policy_is_the_n_step_return(mut s in steps(), discount in unit()) {
        s.importance_ratio.fill(1.0);
        let e = Estimates(&s);
        let (target, advantage) = e.v_trace(VTrace { discount, ..NO_CLIPPING });
        close(&target, &e.n_step(discount, s.n_steps));
        close(&advantage, &e.gae(discount, 1.0));
    }

    #[test]
    fn v_trace_without_clipping_weighs_the_whole_past(s in steps()) {
        let clipped = VTrace { rho_bar: 8.0, c_bar: 8.0, ..NO_CLIPPING };
        let (free, bound) = (Estimates(&s).v_trace(NO_CLIPPING), Estimates(&s).v_trace(clipped));
        // The drawn ratios are at most e² < 8.
        prop_assert_eq!(free, bound);
    }

    #[test]
    fn retrace_on_policy_is_the_lambda_return(
        mut s in steps(),
        discount in unit(),
        lambda in unit(),
    ) {
        s.importance_ratio.fill(1.0);
        let e = Estimates(&s);
        close(&e.retrace(discount, lambda), &e.lambda(discount, lambda));
    }

    #[test]
    fn an_action_that_is_never_taken_cuts_retrace(mut s in steps(), discount in unit()) {
        s.importance_ratio.fill(0.0);
        let e = Estimates(&s);
        close(&e.retrace(discount, 1.0), &e.n_step(discount, 1));
    }

    #[test]
    fn upgoing_returns_follow_good_actions_to_the_end(mut s in steps(), discount in unit()) {
        // With rewards of at least 0, no action does worse than a value of −100.
        s.reward.iter_mut().for_each(|r| *r = r.abs());
        let bottom = -100.0;
        for (next, terminated) in s.next_value.iter_mut().zip(&s.terminated) {
            *next = if *terminated { 0.0 } else { bottom };
        }
        let e = Estimates(&s);
        assert_close(&e.upgo(discount), &e.discounted(discount), 1e-10);
    }

    #[test]
    fn upgoing_returns_give_way_to_the_value_at_bad_actions(
        mut s in steps(),
        discount in 0.0..0.9,
    ) {
        for (next, terminated) in s.next_value.iter_mut().zip(&s.terminated) {
            *next = if *terminated { 0.0 } else { 100.0 };
        }
        let e = Estimates(&s);
        assert_close(&e.upgo(discount), &e.n_step(discount, 1), 1e-10);
    }
}
