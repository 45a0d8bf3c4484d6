//! Rulesets drawn as trees of productions.

use metarl_core::{Rng, TaskDistribution};
use rand::RngExt;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::object::Object;
use super::rule::{Condition, Goal, Rule, Side};
use super::task::XLandTask;

/// Rulesets as trees: the things of the goal are made of others by a rule each, these of others again, and
/// so on; what the leaves are made of lies about.
///
/// | | depth | pruned | rules astray | things astray |
/// |---|---|---|---|---|
/// | `Trivial` | 0 | | 0 | 3 |
/// | `Small` | 1 | 0.3 | 0 to 2 | 2 |
/// | `Medium` | 2 | 0.1 | 0 to 3 | 2 |
///
/// *Pruned* is the probability that a thing above the last level lies about already. Goals and rules are
/// drawn from eleven kinds of [`Condition`]: to hold, to be next to on one of five sides, to put next to
/// on one of five sides. No thing is in two places of a tree, and what leads astray can be avoided,
/// so every task can be solved: rules astray use up a thing astray, either alone or put next to
/// a thing of the tree.
///
/// # References
///
/// Nikulin et al., *XLand-MiniGrid*, 2023, [arXiv:2312.12044](https://arxiv.org/abs/2312.12044), with the
/// parameters of its published benchmarks; what leads astray is drawn in our way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum XLandTasks {
    /// A goal, no rules.
    #[default]
    Trivial,
    /// Things of the goal are to be made.
    Small,
    /// And what they are made of, too.
    Medium,
}

/// Parameters of a benchmark.
struct Tree {
    depth: u32,
    pruned: f64,
    most_rules_astray: usize,
    n_objects_astray: usize,
}

impl XLandTasks {
    fn tree(self) -> Tree {
        let (depth, pruned, most_rules_astray, n_objects_astray) = match self {
            Self::Trivial => (0, 0.0, 0, 3),
            Self::Small => (1, 0.3, 2, 2),
            Self::Medium => (2, 0.1, 3, 2),
        };
        Tree {
            depth,
            pruned,
            most_rules_astray,
            n_objects_astray,
        }
    }
}

impl TaskDistribution for XLandTasks {
    type Task = XLandTask;

    fn name(&self) -> String {
        let size = match self {
            Self::Trivial => "trivial",
            Self::Small => "small",
            Self::Medium => "medium",
        };
        format!("xland/{size}@1")
    }

    fn sample(&self, rng: &mut Rng) -> XLandTask {
        let tree = self.tree();
        let mut draft = Draft::new(rng);
        let goal = draft.condition(rng);
        for object in goal.objects() {
            draft.grow(object, tree.depth, tree.pruned, rng);
        }
        draft.lead_astray(tree.n_objects_astray, tree.most_rules_astray, rng);
        let Draft {
            mut rules,
            mut objects,
            ..
        } = draft;
        rules.shuffle(rng);
        objects.shuffle(rng);
        XLandTask {
            goal: Goal::Condition(goal),
            rules,
            objects,
        }
    }
}

/// A ruleset in the making.
struct Draft {
    /// Things not used yet.
    deck: Vec<Object>,
    rules: Vec<Rule>,
    objects: Vec<Object>,
}

impl Draft {
    fn new(rng: &mut Rng) -> Self {
        let mut deck: Vec<Object> = Object::portable().collect();
        deck.shuffle(rng);
        Self {
            deck,
            rules: Vec::new(),
            objects: Vec::new(),
        }
    }

    /// A thing not used yet. No benchmark needs as many as there are.
    fn fresh(&mut self) -> Object {
        let object = self.deck.pop();
        object.expect("sixty things are enough for every benchmark")
    }

    /// One of eleven conditions, about things not used yet.
    fn condition(&mut self, rng: &mut Rng) -> Condition {
        let object = self.fresh();
        match kind(rng) {
            Kind::Holds => Condition::Holds { object },
            Kind::AgentNear(side) => Condition::AgentNear { object, side },
            Kind::Near(side) => Condition::Near {
                object,
                neighbor: self.fresh(),
                side,
            },
        }
    }

    /// Lays a thing about, or has it made by a rule of things that grow in their turn.
    fn grow(&mut self, becomes: Object, depth: u32, pruned: f64, rng: &mut Rng) {
        if depth == 0 || rng.random_bool(pruned) {
            self.objects.push(becomes);
            return;
        }
        let when = self.condition(rng);
        self.rules.push(Rule { when, becomes });
        for object in when.objects() {
            self.grow(object, depth - 1, pruned, rng);
        }
    }

    /// Adds things nobody needs, and rules that use them up or spoil what is put next to them.
    fn lead_astray(&mut self, n_objects: usize, most_rules: usize, rng: &mut Rng) {
        let made = self.rules.iter().map(|rule| rule.becomes);
        let needed: Vec<Object> = made.chain(self.objects.iter().copied()).collect();
        let astray: Vec<Object> = (0..n_objects).map(|_| self.fresh()).collect();
        self.objects.extend(&astray);
        for _ in 0..rng.random_range(0..=most_rules) {
            let object = astray[rng.random_range(0..astray.len())];
            let when = match kind(rng) {
                Kind::Holds => Condition::Holds { object },
                Kind::AgentNear(side) => Condition::AgentNear { object, side },
                Kind::Near(side) => Condition::Near {
                    object: needed[rng.random_range(0..needed.len())],
                    neighbor: object,
                    side,
                },
            };
            let becomes = self.fresh();
            self.rules.push(Rule { when, becomes });
        }
    }
}

/// The kinds of conditions.
enum Kind {
    Holds,
    AgentNear(Side),
    Near(Side),
}

/// One of the eleven.
fn kind(rng: &mut Rng) -> Kind {
    match rng.random_range(0..11_usize) {
        0 => Kind::Holds,
        i @ 1..6 => Kind::AgentNear(Side::ALL[i - 1]),
        i => Kind::Near(Side::ALL[i - 6]),
    }
}
