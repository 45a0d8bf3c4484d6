//! Rules, a goal, and things to begin with.

use std::fmt::{Display, Formatter};

use metarl_core::{Error, check_range};
use serde::{Deserialize, Serialize};

use super::object::Object;
use super::rule::{Condition, Goal, Rule};
use super::world::WorldMap;

/// A ruleset. [`Display`] says it in words; the agent is told nothing of it.
///
/// # Examples
///
/// ```
/// use metarl_core::{Split, TaskDistribution};
/// use metarl_envs::XLandTasks;
///
/// let task = XLandTasks::Small.frozen(Split::Test, 4);
/// let words = "\
/// The episode is won when you hold a brown square.
/// When a brown square is put to the right of a gray key, both become a gray pyramid.
/// When a pink key is to the left of you, it becomes a brown square.
/// At first there are: pink key, yellow key, gray key.";
/// assert_eq!(task.to_string(), words);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XLandTask {
    /// What ends an episode.
    pub goal: Goal,
    /// What becomes of things, in the order in which rules are tried.
    pub rules: Vec<Rule>,
    /// What lies about when an episode begins.
    pub objects: Vec<Object>,
}

impl XLandTask {
    /// Checks that it can be played on a map.
    pub(super) fn check(&self, map: WorldMap) -> Result<(), Error> {
        let (n_objects, most) = (self.objects.len(), map.most_objects());
        let allowed = "at most a third of the floor";
        let got = format_args!("{n_objects}, of {most}");
        check_range("the number of objects", allowed, got, n_objects <= most)?;
        let products = self.rules.iter().map(|rule| rule.becomes);
        let held = self.rules.iter().filter_map(|rule| match rule.when {
            Condition::Holds { object } => Some(object),
            _ => None,
        });
        for object in products.chain(held) {
            let name = "what rules make or have held";
            check_range(name, "no pad", object, object.is_portable())?;
        }
        if let Goal::At { cell } | Goal::ObjectAt { cell, .. } = self.goal {
            let within = cell.iter().all(|c| (1..map.size() - 1).contains(c));
            let got = format_args!("{cell:?}");
            check_range("the goal's cell", "within the outer walls", got, within)?;
        }
        if let Goal::On { object } = self.goal {
            let name = "what the goal has the agent stand on";
            check_range(name, "a pad", object, !object.is_portable())?;
        }
        Ok(())
    }
}

impl Display for XLandTask {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "The episode is won when {}.", self.goal)?;
        for rule in &self.rules {
            write!(f, "\n{rule}")?;
        }
        let objects: Vec<String> = self.objects.iter().map(Object::to_string).collect();
        write!(f, "\nAt first there are: {}.", objects.join(", "))
    }
}
