//! RL² in an experiment.

use metarl_agents::{Rl2, Rl2Config, Rl2Iteration};
use metarl_autodiff::Kernels;
use metarl_core::{
    Discrete, Environment, Lanes, Purpose, Returns, Rollout, Seed, Space, TaskDistribution, Trial,
    collect,
};
use metarl_envs::draw::{Draw, Recorded, Recorder};
use metarl_envs::{
    Bandit, BarcodeProcess, BarcodeTasks, BernoulliBandits, BernoulliTask, RandomTabular,
    TabularProcess,
};
use serde::Serialize;

use super::learner::{Trained, held_out};
use super::{Curve, Iteration, Learner, Measurement, Profile, Reference, bandit, barcode, tabular};
use crate::Error;
use crate::experiment::{EvaluationConfig, Section};

/// RL² on one of its environments.
///
/// | key | default | range | meaning |
/// |---|---|---|---|
/// | `n_episodes` | | ≥ 1 | episodes of a trial |
/// | `environment` | | | [`Rl2Environment`] |
/// | all others | | | [`Rl2Config`] |
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rl2System {
    /// Episodes of a trial.
    pub n_episodes: u32,
    /// Hyper-parameters.
    #[serde(flatten)]
    pub config: Rl2Config,
    /// Where it acts.
    pub environment: Rl2Environment,
}

/// Environments RL² can be trained on from a file. Numbers of actions are part of a type, so there
/// is a choice of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rl2Environment {
    /// [`BernoulliBandits`]; an episode is a pull.
    BernoulliBandit {
        /// 2, 5, 10 or 50.
        arms: usize,
    },
    /// [`RandomTabular::RL2`]; an episode is 10 steps.
    TabularMdp,
    /// [`BarcodeTasks`]; an episode is 10 pulls and a trial, an epoch is 100 trials.
    BarcodeBandit,
}

impl Rl2Environment {
    /// Numbers of arms there are.
    pub const ARMS: [usize; 4] = [2, 5, 10, 50];

    fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let kind: String = section.take("kind")?;
        let environment = match kind.as_str() {
            "bernoulli-bandit" => {
                let arms = section.take("arms")?;
                let known = Self::ARMS.contains(&arms);
                section.check("arms", "2, 5, 10 or 50", arms, known)?;
                Self::BernoulliBandit { arms }
            }
            "tabular-mdp" => Self::TabularMdp,
            "barcode-bandit" => Self::BarcodeBandit,
            _ => {
                let allowed = "must be bernoulli-bandit, tabular-mdp or barcode-bandit";
                return Err(section.error("kind", &format!("{allowed}, got {kind}")));
            }
        };
        section.end()?;
        Ok(environment)
    }
}

impl Rl2System {
    pub(super) const METRIC: &str = "total_reward";

    pub(super) fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let environment = Rl2Environment::from_section(section.section("environment")?)?;
        let n_episodes = section.take("n_episodes")?;
        section.check("n_episodes", "at least 1", n_episodes, n_episodes >= 1)?;
        let config: Rl2Config = section.rest()?;
        section.checked(config.validate())?;
        if environment == Rl2Environment::BarcodeBandit {
            let n_trials = config.n_trials;
            section.check("n_episodes", "1: a trial", n_episodes, n_episodes == 1)?;
            let epoch = n_trials == barcode::N_TRIALS;
            section.check("n_trials", "100: an epoch", n_trials, epoch)?;
        }
        Ok(Self {
            n_episodes,
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
            Rl2Environment::BernoulliBandit { arms: 2 } => self.bandit::<_, 2>(seed, device),
            Rl2Environment::BernoulliBandit { arms: 5 } => self.bandit::<_, 5>(seed, device),
            Rl2Environment::BernoulliBandit { arms: 10 } => self.bandit::<_, 10>(seed, device),
            Rl2Environment::BernoulliBandit { arms: 50 } => self.bandit::<_, 50>(seed, device),
            Rl2Environment::BernoulliBandit { arms } => Err(Error::OutOfRange {
                name: "arms",
                allowed: "2, 5, 10 or 50",
                got: arms.to_string(),
            }),
            Rl2Environment::TabularMdp => {
                let horizon = RandomTabular::<10, 5>::HORIZON;
                let process = TabularProcess::<10, 5>::default;
                self.on::<_, _, _, 5>(
                    RandomTabular::RL2,
                    process,
                    horizon,
                    seed,
                    device,
                    total_reward,
                )
            }
            Rl2Environment::BarcodeBandit => {
                let (process, horizon) = (BarcodeProcess::default, barcode::N_PULLS);
                let judge = |trainer: &Rl2<_, _, _, 10>, _: fn() -> _, n_tasks, seed| {
                    barcode::measure(trainer, n_tasks, seed)
                };
                self.on::<_, _, _, 10>(BarcodeTasks, process, horizon, seed, device, judge)
            }
        }
    }

    fn bandit<D: Kernels<f32>, const ARMS: usize>(
        &self,
        seed: Seed,
        device: D,
    ) -> Result<Box<dyn Learner>, Error> {
        let tasks = BernoulliBandits { n_arms: ARMS };
        let process = Bandit::<BernoulliTask, ARMS>::default;
        self.on::<_, _, _, ARMS>(tasks, process, 1, seed, device, total_reward)
    }

