//! Steps a second of an environment under random actions, for `cargo xtask bench --peers`: a line in,
//! a measured rate out, until the input ends.
#![expect(
    clippy::print_stdout,
    reason = "a program whose output is read by xtask"
)]

use std::io::{self, BufRead, Write};
use std::time::Instant;

use metarl_core::{
    Environment, Error, Lanes, Purpose, Rng, Seed, Space, StepBatch, TaskDistribution,
};
use metarl_envs::min_atar::{
    AsterixGame, BreakoutGame, FreewayGame, Game, MinAtar, MinAtarTasks, SeaquestGame,
    SpaceInvadersGame,
};
#[cfg(feature = "mujoco")]
use metarl_envs::mujoco::{Ant, Ants, HalfCheetah, HalfCheetahs, Humanoid, Humanoids};
#[cfg(feature = "terrain")]
use metarl_envs::walker::BipedalWalker;
#[cfg(any(feature = "terrain", feature = "box2d"))]
use metarl_envs::walker::BipedalWalkers;
#[cfg(feature = "box2d")]
use metarl_envs::walker::Box2dWalker;
use metarl_envs::{
    Acrobot, Acrobots, CartPole, CartPoles, MountainCar, MountainCars, Pendulum, Pendulums,
};

const SECONDS: f64 = 0.5;

/// Numbers of lanes to choose from: of what is stepped together, and of what is simulated one by one.
const MANY: [usize; 4] = [64, 256, 1024, 4096];
#[cfg(any(feature = "terrain", feature = "box2d", feature = "mujoco"))]
const FEW: [usize; 3] = [1, 4, 16];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    match name.as_str() {
        "cart-pole" => serve(CartPole::new, &CartPoles::DEFAULT, &MANY),
        "mountain-car" => serve(MountainCar::new, &MountainCars::DEFAULT, &MANY),
        "pendulum" => serve(Pendulum::new, &Pendulums::DEFAULT, &MANY),
        "acrobot" => serve(Acrobot::new, &Acrobots::DEFAULT, &MANY),
        "breakout" => serve_min_atar::<BreakoutGame>(),
        "asterix" => serve_min_atar::<AsterixGame>(),
        "freeway" => serve_min_atar::<FreewayGame>(),
        "seaquest" => serve_min_atar::<SeaquestGame>(),
        "space-invaders" => serve_min_atar::<SpaceInvadersGame>(),
        #[cfg(feature = "terrain")]
        "walker-rapier" => serve(BipedalWalker::new, &BipedalWalkers::Rough, &FEW),
        #[cfg(feature = "box2d")]
        "walker-box2d" => serve(Box2dWalker::new, &BipedalWalkers::Rough, &FEW),
        #[cfg(feature = "mujoco")]
        "half-cheetah" => serve(HalfCheetah::new, &HalfCheetahs::Default, &FEW),
        #[cfg(feature = "mujoco")]
        "half-cheetah-crowd" => serve_cheetahs(std::thread::available_parallelism()?.get()),
        #[cfg(feature = "mujoco")]
        "half-cheetah-alone" => serve_cheetahs(1),
        #[cfg(feature = "mujoco")]
        "ant" => serve(Ant::new, &Ants::Default, &FEW),
        #[cfg(feature = "mujoco")]
        "humanoid" => serve(Humanoid::new, &Humanoids::Default, &FEW),
        _ => Err(format!("there is no environment `{name}` to measure").into()),
    }
}

/// An environment at play, random actions and all.
struct Play<E: Environment> {
    environment: E,
    action: Vec<<E::ActionSpace as Space>::Element>,
    step: StepBatch<<E::ObservationSpace as Space>::Element>,
    /// What a network would read, where observations have another form.
    numbers: Option<Vec<f32>>,
    rng: Rng,
}

impl<E: Environment> Play<E> {
    fn new(
        mut environment: E,
        tasks: &impl TaskDistribution<Task = E::Task>,
        encodes: bool,
    ) -> Result<Self, Error> {
        let n_lanes = environment.n_lanes();
        let stream = |lane, purpose| Seed::new(1).stream(purpose, lane, 0, 0);
        for lane in 0..n_lanes {
            let task = tasks.sample(&mut stream(lane as u64, Purpose::Task));
            environment.assign(lane, &task, stream(lane as u64, Purpose::Environment))?;
        }
        let mut step = StepBatch::new(n_lanes, environment.observation_space().zero());
        environment.reset(&mut step.observation)?;
        Ok(Self {
            action: vec![environment.action_space().zero(); n_lanes],
            environment,
            step,
            numbers: encodes.then(|| vec![0.0; n_lanes * E::ObservationSpace::WIDTH]),
            rng: stream(0, Purpose::Policy),
        })
    }

