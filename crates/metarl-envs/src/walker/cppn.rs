//! Terrain as a small network from a position to a height.

use metarl_core::{Error, Rng, check_range};
use rand::RngExt;
use rand_distr::{Distribution, Normal};
use serde::{Deserialize, Serialize};

/// Chances of a mutation: of a new node, of losing one, and of changing each number.
const ADDS_NODE: f64 = 0.1;
const LOSES_NODE: f64 = 0.075;
const CHANGES: f64 = 0.75;
/// Deviations: of a mutation, of a new bias, of a first weight.
const CHANGE: f64 = 0.1;
const BIAS: f64 = 0.1;
const FIRST_WEIGHT: f64 = 0.25;
/// Numbers of a network stay within this.
const LARGEST: f64 = 10.0;

/// Ground that rises less than the first is stretched, ground that rises more than the second is
/// flattened, to a height uniform in the ranges below.
const RISE: [f64; 2] = [0.25, 16.0];
const STRETCHED: [f64; 2] = [0.25, 0.75];
const FLATTENED: [f64; 2] = [12.0, 16.0];
/// Positions at which the rise is measured.
const N_POSITIONS: usize = 200;
/// Children that are drawn before an unfit one is taken: each is unfit with less than one chance in
/// five.
const MOST_CHILDREN: usize = 100;

/// A network that gives the height of the ground at a position in `[−1, 1]`: a compositional
/// pattern-producing network, the terrain of Enhanced POET. It has no obstacles, and no end of
/// possible shapes.
///
/// ```text
/// node = activation(bias + response Σ weight · source)
/// ```
///
/// | | |
/// |---|---|
/// | first | one weight `N(0, 0.25)` from the position to the output, whose bias is `N(0, 0.1)` |
/// | numbers | each weight and bias changes by `N(0, 0.1)` with probability 0.75, within ±10 |
/// | new node | with 0.1, in place of a connection: weight 1 in, the old weight out |
/// | lost node | with 0.075, and what was connected to it |
/// | rise | a child that rises less than 0.25 or more than 16 above its start is scaled, by the response of the output |
///
/// # References
///
/// Wang et al., *Enhanced POET*, 2020, [arXiv:2003.08536](https://arxiv.org/abs/2003.08536),
/// section 3.3 and the configuration published with it; Stanley, *Compositional Pattern Producing
/// Networks*, 2007.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cppn {
    /// Nodes in the order they are computed; the last one is the output.
    pub nodes: Vec<CppnNode>,
    /// What flows where.
    pub connections: Vec<CppnConnection>,
}

/// A node of a [`Cppn`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CppnNode {
    /// Its function.
    pub activation: Activation,
    /// What is added to its sum.
    pub bias: f64,
    /// What its sum is multiplied by.
    pub response: f64,
}

/// A connection of a [`Cppn`]. Place 0 is the position, place `i` the `i`-th node.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CppnConnection {
    /// Where it starts.
    pub from: usize,
    /// Where it ends, after its start.
    pub to: usize,
    /// What it multiplies by.
    pub weight: f64,
    /// Whether anything flows; a connection that a node took the place of is kept, cut.
    pub enabled: bool,
}

/// The function of a node, scaled as in the NEAT library of the paper's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `x`
    Identity,
    /// `sin 5x`
    Sine,
    /// `1 ⁄ (1 + exp(−5x))`
    Sigmoid,
    /// `x²`
    Square,
    /// `tanh 2.5x`
    Tanh,
}

impl Activation {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Identity,
        Self::Sine,
        Self::Sigmoid,
        Self::Square,
        Self::Tanh,
    ];

    fn of(self, x: f64) -> f64 {
        let steep = |slope: f64| (slope * x).clamp(-60.0, 60.0);
        match self {
            Self::Identity => x,
            Self::Sine => steep(5.0).sin(),
            Self::Sigmoid => 1.0 / (1.0 + (-steep(5.0)).exp()),
            Self::Square => x * x,
            Self::Tanh => steep(2.5).tanh(),
        }
    }
}

impl Cppn {
    /// A first network: a ramp.
    #[must_use]
    pub fn first(rng: &mut Rng) -> Self {
        Self {
            nodes: vec![CppnNode {
                activation: Activation::Identity,
                bias: normal(BIAS, rng),
                response: 1.0,
            }],
            connections: vec![CppnConnection {
                from: 0,
                to: 1,
                weight: normal(FIRST_WEIGHT, rng),
                enabled: true,
            }],
        }
    }