    fn on<P, T, D, const ACTIONS: usize>(
        &self,
        tasks: T,
        process: fn() -> P,
        horizon: usize,
        seed: Seed,
        device: D,
        judge: Judge<P, T, D, ACTIONS>,
    ) -> Result<Box<dyn Learner>, Error>
    where
        P: Draw<ActionSpace = Discrete<ACTIONS>, Model: Sync, State: Sync> + Sync + 'static,
        T: TaskDistribution<Task = P::Task> + Clone + 'static,
        D: Kernels<f32>,
    {
        let environment = move |n_lanes| Lanes::of(process(), n_lanes);
        let n_steps = self.n_episodes as usize * horizon;
        let trial = (self.n_episodes, n_steps);
        let config = self.config.clone();
        let trainer = Rl2::new(config, tasks.clone(), environment, trial, seed, device)?;
        let judge = move |trainer: &Rl2<_, _, _, ACTIONS>, n_tasks, seed| {
            judge(trainer, process, n_tasks, seed)
        };
        let (n_episodes, n_trials) = (self.n_episodes, self.config.n_trials);
        let player = move |trainer: &Rl2<_, _, _, ACTIONS>, seed: Seed, recorder: &Recorder| {
            let recorder = recorder.clone();
            let process = process();
            let recorded = Lanes::of(Recorded { process, recorder }, 1);
            let mut environment = Trial::new(recorded, n_episodes)?;
            let stream = |purpose| seed.stream(purpose, 0, 0, 0);
            let task = held_out(&tasks, seed);
            environment.assign(0, &task, stream(Purpose::EvaluationEnvironment))?;
            let mut rngs = [stream(Purpose::EvaluationPolicy)];
            let zero = environment.observation_space().zero();
            let mut epoch = Rollout::new(n_trials * n_steps, 1, zero, 0);
            collect(
                &mut environment,
                &mut trainer.policy(1),
                &mut rngs,
                &mut epoch,
            )?;
            Ok(())
        };
        Ok(Box::new(Trained {
            trainer,
            judge,
            player,
        }))
    }

    pub(super) fn metrics(&self) -> Vec<String> {
        let mut metrics = vec![Self::METRIC.to_owned()];
        metrics.extend(
            self.profile()
                .into_iter()
                .flat_map(|profile| profile.metrics),
        );
        metrics
    }

    pub(super) fn profile(&self) -> Option<Profile> {
        (self.environment == Rl2Environment::BarcodeBandit).then(|| Profile {
            label: "exposure",
            measured: self.curve().label,
            metrics: barcode::exposures(),
        })
    }

    pub(super) fn tasks(&self) -> String {
        match self.environment {
            Rl2Environment::BernoulliBandit { arms } => BernoulliBandits { n_arms: arms }.name(),
            Rl2Environment::TabularMdp => RandomTabular::RL2.name(),
            Rl2Environment::BarcodeBandit => BarcodeTasks.name(),
        }
    }

    pub(super) fn curve(&self) -> Curve {
        let trial = match self.environment {
            Rl2Environment::BernoulliBandit { .. } => format!("{} pulls", self.n_episodes),
            Rl2Environment::TabularMdp => format!("{} episodes", self.n_episodes),
            Rl2Environment::BarcodeBandit => format!("{} pulls", barcode::N_PULLS),
        };
        Curve {
            key: "total_reward",
            label: format!("total reward of a trial ({trial})"),
            metric: Self::METRIC.to_owned(),
        }
    }

    pub(super) fn references(&self, judged: EvaluationConfig) -> Result<Vec<Reference>, Error> {
        let n_episodes = self.n_episodes as usize;
        match self.environment {
            Rl2Environment::BernoulliBandit { arms } => {
                bandit::references(arms, n_episodes, judged)
            }
            Rl2Environment::TabularMdp => tabular::references(n_episodes, judged),
            Rl2Environment::BarcodeBandit => Ok(barcode::references(judged)),
        }
    }
}

/// How an agent in training is judged.
type Judge<P, T, D, const ACTIONS: usize> = fn(
    &Rl2<Lanes<P>, T, D, ACTIONS>,
    fn() -> P,
    usize,
    Seed,
) -> Result<Vec<Measurement>, metarl_agents::Error>;

/// By the total reward of a trial.
fn total_reward<P, T, D, const ACTIONS: usize>(
    trainer: &Rl2<Lanes<P>, T, D, ACTIONS>,
    process: fn() -> P,
    n_tasks: usize,
    seed: Seed,
) -> Result<Vec<Measurement>, metarl_agents::Error>
where
    P: Draw<ActionSpace = Discrete<ACTIONS>, Model: Sync, State: Sync> + Sync + 'static,
    T: TaskDistribution<Task = P::Task>,
    D: Kernels<f32>,
{
    let environment = |n_lanes| Lanes::of(process(), n_lanes);
    let returns = trainer.evaluate(environment, n_tasks, seed)?;
    Ok(vec![Measurement {
        metric: Rl2System::METRIC.to_owned(),
        returns: Returns::of(&returns),
    }])
}

impl From<Rl2Iteration> for Iteration {
    fn from(done: Rl2Iteration) -> Self {
        let measured = [
            ("total_reward", done.total_reward),
            ("entropy", done.entropy),
            ("loss", done.loss),
            ("gradient_norm", done.gradient_norm),
            ("explained_variance", done.explained_variance),
        ];
        Self::new(done.iteration, done.env_steps, &measured)
    }
}