    /// Lane-steps a second.
    fn rate(&mut self, seconds: f64) -> Result<f64, Error> {
        let space = self.environment.action_space();
        let (start, mut n_steps) = (Instant::now(), 0);
        while start.elapsed().as_secs_f64() < seconds {
            for _ in 0..16 {
                space.sample_many(&mut self.rng, &mut self.action);
                self.environment.step(&self.action, &mut self.step)?;
                if let Some(numbers) = &mut self.numbers {
                    let numbers = numbers.chunks_exact_mut(E::ObservationSpace::WIDTH);
                    for (observation, numbers) in self.step.observation.iter().zip(numbers) {
                        E::ObservationSpace::encode(observation, numbers);
                    }
                }
            }
            n_steps += 16 * self.action.len();
        }
        Ok(n_steps as f64 / start.elapsed().as_secs_f64())
    }
}

/// Measures steps whose observations are what a network reads.
fn serve<E: Environment>(
    new: impl Fn(usize) -> E,
    tasks: &impl TaskDistribution<Task = E::Task>,
    candidates: &[usize],
) -> Result<(), Box<dyn std::error::Error>> {
    serve_at_best(new, tasks, candidates, false)
}

/// Measures steps of cheetahs in so many threads; the rate is that of one of them.
#[cfg(feature = "mujoco")]
fn serve_cheetahs(n_threads: usize) -> Result<(), Box<dyn std::error::Error>> {
    const LANES: usize = 4;
    let play = |_| Play::new(HalfCheetah::new(LANES), &HalfCheetahs::Default, false);
    let mut plays: Vec<_> = (0..n_threads).map(play).collect::<Result<_, _>>()?;
    println!("{{\"lanes\": {LANES}, \"threads\": {n_threads}}}");
    for line in io::stdin().lock().lines() {
        line?;
        let rates: Vec<Result<f64, Error>> = std::thread::scope(|scope| {
            let start = |play| scope.spawn(move || Play::rate(play, SECONDS));
            let threads: Vec<_> = plays.iter_mut().map(start).collect();
            let end = |thread: std::thread::ScopedJoinHandle<'_, _>| thread.join();
            let panicked = || Err(Error::Environment("a thread panicked".to_owned()));
            let ends = threads.into_iter().map(end);
            ends.map(|rate| rate.unwrap_or_else(|_| panicked()))
                .collect()
        });
        let sum: f64 = rates.into_iter().sum::<Result<_, _>>()?;
        println!("{}", sum / n_threads as f64);
        io::stdout().flush()?;
    }
    Ok(())
}

/// Measures steps of a game and the writing of each board as numbers.
fn serve_min_atar<G: Game>() -> Result<(), Box<dyn std::error::Error>> {
    serve_at_best(
        Lanes::<MinAtar<G>>::new,
        &MinAtarTasks::<G>::USUAL,
        &MANY,
        true,
    )
}

/// Measures at the number of lanes that is fastest.
fn serve_at_best<E: Environment>(
    new: impl Fn(usize) -> E,
    tasks: &impl TaskDistribution<Task = E::Task>,
    candidates: &[usize],
    encodes: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut fastest: Option<(f64, Play<E>)> = None;
    for &n_lanes in candidates {
        let mut play = Play::new(new(n_lanes), tasks, encodes)?;
        play.rate(0.1)?;
        let rate = play.rate(0.2)?;
        if fastest.as_ref().is_none_or(|(best, _)| rate > *best) {
            fastest = Some((rate, play));
        }
    }
    let (_, mut play) = fastest.ok_or("nothing was measured")?;
    println!("{{\"lanes\": {}}}", play.action.len());
    for line in io::stdin().lock().lines() {
        line?;
        println!("{}", play.rate(SECONDS)?);
        io::stdout().flush()?;
    }
    Ok(())
}
