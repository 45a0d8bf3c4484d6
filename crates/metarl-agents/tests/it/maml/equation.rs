//! Whole iterations against the reference: what was seen, meta-gradients, TRPO's step.

use metarl_agents::{GaussianPolicy, MamlConfig, MamlIteration, MamlRl, OuterOptimizer, Trainer};
use metarl_core::{
    Adapt, DecisionBatch, Environment, Policy, Purpose, Rng, Rollout, Seed, TaskDistribution,
    collect_episodes,
};
use metarl_envs::SquareGoals;
use metarl_optim::{MetaGradient, TrustRegion};
use metarl_testkit::gradient::{assert_close, central_difference};

use super::reference::{Batch, Net, solve};
use super::wander::Wander;
use super::{Agent, ppo, tiny};
use crate::device::{TestDevice, test_device};
use crate::support::{cosine, numbers, widen};

const SEED: Seed = Seed::new(5);
/// Steps of the longest episode of [`Wander`].
const HORIZON: usize = 7;

/// One task: what was adapted on, what came after.
struct Lesson {
    support: Vec<Batch>,
    query: Batch,
}

struct Case {
    config: MamlConfig,
    agent: Agent<Wander>,
    net: Net,
}

impl Case {
    fn new(config: MamlConfig) -> Self {
        let make: fn(usize) -> Wander = Wander::new;
        let device = test_device();
        let agent = MamlRl::new(config.clone(), SquareGoals, make, HORIZON, SEED, device);
        Self {
            net: Net::new(&config.hidden),
            agent: agent.unwrap(),
            config,
        }
    }

    fn theta(&self) -> Vec<f64> {
        widen(&self.agent.state().parameters)
    }

    /// What a policy with these parameters sees on a task in its round.
    fn rollout(&self, theta: &[f64], task_idx: u64, round: u64) -> Batch {
        let lanes = self.config.n_episodes;
        let mut environment = Wander::new(lanes);
        let task = SquareGoals.sample(&mut SEED.stream(Purpose::Task, task_idx, 0, 0));
        let stream = |purpose, lane| SEED.stream(purpose, task_idx, lane as u64, round);
        for lane in 0..lanes {
            let dynamics = stream(Purpose::Environment, lane);
            environment.assign(lane, &task, dynamics).unwrap();
        }
        let rngs = (0..lanes).map(|lane| stream(Purpose::Policy, lane));
        self.batch(theta, &mut environment, rngs.collect())
    }

    fn batch(&self, theta: &[f64], environment: &mut Wander, mut rngs: Vec<Rng>) -> Batch {
        let mut policy = self.policy(theta);
        let mut rollout = Rollout::new(0, environment.n_lanes(), [0.0; 2], [0.0; 2]);
        let budget = (HORIZON, HORIZON);
        collect_episodes(environment, &mut policy, &mut rngs, budget, &mut rollout).unwrap();
        let (discount, trace_decay) = (self.config.discount, self.config.trace_decay);
        Batch::new(&rollout, HORIZON, discount, trace_decay)
    }

    /// The policy with these parameters.
    fn policy(&self, theta: &[f64]) -> GaussianPolicy<TestDevice, 2, 2> {
        let mut other = Self::new(self.config.clone());
        let mut state = self.agent.state().clone();
        state.parameters = theta.iter().map(|x| *x as f32).collect();
        other.agent.restore(state).unwrap();
        other.agent.adapt(&mut Wander::new(1), 0, SEED, 0).unwrap()
    }

    /// The tasks of the next iteration.
    fn lessons(&self) -> Vec<Lesson> {
        let n = self.config.meta_batch_size as u64;
        let first = self.agent.state().iteration * n;
        let lesson = |task_idx| {
            let mut theta = self.theta();
            let mut support = Vec::new();
            for round in 0..self.config.n_inner_steps as u64 {
                let batch = self.rollout(&theta, task_idx, round);
                theta = self
                    .net
                    .adapt(&theta, std::slice::from_ref(&batch), self.config.inner_lr);
                support.push(batch);
            }
            let query = self.rollout(&theta, task_idx, self.config.n_inner_steps as u64);
            Lesson { support, query }
        };
        (first..first + n).map(lesson).collect()
    }

    /// `(1/n) Σ L_query(adapted θ)`
    fn meta_loss(&self, lessons: &[Lesson], theta: &[f64]) -> f64 {
        let loss = |lesson: &Lesson| {
            let adapted = self.net.adapt(theta, &lesson.support, self.config.inner_lr);
            self.net.surrogate(&adapted, &lesson.query)
        };
        lessons.iter().map(loss).sum::<f64>() / lessons.len() as f64
    }

