//! Every environment there is to look at.

use std::collections::BTreeMap;
use std::fmt::{Debug, Formatter};

use metarl_core::{
    DecisionBatch, Environment, Lanes, Policy, Purpose, Seed, Space, StepBatch, TaskDistribution,
    UniformPolicy,
};
use metarl_envs::draw::{Draw, Recorded, Recorder};
use metarl_envs::min_atar::{
    AsterixGame, BreakoutGame, FreewayGame, MinAtar, MinAtarTasks, SeaquestGame, SpaceInvadersGame,
};
#[cfg(feature = "mujoco")]
use metarl_envs::mujoco::{
    AntGoalRobot, AntGoals, AntRobot, Ants, HalfCheetahRobot, HalfCheetahs, HopperRobot,
    HumanoidRobot, Humanoids, Locomotion, RandomHoppers, RandomWalkers, Walker2dRobot,
};
#[cfg(feature = "terrain")]
use metarl_envs::walker::{BipedalWalkers, RapierEngine, WalkerProcess};
use metarl_envs::xland::{XLandProcess, XLandTasks};
use metarl_envs::{
    AcrobotPhysics, Acrobots, Bandit, BarcodeProcess, BarcodeTasks, BernoulliBandits,
    BernoulliTask, BitFlippingProcess, BitFlippingTask, CartPolePhysics, CartPoles, CatchProcess,
    CatchTasks, ClassicControl, ContinuousMountainCarPhysics, ContinuousMountainCars,
    DarkRoomProcess, DarkRooms, DependentBandits, ElevenArmedBandits, GaussianBandits,
    GaussianTask, GridNaviProcess, GridNaviTasks, HalfCircleGoals, MazeProcess, Mazes,
    MountainCarPhysics, MountainCars, PendulumPhysics, Pendulums, PointReward, PointRobot,
    RandomTabular, RandomWalkProcess, RandomWalkTask, ReachGoal, RestlessBandits, RestlessTask,
    SignalAndNoiseProcess, SignalAndNoiseTask, SquareGoals, TMazeProcess, TMazes, TabularProcess,
    TwoStepProcess, TwoStepTasks,
};

use crate::Error;
use crate::names::hint;

/// Random play on one task of a distribution.
type Show = Box<dyn Fn(Seed, usize, &Recorder) -> Result<(), Error>>;

/// No recording is longer.
const MOST_STEPS: usize = 2000;

/// The environments that ship, by the names of their task distributions without version.
pub struct Gallery(BTreeMap<String, Show>);

impl Debug for Gallery {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl Default for Gallery {
    fn default() -> Self {
        let mut gallery = Self(BTreeMap::new());
        gallery.bandits();
        gallery.rooms();
        gallery.classic_control();
        gallery.min_atar();
        #[cfg(feature = "terrain")]
        gallery.walkers();
        #[cfg(feature = "mujoco")]
        gallery.robots();
        gallery.hang(TwoStepProcess::default, TwoStepTasks::Fixed);
        gallery.hang(TwoStepProcess::default, TwoStepTasks::Switching);
        gallery.hang(
            TabularProcess::<10, 5>::default,
            RandomTabular::<10, 5>::RL2,
        );
        gallery.hang(PointRobot::<ReachGoal>::default, SquareGoals);
        gallery.hang(PointRobot::<PointReward>::default, HalfCircleGoals);
        gallery.hang(BitFlippingProcess::<8>::default, BitFlippingTask);
        gallery.hang(CatchProcess::default, CatchTasks::Usual);
        gallery.hang(CatchProcess::default, CatchTasks::Either);
        gallery.hang(RandomWalkProcess::<19>::default, RandomWalkTask);
        gallery.hang(SignalAndNoiseProcess::default, SignalAndNoiseTask);
        gallery
    }
}

impl Gallery {
    fn bandits(&mut self) {
        self.hang(
            Bandit::<BernoulliTask, 5>::default,
            BernoulliBandits { n_arms: 5 },
        );
        self.hang(
            Bandit::<BernoulliTask, 10>::default,
            BernoulliBandits { n_arms: 10 },
        );
        self.hang(
            Bandit::<BernoulliTask, 2>::default,
            DependentBandits::Uniform,
        );
        if let Ok(tasks) = GaussianBandits::new(5, 1.0) {
            self.hang(Bandit::<GaussianTask, 5>::default, tasks);
        }
        self.hang(Bandit::<GaussianTask, 11>::default, ElevenArmedBandits);
        self.hang(
            Bandit::<RestlessTask, 2>::default,
            RestlessBandits::HighVolatility,
        );
        self.hang(BarcodeProcess::default, BarcodeTasks);
    }

