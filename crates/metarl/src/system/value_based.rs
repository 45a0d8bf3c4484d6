//! Value-based agents in an experiment.

use metarl_agents::{
    Dqn, DqnConfig, Mfec, MfecConfig, Nec, NecConfig, Trainer, ValueBased, ValueBasedConfig,
    ValueBasedIteration, ValueLearner,
};
use metarl_autodiff::Kernels;
use metarl_core::{
    Discrete, Environment, Lanes, Process, Purpose, Returns, Seed, Space, TaskDistribution,
    UniformPolicy, evaluate,
};
use metarl_envs::draw::{Draw, Recorded, Recorder};
use metarl_envs::min_atar::{BreakoutGame, MinAtar, MinAtarTasks};
use metarl_envs::{
    CartPolePhysics, CartPoles, ClassicControl, DarkRoomProcess, DarkRooms, LocatedMazeProcess,
    Mazes,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::learner::{Trained, watched};
use super::{Curve, Iteration, Learner, Measurement, Reference};
use crate::Error;
use crate::experiment::{EvaluationConfig, Section};

/// A value-based agent on one of its environments.
///
/// | key | default | range | meaning |
/// |---|---|---|---|
/// | `environment` | | | [`ValueBasedEnvironment`] |
/// | `learner` | | | [`ValueBasedLearner`] |
/// | all others | | | [`ValueBasedConfig`] |
///
/// The task is drawn from the seed of the training; the evaluation's seed chooses its episodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueBasedSystem {
    /// How it acts and is judged.
    #[serde(flatten)]
    pub config: ValueBasedConfig,
    /// What it learns by.
    pub learner: ValueBasedLearner,
    /// Where it acts.
    pub environment: ValueBasedEnvironment,
}

/// What a value-based agent learns by.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ValueBasedLearner {
    /// [`Dqn`], double or not.
    Dqn(DqnConfig),
    /// [`Mfec`]
    Mfec(MfecConfig),
    /// [`Nec`]
    Nec(NecConfig),
}

/// Environments that value-based agents can be trained on from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ValueBasedEnvironment {
    /// [`CartPole`](metarl_envs::CartPole) with its default physics.
    CartPole,
    /// [`LocatedMaze`](metarl_envs::LocatedMaze), small.
    LocatedMaze,
    /// [`DarkRoom`](metarl_envs::DarkRoom)
    DarkRoom,
    /// [`Breakout`](metarl_envs::min_atar::Breakout)
    Breakout,
}

impl ValueBasedLearner {
    fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let kind: String = section.take("kind")?;
        match kind.as_str() {
            "dqn" => {
                let config: DqnConfig = section.rest()?;
                section.checked(config.validate())?;
                Ok(Self::Dqn(config))
            }
            "mfec" => {
                let config: MfecConfig = section.rest()?;
                section.checked(config.validate())?;
                Ok(Self::Mfec(config))
            }
            "nec" => {
                let config: NecConfig = section.rest()?;
                section.checked(config.validate())?;
                Ok(Self::Nec(config))
            }
            _ => Err(section.error("kind", &format!("must be dqn, mfec or nec, got {kind}"))),
        }
    }
}

impl ValueBasedEnvironment {
    fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let kind: String = section.take("kind")?;
        section.end()?;
        match kind.as_str() {
            "cart-pole" => Ok(Self::CartPole),
            "located-maze" => Ok(Self::LocatedMaze),
            "dark-room" => Ok(Self::DarkRoom),
            "breakout" => Ok(Self::Breakout),
            _ => {
                let allowed = "must be cart-pole, located-maze, dark-room or breakout";
                Err(section.error("kind", &format!("{allowed}, got {kind}")))
            }
        }
    }
}

/// Steps after which a game that does not end is an error.
const LONGEST_GAME: usize = 1_000_000;

impl ValueBasedSystem {
    const FINAL: &str = "return";