    /// `(1/n) Σ ∇L_query` at the parameters `at` gives for each lesson: no derivative of adaptation.
    fn mean_gradient(&self, lessons: &[Lesson], at: impl Fn(&Lesson) -> Vec<f64>) -> Vec<f64> {
        let mut sum = vec![0.0; self.net.n_parameters()];
        for lesson in lessons {
            let gradient = self.net.surrogate_gradient(&at(lesson), &lesson.query);
            let share = 1.0 / lessons.len() as f64;
            sum.iter_mut()
                .zip(&gradient)
                .for_each(|(s, g)| *s += share * g);
        }
        sum
    }

    /// Iterates once with PPO, whose optimizer keeps a tenth of the first gradient.
    fn meta_gradient(&mut self) -> (MamlIteration, Vec<f64>) {
        let done = self.agent.iterate().unwrap();
        let mean = numbers(self.agent.state(), ["adam", "mean"]);
        (done, mean.iter().map(|m| m / 0.1).collect())
    }
}

fn config(inner_lr: f64, meta_gradient: MetaGradient) -> MamlConfig {
    MamlConfig {
        inner_lr,
        meta_gradient,
        discount: 0.9,
        trace_decay: 0.8,
        outer: ppo(1, 0.01),
        ..tiny()
    }
}

#[test]
fn the_reference_differentiates_itself_right() {
    let mut case = Case::new(config(0.5, MetaGradient::SecondOrder));
    let mut state = case.agent.state().clone();
    let n = state.parameters.len();
    state.parameters[n - 2] = 0.3;
    state.parameters[n - 1] = -0.4;
    case.agent.restore(state).unwrap();
    let (net, theta) = (&case.net, case.theta());
    let batch = case.rollout(&theta, 0, 0);
    let log_likelihood = |theta: &[f64]| {
        let row = |i: usize| {
            let log_prob = net.log_prob(theta, &batch.observation[i], &batch.action[i]);
            -log_prob * batch.advantage[i]
        };
        let n = batch.action.len();
        (0..n).map(row).sum::<f64>() / n as f64
    };
    let expected = central_difference(log_likelihood, &theta);
    assert_close(&net.inner_gradient(&theta, &batch), &expected, 1e-7);
    let away: Vec<f64> = theta.iter().map(|x| x + 0.01).collect();
    let expected = central_difference(|theta| net.surrogate(theta, &batch), &away);
    assert_close(&net.surrogate_gradient(&away, &batch), &expected, 1e-7);
    // The Fisher matrix is the curvature of the divergence: KL(θ ‖ θ + h v) ≈ ½ h² vᵀ F v.
    let v: Vec<f64> = (0..theta.len())
        .map(|i| ((i * 7 % 5) as f64 - 2.0) / 2.0)
        .collect();
    let near: Vec<f64> = theta.iter().zip(&v).map(|(x, v)| x + 1e-4 * v).collect();
    let product = net.fisher_product(&theta, &batch, &v);
    let expected: f64 = product.iter().zip(&v).map(|(p, v)| p * v).sum();
    let curvature = 2.0 * net.divergence(&theta, &near, &batch) / 1e-8;
    assert_close(&[curvature], &[expected], 1e-2);
}

#[test]
fn an_iteration_reports_whole_episodes_and_the_exact_meta_gradient() {
    for n_inner_steps in [1, 2] {
        let mut config = config(0.5, MetaGradient::SecondOrder);
        config.n_inner_steps = n_inner_steps;
        let mut case = Case::new(config);
        // The second iteration sees other tasks and no longer starts from the initial parameters.
        let mut env_steps = 0;
        for iteration in 1..=2 {
            let (lessons, theta) = (case.lessons(), case.theta());
            let mean = |f: &dyn Fn(&Lesson) -> f64| {
                lessons.iter().map(f).sum::<f64>() / lessons.len() as f64
            };
            let before = numbers(case.agent.state(), ["adam", "mean"]);
            let expected = central_difference(|theta| case.meta_loss(&lessons, theta), &theta);
            let loss = case.meta_loss(&lessons, &theta);
            let done = case.agent.iterate().unwrap();
            let after = numbers(case.agent.state(), ["adam", "mean"]);
            let gradient: Vec<f64> = after
                .iter()
                .zip(&before)
                .map(|(a, b)| (a - 0.9 * b) / 0.1)
                .collect();

            let return_before = mean(&|lesson| lesson.support[0].mean_return());
            let return_after = mean(&|lesson| lesson.query.mean_return());
            assert_close(&[done.return_before], &[return_before], 1e-5);
            assert_close(&[done.return_after], &[return_after], 1e-5);
            assert_close(&[done.loss], &[loss], 1e-4);
            assert_close(&gradient, &expected, 2e-4);
            assert!(cosine(&gradient, &expected) > 0.9999);
            assert_eq!(done.iteration, iteration);
            let batches = lessons
                .iter()
                .flat_map(|lesson| lesson.support.iter().chain([&lesson.query]));
            env_steps += batches.map(|batch| batch.n_env_steps).sum::<usize>();
            assert_eq!(done.env_steps, env_steps as u64);
            let ends = lessons[0].query.last.iter().filter(|last| **last);
            assert!(ends.count() > 4, "no episode ended early");
        }
    }
}

