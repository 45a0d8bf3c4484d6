//! Names, shapes and first values of a network's parameters, and their file.

use std::collections::HashMap;
use std::fmt::Display;

use dfdx::prelude::{Cpu, NoneTape, Shape};
use rand::{Rng, RngExt};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde::{Deserialize, Serialize};

use super::{Binder, Network};
use crate::kernels::shared::Shared;
use crate::value::{Body, Value};
use crate::{Error, Plain, Scalar};

/// What a parameter starts as.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initialization {
    /// The same number everywhere.
    Constant(f64),
    /// `U(−l, l)` with `l = gain · √(6 / (rows + columns / blocks))` (Glorot & Bengio 2010,
    /// equation 16). `blocks` matrices lie side by side, as the gates of a recurrent layer do.
    Glorot {
        /// Factor on the limit.
        gain: f64,
        /// Matrices side by side.
        blocks: usize,
    },
    /// `U(−l, l)` with `l = gain · √(6 / rows)` (He et al. 2015,
    /// [arXiv:1502.01852](https://arxiv.org/abs/1502.01852), equation 10): keeps the scale of signals
    /// through rectifiers; a gain of √½ keeps it through linear layers.
    He {
        /// Factor on the limit.
        gain: f64,
    },
    /// Rows orthonormal within each of `blocks` square matrices (Saxe et al. 2014): keeps a
    /// recurrent state's length.
    Orthogonal {
        /// Matrices side by side.
        blocks: usize,
    },
    /// Biases of a recurrent layer whose units remember for `U(1, T − 1)` steps at first: `ln u` for
    /// the gate that keeps, `−ln u` for the gates that write, 0 for the others (Tallec & Ollivier
    /// 2018, [arXiv:1804.11188](https://arxiv.org/abs/1804.11188), equation 16).
    Chrono {
        /// Longest memory `T` in steps; 2 or less gives zeros.
        longest: usize,
        /// Gates side by side.
        blocks: usize,
        /// The gate that keeps.
        keep: usize,
        /// The gate that writes, where it is one of its own.
        write: Option<usize>,
        /// The gate that reinstates a memory, where there is one: it writes too.
        reinstate: Option<usize>,
    },
}

/// One parameter of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leaf {
    /// Dotted path, for example `hidden.0.weight`.
    pub name: String,
    /// Shape, outermost size first.
    pub shape: Vec<usize>,
    /// What it starts as.
    pub start: Initialization,
}

impl Leaf {
    /// How many numbers it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether one of its sizes is zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn draw(&self, rng: &mut impl Rng, out: &mut Vec<f64>) {
        let columns = self.shape.last().copied().unwrap_or(1);
        let rows = self.len() / columns.max(1);
        match self.start {
            Initialization::Constant(c) => out.extend(std::iter::repeat_n(c, self.len())),
            Initialization::Glorot { gain, blocks } => {
                let limit = gain * (6.0 / (rows as f64 + (columns / blocks.max(1)) as f64)).sqrt();
                out.extend((0..self.len()).map(|_| limit * rng.random_range(-1.0..1.0)));
            }
            Initialization::He { gain } => {
                let limit = gain * (6.0 / rows as f64).sqrt();
                out.extend((0..self.len()).map(|_| limit * rng.random_range(-1.0..1.0)));
            }
            Initialization::Chrono {
                longest,
                blocks,
                keep,
                write,
                reinstate,
            } => {
                let width = columns / blocks.max(1);
                let start = out.len();
                out.resize(start + self.len(), 0.0);
                let memory = longest.max(2) as f64 - 1.0;
                for unit in 0..width {
                    let bias = rng.random_range(1.0..=memory).ln();
                    out[start + keep * width + unit] = bias;
                    for gate in [write, reinstate].into_iter().flatten() {
                        out[start + gate * width + unit] = -bias;
                    }
                }
            }
            Initialization::Orthogonal { blocks } => {
                let width = columns / blocks.max(1);
                let start = out.len();
                out.resize(start + self.len(), 0.0);
                for block in 0..blocks {
                    let matrix = orthonormal_rows(rows, width, rng);
                    for (row, values) in matrix.iter().enumerate() {
                        let at = start + row * columns + block * width;
                        out[at..at + width].copy_from_slice(values);
                    }
                }
            }
        }
    }
}

/// Gram–Schmidt on Gaussian rows; the rows beyond `width` start a new basis.
fn orthonormal_rows(rows: usize, width: usize, rng: &mut impl Rng) -> Vec<Vec<f64>> {
    let mut matrix: Vec<Vec<f64>> = Vec::with_capacity(rows);
    while matrix.len() < rows {
        let mut row: Vec<f64> = (0..width)
            .map(|_| rng.sample(rand_distr::StandardNormal))
            .collect();
        let basis = matrix.len() / width.max(1) * width;
        for other in &matrix[basis..] {
            let along: f64 = row.iter().zip(other).map(|(x, y)| x * y).sum();
            row.iter_mut().zip(other).for_each(|(x, y)| *x -= along * y);
        }
        let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        // A row that all but vanished would be noise: draw another.
        if length > 1e-3 || width == 0 {
            row.iter_mut().for_each(|x| *x /= length);
            matrix.push(row);
        }
    }
    matrix
}

/// All parameters of a network in the order of its flat vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    leaves: Vec<Leaf>,
}