    pub(super) fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let environment = ValueBasedEnvironment::from_section(section.section("environment")?)?;
        let learner = ValueBasedLearner::from_section(section.section("learner")?)?;
        let config: ValueBasedConfig = section.rest()?;
        section.checked(config.validate())?;
        Ok(Self {
            config,
            learner,
            environment,
        })
    }

    pub(super) fn learner<D: Kernels<f32>>(
        &self,
        seed: Seed,
        device: D,
    ) -> Result<Box<dyn Learner>, Error> {
        match self.environment {
            ValueBasedEnvironment::CartPole => {
                let process = ClassicControl::<CartPolePhysics<f32>>::default;
                self.on::<_, _, _, 2>(CartPoles::DEFAULT, process, seed, device)
            }
            ValueBasedEnvironment::LocatedMaze => {
                let process = LocatedMazeProcess::default;
                self.on::<_, _, _, 4>(Mazes::Small, process, seed, device)
            }
            ValueBasedEnvironment::DarkRoom => {
                self.on::<_, _, _, 5>(DarkRooms, DarkRoomProcess::default, seed, device)
            }
            ValueBasedEnvironment::Breakout => {
                let tasks = MinAtarTasks::<BreakoutGame>::USUAL;
                self.on::<_, _, _, 6>(tasks, MinAtar::<BreakoutGame>::default, seed, device)
            }
        }
    }

    fn on<P, T, D, const ACTIONS: usize>(
        &self,
        tasks: T,
        process: fn() -> P,
        seed: Seed,
        device: D,
    ) -> Result<Box<dyn Learner>, Error>
    where
        P: Draw<ActionSpace = Discrete<ACTIONS>> + 'static,
        <P::ObservationSpace as Space>::Element: Serialize + DeserializeOwned,
        T: TaskDistribution<Task = P::Task> + 'static,
        D: Kernels<f32>,
    {
        match &self.learner {
            ValueBasedLearner::Dqn(config) => {
                let learner =
                    Dqn::<P::ObservationSpace, _>::new(config.clone(), ACTIONS, seed, device)?;
                self.with::<_, _, _, ACTIONS>(learner, tasks, process, seed)
            }
            ValueBasedLearner::Mfec(config) => {
                let learner = Mfec::<P::ObservationSpace>::new(config.clone(), ACTIONS, seed)?;
                self.with::<_, _, _, ACTIONS>(learner, tasks, process, seed)
            }
            ValueBasedLearner::Nec(config) => {
                let learner =
                    Nec::<P::ObservationSpace, _>::new(config.clone(), ACTIONS, seed, device)?;
                self.with::<_, _, _, ACTIONS>(learner, tasks, process, seed)
            }
        }
    }

    fn with<L, P, T, const ACTIONS: usize>(
        &self,
        learner: L,
        tasks: T,
        process: fn() -> P,
        seed: Seed,
    ) -> Result<Box<dyn Learner>, Error>
    where
        L: ValueLearner<P::ObservationSpace> + 'static,
        P: Draw<ActionSpace = Discrete<ACTIONS>> + 'static,
        T: TaskDistribution<Task = P::Task> + 'static,
    {
        let environment = move |n_lanes| Lanes::of(process(), n_lanes);
        let limit = process().max_steps();
        let horizon = limit.map_or(LONGEST_GAME, |steps| steps as usize);
        let config = self.config.clone();
        let trainer = ValueBased::new(config, learner, tasks, environment, horizon, seed)?;
        let judge = |trainer: &ValueBased<_, L, _, _, ACTIONS>, n_episodes, seed| {
            let returns = trainer.evaluate(n_episodes, seed)?;
            let milestones = trainer.state().milestones.iter();
            let mut measurements: Vec<Measurement> = milestones
                .map(|milestone| Measurement {
                    metric: Self::after(milestone.env_steps),
                    returns: milestone.returns,
                })
                .collect();
            measurements.push(Measurement {
                metric: Self::FINAL.to_owned(),
                returns: Returns::of(&returns),
            });
            Ok(measurements)
        };
        let player =
            move |trainer: &ValueBased<_, L, _, _, ACTIONS>, seed: Seed, recorder: &Recorder| {
                let recorder = recorder.clone();
                let process = process();
                let mut environment = Lanes::of(Recorded { process, recorder }, 1);
                watched(
                    &mut environment,
                    &mut trainer.policy(),
                    &trainer.task(),
                    seed,
                    horizon,
                )
            };
        Ok(Box::new(Trained {
            trainer,
            judge,
            player,
        }))
    }

    fn after(n_steps: u64) -> String {
        format!("return_after_{n_steps}_steps")
    }

    pub(super) fn metrics(&self) -> Vec<String> {
        let milestones = self.config.milestones.iter();
        let milestones = milestones.map(|n_steps| Self::after(*n_steps));
        milestones.chain([Self::FINAL.to_owned()]).collect()
    }

    pub(super) fn tasks(&self) -> String {
        match self.environment {
            ValueBasedEnvironment::CartPole => CartPoles::DEFAULT.name(),
            ValueBasedEnvironment::LocatedMaze => Mazes::Small.name(),
            ValueBasedEnvironment::DarkRoom => DarkRooms.name(),
            ValueBasedEnvironment::Breakout => MinAtarTasks::<BreakoutGame>::USUAL.name(),
        }
    }

    pub(super) fn curve(&self) -> Curve {
        Curve {
            key: "episode_return",
            label: "return of an episode, exploration included".to_owned(),
            metric: Self::FINAL.to_owned(),
        }
    }

    /// Random actions, which know nothing of steps, beside every metric.
    pub(super) fn references(&self, judged: EvaluationConfig) -> Result<Vec<Reference>, Error> {
        let returns = match self.environment {
            ValueBasedEnvironment::CartPole => random(
                ClassicControl::<CartPolePhysics<f32>>::default,
                &CartPoles::DEFAULT,
                judged,
            ),
            ValueBasedEnvironment::LocatedMaze => {
                let process = LocatedMazeProcess::default;
                random(process, &Mazes::Small, judged)
            }
            ValueBasedEnvironment::DarkRoom => random(DarkRoomProcess::default, &DarkRooms, judged),
            ValueBasedEnvironment::Breakout => random(
                MinAtar::<BreakoutGame>::default,
                &MinAtarTasks::<BreakoutGame>::USUAL,
                judged,
            ),
        }?;
        let row = |metric: &String| Reference::measured(metric, "random actions", &returns);
        Ok(self.metrics().iter().map(row).collect())
    }
}