#[test]
fn first_order_leaves_the_derivative_of_adaptation_out() {
    let mut case = Case::new(config(0.5, MetaGradient::FirstOrder));
    let (lessons, theta) = (case.lessons(), case.theta());
    let adapted = |lesson: &Lesson| case.net.adapt(&theta, &lesson.support, 0.5);
    let expected = case.mean_gradient(&lessons, adapted);
    let exact = central_difference(|theta| case.meta_loss(&lessons, theta), &theta);
    let (_, gradient) = case.meta_gradient();
    assert_close(&gradient, &expected, 2e-4);
    assert!(
        cosine(&gradient, &exact) < 0.99,
        "{}",
        cosine(&gradient, &exact)
    );
}

#[test]
fn without_adaptation_either_order_is_the_plain_policy_gradient() {
    let gradient = |order| {
        let mut case = Case::new(config(1e-7, order));
        let (lessons, theta) = (case.lessons(), case.theta());
        let plain = case.mean_gradient(&lessons, |_| theta.clone());
        let (_, gradient) = case.meta_gradient();
        assert_close(&gradient, &plain, 2e-5);
        gradient
    };
    let second = gradient(MetaGradient::SecondOrder);
    assert_close(&second, &gradient(MetaGradient::FirstOrder), 1e-5);
}

#[test]
fn later_steps_of_ppo_are_clipped() {
    let [once, twice] = [1, 2].map(|n_epochs| {
        let mut case = Case::new(MamlConfig {
            outer: ppo(n_epochs, 0.1),
            ..config(0.5, MetaGradient::SecondOrder)
        });
        let lessons = case.lessons();
        let done = case.agent.iterate().unwrap();
        (case, lessons, done)
    });
    let (case, lessons, _) = once;
    let theta = case.theta();
    let adapt = |theta: &[f64], lesson: &Lesson| case.net.adapt(theta, &lesson.support, 0.5);
    let clipped = |theta: &[f64]| {
        let loss = |l: &Lesson| case.net.clipped_surrogate(&adapt(theta, l), &l.query, 0.2);
        lessons.iter().map(loss).sum::<f64>() / lessons.len() as f64
    };
    let mean = |case: &Case| numbers(case.agent.state(), ["adam", "mean"]);
    let pairs = mean(&twice.0).into_iter().zip(mean(&case));
    let gradient: Vec<f64> = pairs.map(|(two, one)| (two - 0.9 * one) / 0.1).collect();
    assert_close(&gradient, &central_difference(clipped, &theta), 5e-4);
    assert_close(&[twice.2.loss_after], &[clipped(&theta)], 1e-4);
    let plain = case.meta_loss(&lessons, &theta);
    assert!(
        (plain - clipped(&theta)).abs() > 1e-3,
        "nothing was clipped"
    );
}

