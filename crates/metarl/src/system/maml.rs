//! MAML in an experiment.

use metarl_agents::{MamlConfig, MamlIteration, MamlRl};
use metarl_autodiff::Kernels;
use metarl_core::{
    Adapt, Continuous, Environment, Lanes, Purpose, Returns, Seed, TaskDistribution,
};
use metarl_envs::draw::{Draw, Recorded, Recorder};
use metarl_envs::{PointObjective, PointRobot, ReachGoal, SquareGoals};
use serde::Serialize;

use super::learner::{Trained, held_out, watched};
use super::{Curve, Iteration, Learner, Measurement, Reference, navigation};
use crate::Error;
use crate::experiment::{EvaluationConfig, Section};

/// MAML on one of its environments.
///
/// | key | default | range | meaning |
/// |---|---|---|---|
/// | `environment` | | | [`MamlEnvironment`] |
/// | all others | | | [`MamlConfig`] |
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MamlSystem {
    /// Hyper-parameters.
    #[serde(flatten)]
    pub config: MamlConfig,
    /// Where it acts.
    pub environment: MamlEnvironment,
}

/// Environments MAML can be trained on from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MamlEnvironment {
    /// [`PointNavigation`](metarl_envs::PointNavigation) with [`SquareGoals`].
    PointNavigation,
}

impl MamlEnvironment {
    fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let kind: String = section.take("kind")?;
        section.check(
            "kind",
            "point-navigation",
            &kind,
            kind == "point-navigation",
        )?;
        section.end()?;
        Ok(Self::PointNavigation)
    }
}

impl MamlSystem {
    /// Updates of an evaluation.
    const N_UPDATES: usize = 3;
    /// Episodes an update of an evaluation, as the authors' script has it for navigation.
    const N_EPISODES: usize = 40;

    pub(super) fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let environment = MamlEnvironment::from_section(section.section("environment")?)?;
        let config: MamlConfig = section.rest()?;
        section.checked(config.validate())?;
        Ok(Self {
            config,
            environment,
        })
    }

    pub(super) fn learner<D: Kernels<f32>>(
        &self,
        seed: Seed,
        device: D,
    ) -> Result<Box<dyn Learner>, Error> {
        match self.environment {
            MamlEnvironment::PointNavigation => {
                let horizon = ReachGoal::MAX_STEPS as usize;
                let process = PointRobot::<ReachGoal>::default;
                self.on::<_, _, _, 2, 2>(SquareGoals, process, horizon, seed, device)
            }
        }
    }

    fn on<P, T, D, const O: usize, const K: usize>(
        &self,
        tasks: T,
        process: fn() -> P,
        horizon: usize,
        seed: Seed,
        device: D,
    ) -> Result<Box<dyn Learner>, Error>
    where
        P: Draw<ObservationSpace = Continuous<O>, ActionSpace = Continuous<K>>,
        P: Draw<Model: Sync, State: Sync> + Sync + 'static,
        T: TaskDistribution<Task = P::Task> + Clone + 'static,
        D: Kernels<f32>,
    {
        let environment = move |n_lanes| Lanes::of(process(), n_lanes);
        let config = self.config.clone();
        let trainer = MamlRl::new(config, tasks.clone(), environment, horizon, seed, device)?;
        let judge = |trainer: &MamlRl<_, _, _, O, K>, n_tasks, seed| {
            let n_updates = Self::N_UPDATES;
            let tasks = trainer.evaluate(n_tasks, n_updates, Self::N_EPISODES, seed)?;
            let after = |n: usize| tasks.iter().map(|returns| returns[n]).collect::<Vec<f64>>();
            let measurement = |n: usize| Measurement {
                metric: Self::metric(n),
                returns: Returns::of(&after(n)),
            };
            Ok((0..=n_updates).map(measurement).collect())
        };
        let player = move |trainer: &MamlRl<_, _, _, O, K>, seed: Seed, recorder: &Recorder| {
            let mut practice = environment(Self::N_EPISODES);
            let task = held_out(&tasks, seed);
            for lane in 0..Self::N_EPISODES {
                let rng = seed.stream(Purpose::EvaluationEnvironment, 0, 1 + lane as u64, 0);
                practice.assign(lane, &task, rng)?;
            }
            for n_updates in 0..=Self::N_UPDATES {
                recorder.head(format!("after {n_updates} updates"));
                let mut policy = trainer.adapt(&mut practice, n_updates, seed, 0)?;
                let (process, recorder) = (process(), recorder.clone());
                let mut environment = Lanes::of(Recorded { process, recorder }, 1);
                watched(&mut environment, &mut policy, &task, seed, horizon)?;
            }
            Ok(())
        };
        Ok(Box::new(Trained {
            trainer,
            judge,
            player,
        }))
    }

    fn metric(n_updates: usize) -> String {
        format!("return_after_{n_updates}_updates")
    }

    pub(super) fn metrics(&self) -> Vec<String> {
        (0..=Self::N_UPDATES).map(Self::metric).collect()
    }

    pub(super) fn tasks(&self) -> String {
        match self.environment {
            MamlEnvironment::PointNavigation => SquareGoals.name(),
        }
    }

    pub(super) fn curve(&self) -> Curve {
        let n = self.config.n_inner_steps;
        let updates = if n == 1 { "update" } else { "updates" };
        Curve {
            key: "return_after",
            label: format!("return of an episode after {n} {updates}"),
            metric: Self::metric(n),
        }
    }

    pub(super) fn references(&self, judged: EvaluationConfig) -> Result<Vec<Reference>, Error> {
        match self.environment {
            MamlEnvironment::PointNavigation => navigation::references(&self.metrics(), judged),
        }
    }
}

impl From<MamlIteration> for Iteration {
    fn from(done: MamlIteration) -> Self {
        let measured = [
            ("return_before", done.return_before),
            ("return_after", done.return_after),
            ("loss", done.loss),
            ("loss_after", done.loss_after),
            ("divergence", done.divergence),
            ("accepted", f64::from(u8::from(done.accepted))),
        ];
        Self::new(done.iteration, done.env_steps, &measured)
    }
}
