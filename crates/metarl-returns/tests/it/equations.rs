//! Each estimator is its defining sum.

use metarl_returns::{Transitions, VTrace, gae};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::reference::rectangle;
use crate::views::{Estimates, close, narrow, steps, unit};

proptest! {
    #[test]
    fn discounted_returns(s in steps(), discount in unit()) {
        let want = rectangle(&s, |lane, t| lane.discounted(t, discount));
        close(&Estimates(&s).discounted(discount), &want);
    }

    #[test]
    fn n_step_returns(s in steps(), discount in unit(), n in 1_usize..15) {
        let want = rectangle(&s, |lane, t| lane.n_step(t, n, discount));
        close(&Estimates(&s).n_step(discount, n), &want);
    }

    #[test]
    fn lambda_returns(s in steps(), discount in unit(), lambda in unit()) {
        let want = rectangle(&s, |lane, t| lane.lambda_return(t, discount, lambda));
        close(&Estimates(&s).lambda(discount, lambda), &want);
    }

    #[test]
    fn generalized_advantages(s in steps(), discount in unit(), lambda in unit()) {
        let want = rectangle(&s, |lane, t| lane.gae(t, discount, lambda));
        close(&Estimates(&s).gae(discount, lambda), &want);
    }

    #[test]
    fn v_trace(
        s in steps(),
        discount in unit(),
        lambda in unit(),
        rho_bar in 0.1..3.0,
        c_bar in 0.1..3.0,
    ) {
        let params = VTrace { discount, lambda, rho_bar, c_bar };
        let (target, advantage) = Estimates(&s).v_trace(params);
        let want = rectangle(&s, |lane, t| lane.v_trace(t, discount, lambda, rho_bar, c_bar));
        assert_close(&target, &want, 1e-10);
        let want =
            rectangle(&s, |lane, t| lane.v_trace_advantage(t, discount, lambda, rho_bar, c_bar));
        assert_close(&advantage, &want, 1e-10);
    }

    #[test]
    fn retrace(s in steps(), discount in unit(), lambda in unit()) {
        let want = rectangle(&s, |lane, t| lane.retrace(t, discount, lambda));
        close(&Estimates(&s).retrace(discount, lambda), &want);
    }

    #[test]
    fn upgo(s in steps(), discount in unit()) {
        let want = rectangle(&s, |lane, t| lane.upgo(t, discount));
        close(&Estimates(&s).upgo(discount), &want);
    }

    #[test]
    fn single_precision_is_double_precision_rounded(s in steps(), lambda in unit()) {
        let transitions = Transitions {
            n_lanes: s.n_lanes,
            reward: &narrow(&s.reward),
            next_value: &narrow(&s.next_value),
            terminated: &s.terminated,
            truncated: &s.truncated,
        };
        let mut advantage = vec![f32::NAN; s.reward.len()];
        gae(&transitions, &narrow(&s.value), 0.9, lambda as f32, &mut advantage).unwrap();
        let got: Vec<f64> = advantage.into_iter().map(f64::from).collect();
        assert_close(&got, &Estimates(&s).gae(0.9, lambda), 1e-5);
    }
}
