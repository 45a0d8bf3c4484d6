//! Ranges that widen as an agent copes with them.

use std::marker::PhantomData;

use metarl_core::{Error, Rng, TaskDistribution, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::parameter::Parameterized;

/// How ranges change.
///
/// | field | default | range | purpose |
/// |---|---|---|---|
/// | `boundary_probability` | 0.5 | [0, 1] | share of tasks that are drawn at an end of a range |
/// | `step` | 0.05 | (0, 1) | how far an end moves, as a share of the usual value |
/// | `n_performances` | 20 | ≥ 1 | performances at an end before it moves |
/// | `widen_above` | | finite | mean performance from which a range widens |
/// | `narrow_below` | | ≤ `widen_above` | mean performance up to which it narrows |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutomaticConfig {
    /// Share of tasks that are drawn at an end of a range.
    pub boundary_probability: f64,
    /// How far an end moves, as a share of the usual value.
    pub step: f64,
    /// Performances at an end before it moves.
    pub n_performances: usize,
    /// Mean performance from which a range widens.
    pub widen_above: f64,
    /// Mean performance up to which it narrows.
    pub narrow_below: f64,
}

impl AutomaticConfig {
    /// The usual numbers with these thresholds.
    #[must_use]
    pub fn between(narrow_below: f64, widen_above: f64) -> Self {
        Self {
            boundary_probability: 0.5,
            step: 0.05,
            n_performances: 20,
            widen_above,
            narrow_below,
        }
    }

    fn validate(&self) -> Result<(), Error> {
        let p = self.boundary_probability;
        check_range(
            "boundary_probability",
            "in [0, 1]",
            p,
            (0.0..=1.0).contains(&p),
        )?;
        check_range(
            "step",
            "in (0, 1)",
            self.step,
            self.step > 0.0 && self.step < 1.0,
        )?;
        let n = self.n_performances;
        check_range("n_performances", "at least 1", n, n > 0)?;
        let (high, low) = (self.widen_above, self.narrow_below);
        check_range("widen_above", "finite", high, high.is_finite())?;
        check_range("narrow_below", "at most widen_above", low, low <= high)
    }
}

/// One end of the range of one parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boundary {
    /// Which parameter, in the order of [`Parameterized::PARAMETERS`].
    pub parameter: usize,
    /// Whether it is the upper end.
    pub upper: bool,
}

/// What a performance did to a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RangeChange {
    /// The end moved away from the usual value.
    Widened,
    /// It moved towards it.
    Narrowed,
    /// It stayed.
    Unchanged,
}

/// Automatic domain randomization: each parameter is uniform in a range that starts as the usual value
/// alone. Now and then one parameter is set to an end of its range; where the agent does well there
/// the end moves out, where it does badly it moves in.
///
/// Lower ends stay at 1 % of the usual value or more.
///
/// # Examples
///
/// ```
/// use metarl_core::{Purpose, Seed};
/// use metarl_envs::{AutomaticConfig, AutomaticRandomization, CartPoleTask};
///
/// let config = AutomaticConfig { n_performances: 1, ..AutomaticConfig::between(100.0, 400.0) };
/// let mut carts = AutomaticRandomization::<CartPoleTask>::new(config)?;
/// let mut rng = Seed::new(1).stream(Purpose::Task, 0, 0, 0);
/// for _ in 0..20 {
///     let (_task, boundary) = carts.draw(&mut rng);
///     // However the cart is, the agent keeps the pole up for 450 steps.
///     if let Some(boundary) = boundary {
///         carts.observe(boundary, 450.0)?;
///     }
/// }
/// let [lightest, heaviest] = carts.ranges()[2];
/// assert!(lightest < 0.1 && 0.1 < heaviest);
/// # Ok::<(), metarl_core::Error>(())
/// ```
///
/// # References
///
/// OpenAI et al., *Solving Rubik's Cube with a Robot Hand*, 2019,
/// [arXiv:1910.07113](https://arxiv.org/abs/1910.07113), algorithm 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Parameterized")]
#[serde(try_from = "Saved", into = "Saved")]
pub struct AutomaticRandomization<T> {
    config: AutomaticConfig,
    ranges: Vec<[f64; 2]>,
    /// Performances at the lower and upper end of each range since it last moved.
    performances: Vec<[Vec<f64>; 2]>,
    /// How often an end has moved.
    n_moves: u64,
    task: PhantomData<T>,
}

/// How it is written down.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    /// [`Parameterized::NAME`]: ranges of one task are none of another.
    task: String,
    config: AutomaticConfig,
    ranges: Vec<[f64; 2]>,
    performances: Vec<[Vec<f64>; 2]>,
    n_moves: u64,
}