    fn rooms(&mut self) {
        self.hang(GridNaviProcess::default, GridNaviTasks);
        self.hang(DarkRoomProcess::default, DarkRooms);
        let (length, sign) = (10, true);
        self.hang(TMazeProcess::default, TMazes { length, sign });
        self.hang(|| MazeProcess::SMALL, Mazes::Small);
        self.hang(|| MazeProcess::LARGE, Mazes::Large);
        self.hang(XLandProcess::default, XLandTasks::Trivial);
        self.hang(XLandProcess::default, XLandTasks::Small);
        self.hang(XLandProcess::default, XLandTasks::Medium);
    }

    fn classic_control(&mut self) {
        let cart = ClassicControl::<CartPolePhysics<f32>>::default;
        let car = ClassicControl::<MountainCarPhysics<f32>>::default;
        let smooth = ClassicControl::<ContinuousMountainCarPhysics<f32>>::default;
        let pendulum = ClassicControl::<PendulumPhysics<f32>>::default;
        let acrobot = ClassicControl::<AcrobotPhysics<f32>>::default;
        self.hang(cart, CartPoles::DEFAULT);
        self.hang(cart, CartPoles::REGULAR);
        self.hang(cart, CartPoles::EXTREME);
        self.hang(car, MountainCars::DEFAULT);
        self.hang(car, MountainCars::REGULAR);
        self.hang(car, MountainCars::EXTREME);
        self.hang(smooth, ContinuousMountainCars::DEFAULT);
        self.hang(smooth, ContinuousMountainCars::REGULAR);
        self.hang(smooth, ContinuousMountainCars::EXTREME);
        self.hang(pendulum, Pendulums::DEFAULT);
        self.hang(pendulum, Pendulums::REGULAR);
        self.hang(pendulum, Pendulums::EXTREME);
        self.hang(acrobot, Acrobots::DEFAULT);
        self.hang(acrobot, Acrobots::REGULAR);
        self.hang(acrobot, Acrobots::EXTREME);
    }

    fn min_atar(&mut self) {
        self.hang(
            MinAtar::<BreakoutGame>::default,
            MinAtarTasks::<BreakoutGame>::USUAL,
        );
        self.hang(
            MinAtar::<AsterixGame>::default,
            MinAtarTasks::<AsterixGame>::USUAL,
        );
        self.hang(
            MinAtar::<FreewayGame>::default,
            MinAtarTasks::<FreewayGame>::USUAL,
        );
        self.hang(
            MinAtar::<SeaquestGame>::default,
            MinAtarTasks::<SeaquestGame>::USUAL,
        );
        self.hang(
            MinAtar::<SpaceInvadersGame>::default,
            MinAtarTasks::<SpaceInvadersGame>::USUAL,
        );
    }

    #[cfg(feature = "terrain")]
    fn walkers(&mut self) {
        let walker = WalkerProcess::<RapierEngine>::default;
        self.hang(walker, BipedalWalkers::Flat);
        self.hang(walker, BipedalWalkers::Rough);
        self.hang(walker, BipedalWalkers::Hardcore);
        self.hang(walker, BipedalWalkers::Poet);
        self.hang(walker, BipedalWalkers::Cppn);
    }

