//! Crates depend downward only, and siblings never on each other.

use crate::workspace::{Dependency, Package, Workspace};

/// The rows, lowest first.
const ROWS: [&[&str]; 7] = [
    &["metarl-core", "metarl-box2d"],
    &["metarl-memory", "metarl-returns", "metarl-envs"],
    &["metarl-autodiff"],
    &["metarl-losses"],
    &["metarl-optim"],
    &["metarl-agents"],
    &["metarl"],
];

/// Serves the tests of every crate, so it knows the vocabulary and nothing else.
const TESTKIT: &str = "metarl-testkit";

/// Crates that, although higher up, must not know these lower ones.
const UNKNOWN_TO: [(&str, &[&str], &str); 4] = [
    (
        "metarl-autodiff",
        &["metarl-memory", "metarl-returns", "metarl-envs"],
        "differentiation knows no reinforcement learning",
    ),
    ("metarl-losses", &["metarl-envs"], "a loss knows no task"),
    (
        "metarl-optim",
        &["metarl-envs"],
        "an optimizer knows no task",
    ),
    (
        "metarl-agents",
        &["metarl-envs"],
        "an agent knows an environment's trait, not its type",
    ),
];

pub(super) fn violations(workspace: &Workspace) -> Vec<String> {
    workspace
        .crates()
        .flat_map(|package| {
            let inside = |dependency: &&Dependency| workspace.package(&dependency.name).is_some();
            let known = match row(&package.name) {
                Some(_) => None,
                None => Some(format!(
                    "{}: in no layer; give it a row in xtask/src/tidy/layers.rs",
                    package.name
                )),
            };
            let wrong = package
                .dependencies
                .iter()
                .filter(inside)
                .filter_map(|dependency| {
                    let why = objection(package, dependency)?;
                    Some(format!(
                        "{}: must not depend on {}: {why}",
                        package.name, dependency.name
                    ))
                });
            known.into_iter().chain(wrong)
        })
        .collect()
}

/// The row of a crate; the testkit shares the vocabulary's.
fn row(name: &str) -> Option<usize> {
    if name == TESTKIT {
        return Some(0);
    }
    ROWS.iter().position(|row| row.contains(&name))
}

fn objection(package: &Package, dependency: &Dependency) -> Option<&'static str> {
    let (from, to) = (package.name.as_str(), dependency.name.as_str());
    if to == TESTKIT {
        return (!dependency.dev).then_some("the testkit is for tests, so a dev-dependency only");
    }
    if from == TESTKIT {
        return (to != "metarl-core")
            .then_some("the testkit knows the vocabulary and nothing else");
    }
    let (from_row, to_row) = (row(from)?, row(to)?);
    if to_row > from_row {
        return Some("dependencies point down only, those of tests too");
    }
    if dependency.dev {
        return None;
    }
    if to_row == from_row {
        return Some("siblings meet only through a lower row");
    }
    UNKNOWN_TO
        .iter()
        .find(|(upper, lower, _)| *upper == from && lower.contains(&to))
        .map(|(_, _, why)| *why)
}

#[cfg(test)]
mod tests {
    use crate::workspace::{Package, sample};

    const CRATES: [&str; 6] = [
        "metarl-core",
        "metarl-envs",
        "metarl-returns",
        "metarl-agents",
        "metarl",
        "metarl-testkit",
    ];

    fn violations(changed: Package) -> Vec<String> {
        let mut packages: Vec<_> = CRATES
            .iter()
            .filter(|name| **name != changed.name)
            .map(|name| sample::package(name, &[]))
            .collect();
        packages.push(changed);
        super::violations(&sample::of_packages(packages))
    }

    fn for_tests(mut package: Package) -> Package {
        for dependency in &mut package.dependencies {
            dependency.dev = true;
        }
        package
    }

    #[test]
    fn arrows_point_down() {
        let down = ["metarl-core", "metarl-returns"];
        assert!(violations(sample::package("metarl-agents", &down)).is_empty());
        assert!(violations(sample::package("metarl", &["metarl-envs"])).is_empty());

        let up = violations(sample::package("metarl-core", &["metarl-envs"]));

        assert_eq!(
            up,
            [
                "metarl-core: must not depend on metarl-envs: dependencies point down only, those of tests too"
            ]
        );
    }

    #[test]
    fn siblings_meet_only_in_tests() {
        let sibling = || sample::package("metarl-envs", &["metarl-returns"]);

        assert!(violations(sibling())[0].contains("siblings"));
        assert!(violations(for_tests(sibling())).is_empty());
    }

    #[test]
    fn agents_know_environments_only_in_tests() {
        let agents = || sample::package("metarl-agents", &["metarl-envs"]);

        assert!(violations(agents())[0].contains("trait, not its type"));
        assert!(violations(for_tests(agents())).is_empty());
    }

    #[test]
    fn the_testkit_is_for_tests_and_knows_the_vocabulary_alone() {
        let user = || sample::package("metarl-envs", &["metarl-testkit"]);
        assert!(violations(user())[0].contains("dev-dependency only"));
        assert!(violations(for_tests(user())).is_empty());

        let testkit = sample::package("metarl-testkit", &["metarl-envs"]);
        assert!(violations(testkit)[0].contains("nothing else"));
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        let new = violations(sample::package("metarl-new", &["metarl-core"]));

        assert_eq!(
            new,
            ["metarl-new: in no layer; give it a row in xtask/src/tidy/layers.rs"]
        );
    }
}