#[test]
fn trpo_steps_along_the_natural_meta_gradient_as_far_as_it_may() {
    let region = TrustRegion {
        n_conjugate_gradient_iterations: 100,
        damping: 0.1,
        ..TrustRegion::default()
    };
    let mut case = Case::new(MamlConfig {
        outer: OuterOptimizer::Trpo(region),
        ..config(0.5, MetaGradient::SecondOrder)
    });
    let (lessons, theta) = (case.lessons(), case.theta());
    let (net, n) = (case.net.clone(), theta.len());

    // F = (1/n) Σ Jᵀ F_query J, with the Jacobian of adaptation column by column.
    let mut rows = vec![vec![0.0; n + 1]; n];
    for lesson in &lessons {
        let adapt = |theta: &[f64]| net.adapt(theta, &lesson.support, 0.5);
        let adapted = adapt(&theta);
        let jacobian: Vec<Vec<f64>> = (0..n)
            .map(|i| central_difference(|theta| adapt(theta)[i], &theta))
            .collect();
        let column = |j: usize| jacobian.iter().map(|row| row[j]).collect::<Vec<_>>();
        for j in 0..n {
            let product = net.fisher_product(&adapted, &lesson.query, &column(j));
            for (i, row) in rows.iter_mut().enumerate() {
                let entry: f64 = column(i).iter().zip(&product).map(|(x, p)| x * p).sum();
                row[j] += entry / lessons.len() as f64;
            }
        }
    }
    let gradient = central_difference(|theta| case.meta_loss(&lessons, theta), &theta);
    for i in 0..n {
        rows[i][i] += region.damping;
        rows[i][n] = gradient[i];
    }
    let direction = solve(rows.clone());
    let curvature: f64 = direction.iter().zip(&gradient).map(|(s, g)| s * g).sum();
    let full = (2.0 * region.max_divergence / curvature).sqrt();

    let done = case.agent.iterate().unwrap();
    let moved: Vec<f64> = theta.iter().zip(case.theta()).map(|(x, y)| x - y).collect();
    assert!(done.accepted && done.divergence <= region.max_divergence);
    assert!(done.loss_after < done.loss, "{done:?}");
    assert!(
        cosine(&moved, &direction) > 0.9999,
        "{}",
        cosine(&moved, &direction)
    );
    let length = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let tries = (length(&moved) / (full * length(&direction))).ln() / region.backtrack_ratio.ln();
    assert!(
        (tries - tries.round()).abs() < 0.01 && tries > -0.01,
        "{tries}"
    );

    let after = case.theta();
    let divergence = |lesson: &Lesson| {
        let adapt = |theta: &[f64]| net.adapt(theta, &lesson.support, 0.5);
        net.divergence(&adapt(&theta), &adapt(&after), &lesson.query)
    };
    let divergence = lessons.iter().map(divergence).sum::<f64>() / lessons.len() as f64;
    assert_close(&[done.divergence], &[divergence], 1e-5);
    assert!(divergence > 0.2 * region.max_divergence, "{divergence}");
    assert_close(
        &[done.loss_after],
        &[case.meta_loss(&lessons, &after)],
        1e-4,
    );
}

#[test]
fn the_environment_of_these_tests_ends_its_episodes_in_both_ways() {
    let case = Case::new(config(0.5, MetaGradient::SecondOrder));
    let lengths: Vec<usize> = (0..8)
        .flat_map(|task_idx| {
            let batch = case.rollout(&case.theta(), task_idx, 0);
            let ends = batch
                .time
                .iter()
                .zip(&batch.last)
                .filter(|(_, last)| **last);
            ends.map(|(t, _)| t + 1).collect::<Vec<_>>()
        })
        .collect();
    assert!(
        lengths.contains(&2) && lengths.contains(&HORIZON),
        "{lengths:?}"
    );
}

/// What a policy does at two places, with the same noise each time.
fn actions(mut policy: GaussianPolicy<TestDevice, 2, 2>) -> Vec<f64> {
    let mut decision = DecisionBatch::new(2, [0.0; 2]);
    let mut rngs = [0, 1].map(|lane| SEED.stream(Purpose::Baseline, 0, lane, 0));
    let seen = [[0.3, -0.2], [-0.7, 0.9]];
    policy
        .act(&seen, &[true; 2], &mut rngs, &mut decision)
        .unwrap();
    widen(decision.action.as_flattened())
}

#[test]
fn evaluation_takes_a_whole_step_first_and_shorter_ones_after() {
    let mut config = config(0.5, MetaGradient::SecondOrder);
    config.later_step_scale = 0.3;
    let case = Case::new(config);
    let task = SquareGoals.sample(&mut SEED.stream(Purpose::EvaluationTask, 7, 0, 0));
    let environment = || {
        let mut environment = Wander::new(4);
        for lane in 0..4 {
            let stream = SEED.stream(Purpose::EvaluationEnvironment, 7, lane as u64, 0);
            environment.assign(lane, &task, stream).unwrap();
        }
        environment
    };
    let (mut theta, mut by_hand) = (case.theta(), environment());
    for (round, inner_lr) in [0.5, 0.15, 0.15].into_iter().enumerate() {
        let adapted = case
            .agent
            .adapt(&mut environment(), round, SEED, 7)
            .unwrap();
        assert_close(&actions(adapted), &actions(case.policy(&theta)), 1e-5);
        let rng = |lane| SEED.stream(Purpose::EvaluationPolicy, 7, lane, round as u64);
        let batch = case.batch(&theta, &mut by_hand, (0..4).map(rng).collect());
        theta = case.net.adapt(&theta, &[batch], inner_lr);
    }
    let unlike = actions(case.policy(&theta));
    let further = actions(case.agent.adapt(&mut environment(), 2, SEED, 7).unwrap());
    let moved = unlike
        .iter()
        .zip(&further)
        .any(|(x, y)| (x - y).abs() > 1e-3);
    assert!(moved, "steps are long enough for this test to see them");
}