/// Returns of random actions, an episode on each task of the evaluation.
fn random<P: Process>(
    process: fn() -> P,
    tasks: &impl TaskDistribution<Task = P::Task>,
    judged: EvaluationConfig,
) -> Result<Returns, metarl_core::Error> {
    let seed = Seed::new(judged.seed);
    let mut environment = Lanes::of(process(), judged.n_tasks);
    let mut rngs = Vec::with_capacity(judged.n_tasks);
    for lane in 0..judged.n_tasks {
        let stream = |purpose| seed.stream(purpose, lane as u64, 0, 0);
        let task = tasks.sample(&mut stream(Purpose::EvaluationTask));
        environment.assign(lane, &task, stream(Purpose::EvaluationEnvironment))?;
        rngs.push(stream(Purpose::EvaluationPolicy));
    }
    let mut policy = UniformPolicy(environment.action_space());
    let returns = evaluate(&mut environment, &mut policy, &mut rngs, LONGEST_GAME)?;
    Ok(Returns::of(&returns))
}

impl From<ValueBasedIteration> for Iteration {
    fn from(done: ValueBasedIteration) -> Self {
        let measured = [
            ("episode_return", done.episode_return),
            ("value", done.value),
            ("epsilon", done.epsilon),
        ];
        Self::new(done.iteration, done.env_steps, &measured)
    }
}