impl Layout {
    /// The layout of a network.
    #[must_use]
    pub fn of<N: Network>(network: &N) -> Self {
        let mut recorder = Recorder {
            prefix: String::new(),
            leaves: Vec::new(),
        };
        network.bind::<Plain<f32, Cpu>, _>(&mut recorder);
        Self {
            leaves: recorder.leaves,
        }
    }

    /// The parameters in order.
    #[must_use]
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// Length of the flat vector.
    #[must_use]
    pub fn n_parameters(&self) -> usize {
        self.leaves.iter().map(Leaf::len).sum()
    }

    /// Draws first values for all parameters.
    pub fn initialize<E: Scalar>(&self, rng: &mut impl Rng) -> Vec<E> {
        let mut numbers = Vec::with_capacity(self.n_parameters());
        for leaf in &self.leaves {
            leaf.draw(rng, &mut numbers);
        }
        numbers.into_iter().map(E::real).collect()
    }

    /// Writes the parameters as a safetensors file, each under its name.
    ///
    /// # Errors
    ///
    /// [`Error::ParameterCount`] when the vector has another length.
    pub fn to_safetensors<E: Scalar>(&self, parameters: &[E]) -> Result<Vec<u8>, Error> {
        check_count("parameters", parameters.len(), self.n_parameters())?;
        let mut rest = parameters;
        let mut tensors = Vec::new();
        for leaf in &self.leaves {
            let (own, others) = rest.split_at(leaf.len());
            rest = others;
            let mut bytes = Vec::with_capacity(size_of_val(own));
            own.iter().for_each(|x| x.write_le(&mut bytes));
            tensors.push((leaf.name.as_str(), leaf.shape.clone(), bytes));
        }
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| {
                TensorView::new(E::DTYPE, shape.clone(), bytes).map(|view| (*name, view))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Error::NotSafetensors(error.to_string()))?;
        safetensors::serialize(views, None)
            .map_err(|error| Error::NotSafetensors(error.to_string()))
    }

    /// Reads what [`to_safetensors`](Layout::to_safetensors) wrote; tensors the network does not
    /// have are ignored.
    ///
    /// # Errors
    ///
    /// [`Error::NotSafetensors`] for a truncated or foreign file, [`Error::TensorMismatch`] where a
    /// tensor is missing or has another shape or element type.
    pub fn from_safetensors<E: Scalar>(&self, bytes: &[u8]) -> Result<Vec<E>, Error> {
        let file = SafeTensors::deserialize(bytes)
            .map_err(|error| Error::NotSafetensors(error.to_string()))?;
        let tensors: HashMap<_, _> = file.tensors().into_iter().collect();
        let mut parameters = Vec::with_capacity(self.n_parameters());
        for leaf in &self.leaves {
            let expected = || format!("{:?} of shape {:?}", E::DTYPE, leaf.shape);
            let mismatch = |got: String| Error::TensorMismatch {
                name: leaf.name.clone(),
                expected: expected(),
                got,
            };
            let view = tensors
                .get(&leaf.name)
                .ok_or_else(|| mismatch("no tensor of that name".to_owned()))?;
            if view.dtype() != E::DTYPE || view.shape() != leaf.shape {
                return Err(mismatch(format!(
                    "{:?} of shape {:?}",
                    view.dtype(),
                    view.shape()
                )));
            }
            parameters.extend(view.data().chunks_exact(size_of::<E>()).map(E::read_le));
        }
        Ok(parameters)
    }
}

/// Checks the length of a flat vector.
pub(crate) fn check_count(name: &'static str, got: usize, expected: usize) -> Result<(), Error> {
    if got == expected {
        Ok(())
    } else {
        Err(Error::ParameterCount {
            name,
            expected,
            got,
        })
    }
}

/// The length of a network's flat vector.
pub(crate) fn count_parameters<N: Network>(network: &N) -> usize {
    let mut counter = Counter(0);
    network.bind::<Plain<f32, Cpu>, _>(&mut counter);
    counter.0
}

/// A parameter of which nobody asks for the numbers.
fn unseen<S: Shape>(shape: S) -> Value<S, f32, Cpu, NoneTape> {
    let body = Body::Numbers {
        place: None,
        numbers: Shared::NONE,
    };
    Value::of_body(body, shape, NoneTape)
}

/// A binder that only counts.
struct Counter(usize);

impl Binder<Plain<f32, Cpu>> for Counter {
    fn leaf<S: Shape>(
        &mut self,
        _: impl Display,
        shape: S,
        _: Initialization,
    ) -> Value<S, f32, Cpu, NoneTape> {
        self.0 += shape.num_elements();
        unseen(shape)
    }

    fn part<N: Network>(&mut self, _: impl Display, network: &N) -> N::Bound<Plain<f32, Cpu>> {
        network.bind(self)
    }
}

/// A binder that only listens.
struct Recorder {
    prefix: String,
    leaves: Vec<Leaf>,
}

impl Binder<Plain<f32, Cpu>> for Recorder {
    fn leaf<S: Shape>(
        &mut self,
        name: impl Display,
        shape: S,
        start: Initialization,
    ) -> Value<S, f32, Cpu, NoneTape> {
        self.leaves.push(Leaf {
            name: format!("{}{name}", self.prefix),
            shape: shape.concrete().into(),
            start,
        });
        unseen(shape)
    }

    fn part<N: Network>(&mut self, name: impl Display, network: &N) -> N::Bound<Plain<f32, Cpu>> {
        let inside = format!("{}{name}.", self.prefix);
        let outside = std::mem::replace(&mut self.prefix, inside);
        let bound = network.bind(self);
        self.prefix = outside;
        bound
    }
}