    #[cfg(feature = "mujoco")]
    fn robots(&mut self) {
        let cheetah = Locomotion::<HalfCheetahRobot, 17, 6>::default;
        let ant = Locomotion::<AntRobot, 105, 8>::default;
        let humanoid = Locomotion::<HumanoidRobot, 348, 17>::default;
        self.hang(cheetah, HalfCheetahs::Default);
        self.hang(cheetah, HalfCheetahs::Direction);
        self.hang(cheetah, HalfCheetahs::Velocity);
        self.hang(cheetah, HalfCheetahs::Velocity3);
        self.hang(cheetah, HalfCheetahs::DisabledJoint);
        self.hang(cheetah, HalfCheetahs::Slopes);
        self.hang(cheetah, HalfCheetahs::Pier);
        self.hang(ant, Ants::Default);
        self.hang(ant, Ants::ForwardBackward);
        self.hang(ant, Ants::Direction);
        self.hang(ant, Ants::CrippledLeg);
        self.hang(Locomotion::<AntGoalRobot, 107, 8>::default, AntGoals);
        self.hang(
            Locomotion::<Walker2dRobot, 17, 6>::default,
            RandomWalkers::default(),
        );
        self.hang(
            Locomotion::<HopperRobot, 11, 3>::default,
            RandomHoppers::default(),
        );
        self.hang(humanoid, Humanoids::Default);
        self.hang(humanoid, Humanoids::Direction);
    }

    fn hang<P, T>(&mut self, process: impl Fn() -> P + 'static, tasks: T)
    where
        P: Draw + 'static,
        T: TaskDistribution<Task = P::Task> + 'static,
    {
        let name = unversioned(&tasks.name());
        let show = move |seed, n_episodes, recorder: &Recorder| {
            let recorder = recorder.clone();
            let process = process();
            let lanes = Lanes::of(Recorded { process, recorder }, 1);
            Ok(random(lanes, &tasks, seed, n_episodes)?)
        };
        self.0.insert(name, Box::new(show));
    }

    fn find(&self, name: &str) -> Option<&Show> {
        let variants = || {
            let starts = |known: &str| {
                known
                    .split_once('/')
                    .is_some_and(|(start, _)| start == name)
            };
            self.0.iter().filter(move |(known, _)| starts(known))
        };
        let only = || {
            variants()
                .map(|(_, show)| show)
                .next()
                .filter(|_| variants().count() == 1)
        };
        let usual = self.0.get(&format!("{name}/default"));
        self.0.get(name).or(usual).or_else(only)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Plays episodes at random, on the task that the seed gives; no more than 2000 steps. A name
    /// without a variant, such as `cart-pole`, is its `default`, or else its only variant.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEnvironment`], and whatever the environment returns.
    pub fn play(
        &self,
        name: &str,
        seed: Seed,
        n_episodes: usize,
        recorder: &Recorder,
    ) -> Result<(), Error> {
        let show = self
            .find(&unversioned(name))
            .ok_or_else(|| Error::UnknownEnvironment {
                name: name.to_owned(),
                hint: hint(name, self.names()),
                known: self.names().collect::<Vec<_>>().join(", "),
            })?;
        show(seed, n_episodes, recorder)
    }
}

/// The name of a distribution without its version: `cart-pole/default` of `cart-pole/default@1`.
pub(crate) fn unversioned(name: &str) -> String {
    name.split_once('@')
        .map_or(name, |(name, _)| name)
        .to_owned()
}

fn random<E: Environment>(
    mut environment: E,
    tasks: &impl TaskDistribution<Task = E::Task>,
    seed: Seed,
    n_episodes: usize,
) -> Result<(), metarl_core::Error> {
    let stream = |purpose| seed.stream(purpose, 0, 0, 0);
    let task = tasks.sample(&mut stream(Purpose::EvaluationTask));
    environment.assign(0, &task, stream(Purpose::EvaluationEnvironment))?;
    let actions = environment.action_space();
    let mut decision = DecisionBatch::new(1, actions.zero());
    let mut policy = UniformPolicy(actions);
    let mut rngs = [stream(Purpose::EvaluationPolicy)];
    let mut step = StepBatch::new(1, environment.observation_space().zero());
    environment.reset(&mut step.observation)?;
    let (mut first, mut n_ended) = ([true], 0);
    for _ in 0..MOST_STEPS {
        policy.act(&step.observation, &first, &mut rngs, &mut decision)?;
        environment.step(&decision.action, &mut step)?;
        first = [step.ended(0)];
        n_ended += usize::from(step.ended(0));
        if n_ended >= n_episodes {
            break;
        }
    }
    Ok(())
}
