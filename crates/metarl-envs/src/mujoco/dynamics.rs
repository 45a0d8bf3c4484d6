//! Robots whose masses, inertias, damping and friction are scaled.

use std::marker::PhantomData;

use metarl_core::{Error, Rng, TaskDistribution, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::{Model, MujocoError};

/// Factors of a robot's physics, in the order of its model; an empty list leaves everything as it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScaledDynamics {
    /// Of the mass of each body, the world's first.
    pub body_mass: Vec<f64>,
    /// Of the three moments of inertia of each body.
    pub body_inertia: Vec<f64>,
    /// Of the damping of each degree of freedom.
    pub damping: Vec<f64>,
    /// Of the sliding, torsional and rolling friction of each shape, the floor first.
    pub friction: Vec<f64>,
}

/// How many of each a robot has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Bodies, the world's among them.
    pub n_bodies: usize,
    /// Degrees of freedom.
    pub n_velocities: usize,
    /// Shapes, the floor among them.
    pub n_geoms: usize,
}

impl ScaledDynamics {
    /// Checks that there are as many factors as parts, and that each is above 0.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first list of which one does not hold.
    pub fn check(&self, parts: Parts) -> Result<(), Error> {
        let lists = [
            ("body_mass", &self.body_mass, parts.n_bodies),
            ("body_inertia", &self.body_inertia, 3 * parts.n_bodies),
            ("damping", &self.damping, parts.n_velocities),
            ("friction", &self.friction, 3 * parts.n_geoms),
        ];
        lists.into_iter().try_for_each(|(name, factors, n)| {
            let got = format_args!("{} of them", factors.len());
            let complete = factors.is_empty() || factors.len() == n;
            check_range(name, "a factor for each part, or nothing", got, complete)?;
            let wrong = factors.iter().find(|x| !(x.is_finite() && **x > 0.0));
            wrong.map_or(Ok(()), |x| {
                check_range(name, "above 0 and finite", x, false)
            })
        })
    }

    /// The model with these factors.
    pub(super) fn applied(&self, model: &Model) -> Result<Model, MujocoError> {
        let mut model = model.try_clone()?;
        let scale = |values: &mut [f64], factors: &[f64]| {
            for (value, factor) in values.iter_mut().zip(factors) {
                *value *= factor;
            }
        };
        scale(model.body_mass_mut(), &self.body_mass);
        scale(model.body_inertia_mut(), &self.body_inertia);
        scale(model.damping_mut(), &self.damping);
        scale(model.friction_mut(), &self.friction);
        model.update_constants();
        Ok(model)
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A robot whose physics can be scaled.
pub trait Scalable {
    /// First part of the names of its distributions.
    const NAME: &'static str;
    /// How much there is to scale.
    const PARTS: Parts;
}

/// Random physics, `…/random-parameters@1`: masses, moments of inertia and frictions times
/// `1.5^U[−3, 3]` and dampings times `1.3^U[−3, 3]`, each on its own.
///
/// What follows from masses and inertias is computed again, as MuJoCo's documentation asks for; the
/// code below leaves it as it was.
///
/// # References
///
/// Rakelly et al. 2019, [arXiv:1903.08254](https://arxiv.org/abs/1903.08254), `Walker-2D-Params`, with
/// the numbers of the code it uses (`dennisl88/rand_param_envs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct RandomParameters<R> {
    #[serde(skip)]
    robot: PhantomData<fn() -> R>,
}

impl<R> Default for RandomParameters<R> {
    fn default() -> Self {
        Self { robot: PhantomData }
    }
}

impl<R: Scalable> TaskDistribution for RandomParameters<R> {
    type Task = ScaledDynamics;

    fn name(&self) -> String {
        format!("{}/random-parameters@1", R::NAME)
    }

    fn sample(&self, rng: &mut Rng) -> ScaledDynamics {
        let mut factors = |base: f64, n: usize| {
            let factor = |_| base.powf(rng.random_range(-3.0..3.0));
            (0..n).map(factor).collect::<Vec<f64>>()
        };
        let parts = R::PARTS;
        ScaledDynamics {
            body_mass: factors(1.5, parts.n_bodies),
            body_inertia: factors(1.5, 3 * parts.n_bodies),
            damping: factors(1.3, parts.n_velocities),
            friction: factors(1.5, 3 * parts.n_geoms),
        }
    }
}