    /// Checks that it is a network whose numbers are finite.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first value that is outside its range.
    pub fn check(&self) -> Result<(), Error> {
        let n_nodes = self.nodes.len();
        check_range("the number of nodes", "at least 1", n_nodes, n_nodes > 0)?;
        for node in &self.nodes {
            let numbers = [("bias", node.bias), ("response", node.response)];
            for (name, x) in numbers {
                check_range(name, "finite", x, x.is_finite())?;
            }
        }
        for CppnConnection {
            from, to, weight, ..
        } in &self.connections
        {
            let forward = from < to && *to <= n_nodes;
            let ends = format!("{from} to {to}");
            check_range("a connection", "from a place to a later one", ends, forward)?;
            check_range("weight", "finite", weight, weight.is_finite())?;
        }
        let rise = self.rise();
        check_range("the rise of the ground", "finite", rise, rise.is_finite())
    }

    /// The height at a position.
    #[must_use]
    pub fn height(&self, position: f64) -> f64 {
        let mut sum = vec![0.0; self.nodes.len() + 1];
        sum[0] = position;
        for place in 0..sum.len() {
            let value = match place {
                0 => position,
                _ => {
                    let node = &self.nodes[place - 1];
                    node.activation.of(node.bias + node.response * sum[place])
                }
            };
            sum[place] = value;
            let outgoing = |c: &&CppnConnection| c.from == place && c.enabled;
            for connection in self.connections.iter().filter(outgoing) {
                sum[connection.to] += connection.weight * value;
            }
        }
        sum[self.nodes.len()]
    }

    /// A child of this network.
    #[must_use]
    pub fn mutate(&self, rng: &mut Rng) -> Self {
        let mut child = self.clone();
        for _ in 0..MOST_CHILDREN {
            child.clone_from(self);
            child.output().response = 1.0;
            child.change(rng);
            let rise = child.rise();
            if rise > 0.0 && rise.is_finite() && child != *self {
                let heights = match rise {
                    low if low < RISE[0] => Some(STRETCHED),
                    high if high > RISE[1] => Some(FLATTENED),
                    _ => None,
                };
                if let Some([low, high]) = heights {
                    child.output().response = rng.random_range(low..high) / rise;
                }
                break;
            }
        }
        child
    }

    fn output(&mut self) -> &mut CppnNode {
        let last = self.nodes.len() - 1;
        &mut self.nodes[last]
    }

    /// How far the ground is from its first height where it is farthest.
    fn rise(&self) -> f64 {
        let middle = N_POSITIONS as f64 / 2.0;
        let height = |i: usize| self.height((i as f64 - middle) / middle);
        let first = height(0);
        let far = (0..N_POSITIONS).map(|i| (height(i) - first).abs());
        far.fold(0.0, |most: f64, x| if x.is_nan() { x } else { most.max(x) })
    }

    fn change(&mut self, rng: &mut Rng) {
        let which = rng.random::<f64>();
        if which < ADDS_NODE {
            self.add_node(rng);
        } else if which < ADDS_NODE + LOSES_NODE && self.nodes.len() > 1 {
            let place = rng.random_range(1..self.nodes.len());
            self.remove_node(place);
        }
        let weights = self.connections.iter_mut().map(|c| &mut c.weight);
        let biases = self.nodes.iter_mut().map(|node| &mut node.bias);
        for number in weights.chain(biases) {
            if rng.random_bool(CHANGES) {
                *number = (*number + normal(CHANGE, rng)).clamp(-LARGEST, LARGEST);
            }
        }
    }

    /// Splits a connection in two with a node in between.
    fn add_node(&mut self, rng: &mut Rng) {
        if self.connections.is_empty() {
            return;
        }
        let split = rng.random_range(0..self.connections.len());
        let CppnConnection { from, weight, .. } = self.connections[split];
        // The node takes the place of the connection's end, which moves on by one.
        let place = self.connections[split].to;
        self.connections[split].enabled = false;
        for connection in &mut self.connections {
            connection.from += usize::from(connection.from >= place);
            connection.to += usize::from(connection.to >= place);
        }
        let node = CppnNode {
            activation: Activation::ALL[rng.random_range(0..Activation::ALL.len())],
            bias: normal(BIAS, rng),
            response: 1.0,
        };
        self.nodes.insert(place - 1, node);
        for (from, to, weight) in [(from, place, 1.0), (place, place + 1, weight)] {
            self.connections.push(CppnConnection {
                from,
                to,
                weight,
                enabled: true,
            });
        }
    }

    fn remove_node(&mut self, place: usize) {
        self.nodes.remove(place - 1);
        self.connections
            .retain(|c| c.from != place && c.to != place);
        for connection in &mut self.connections {
            connection.from -= usize::from(connection.from > place);
            connection.to -= usize::from(connection.to > place);
        }
    }
}

fn normal(deviation: f64, rng: &mut Rng) -> f64 {
    Normal::new(0.0, deviation).map_or(0.0, |normal| normal.sample(rng))
}