impl<T: Parameterized> TryFrom<Saved> for AutomaticRandomization<T> {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self, Error> {
        saved.config.validate()?;
        check_range("task", T::NAME, &saved.task, saved.task == T::NAME)?;
        let n = T::PARAMETERS.len();
        let lengths = [saved.ranges.len(), saved.performances.len()];
        let got = format_args!("{lengths:?}");
        check_range(
            "the number of ranges",
            "that of the parameters",
            got,
            lengths == [n; 2],
        )?;
        for (range, parameter) in saved.ranges.iter().zip(T::PARAMETERS) {
            let [low, high] = *range;
            let usual = parameter.default;
            let around = 0.0 < low && low <= usual && usual <= high && high.is_finite();
            check_range(
                "a range",
                "around the usual value",
                format_args!("{range:?}"),
                around,
            )?;
        }
        Ok(Self {
            config: saved.config,
            ranges: saved.ranges,
            performances: saved.performances,
            n_moves: saved.n_moves,
            task: PhantomData,
        })
    }
}

impl<T: Parameterized> From<AutomaticRandomization<T>> for Saved {
    fn from(of: AutomaticRandomization<T>) -> Self {
        Self {
            task: T::NAME.to_owned(),
            config: of.config,
            ranges: of.ranges,
            performances: of.performances,
            n_moves: of.n_moves,
        }
    }
}

impl<T: Parameterized> AutomaticRandomization<T> {
    /// Ranges that hold the usual values alone.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first number outside its range.
    pub fn new(config: AutomaticConfig) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self {
            config,
            ranges: T::PARAMETERS.iter().map(|p| [p.default; 2]).collect(),
            performances: vec![[vec![], vec![]]; T::PARAMETERS.len()],
            n_moves: 0,
            task: PhantomData,
        })
    }

    /// The range of each parameter.
    #[must_use]
    pub fn ranges(&self) -> &[[f64; 2]] {
        &self.ranges
    }

    /// `(1/d) Σ ln((highᵢ − lowᵢ) / defaultᵢ)`, in nats: how much is randomized; −∞ while a range is
    /// a point.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        let widths = self.ranges.iter().zip(T::PARAMETERS);
        let sum: f64 = widths
            .map(|([low, high], p)| ((high - low) / p.default).ln())
            .sum();
        sum / self.ranges.len() as f64
    }

    /// A task, and the end of a range it was drawn at, if it was.
    pub fn draw(&self, rng: &mut Rng) -> (T, Option<Boundary>) {
        let at_end = rng.random::<f64>() < self.config.boundary_probability;
        let boundary = at_end.then(|| Boundary {
            parameter: rng.random_range(0..self.ranges.len()),
            upper: rng.random(),
        });
        (self.task_at(boundary, rng), boundary)
    }

    fn task_at(&self, boundary: Option<Boundary>, rng: &mut Rng) -> T {
        let mut parameter = 0;
        T::with(|_| {
            let [low, high] = self.ranges[parameter];
            let inside = rng.random_range(low..=high);
            let at = boundary.filter(|at| at.parameter == parameter);
            parameter += 1;
            at.map_or(inside, |at| if at.upper { high } else { low })
        })
    }

    /// Takes the performance of the agent on a task that was drawn at an end of a range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a parameter that is not there, and for a performance that is not
    /// finite; nothing has changed then.
    pub fn observe(&mut self, at: Boundary, performance: f64) -> Result<RangeChange, Error> {
        let n = self.ranges.len();
        check_range(
            "parameter",
            "one of the task's",
            at.parameter,
            at.parameter < n,
        )?;
        check_range(
            "performance",
            "finite",
            performance,
            performance.is_finite(),
        )?;
        let end = usize::from(at.upper);
        let seen = &mut self.performances[at.parameter][end];
        seen.push(performance);
        if seen.len() < self.config.n_performances {
            return Ok(RangeChange::Unchanged);
        }
        let mean = seen.iter().sum::<f64>() / seen.len() as f64;
        seen.clear();
        let usual = T::PARAMETERS[at.parameter].default;
        let out = if at.upper { usual } else { -usual } * self.config.step;
        let old = self.ranges[at.parameter][end];
        let (moved, change) = if mean >= self.config.widen_above {
            (old + out, RangeChange::Widened)
        } else if mean <= self.config.narrow_below {
            (old - out, RangeChange::Narrowed)
        } else {
            return Ok(RangeChange::Unchanged);
        };
        let moved = if at.upper {
            moved.max(usual)
        } else {
            moved.min(usual).max(0.01 * usual)
        };
        if moved == old {
            return Ok(RangeChange::Unchanged);
        }
        self.ranges[at.parameter][end] = moved;
        self.n_moves += 1;
        Ok(change)
    }
}

impl<T: Parameterized> TaskDistribution for AutomaticRandomization<T> {
    type Task = T;

    /// With the number of moves so far: other ranges are another distribution.
    fn name(&self) -> String {
        format!("{}/automatic-{}@1", T::NAME, self.n_moves)
    }

    /// Uniform in the ranges as they are, never at an end by intention.
    fn sample(&self, rng: &mut Rng) -> T {
        self.task_at(None, rng)
    }
}
