//! Someone who wants only environments, returns or a memory compiles no tensor library.

use std::collections::BTreeSet;

use crate::workspace::Workspace;

const TENSOR_FREE: [&str; 4] = [
    "metarl-core",
    "metarl-envs",
    "metarl-returns",
    "metarl-memory",
];
const TENSORS: &str = "dfdx";

pub(super) fn violations(workspace: &Workspace) -> Vec<String> {
    workspace
        .crates()
        .filter(|package| TENSOR_FREE.contains(&package.name.as_str()))
        .filter(|package| reachable(workspace, &package.name).contains(TENSORS))
        .map(|package| {
            format!(
                "{}: reaches {TENSORS} with default features; it must stay free of tensors",
                package.name
            )
        })
        .collect()
}

/// All that a default build of the crate reaches through the crates of the workspace.
fn reachable<'a>(workspace: &'a Workspace, name: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![name];
    while let Some(name) = open.pop() {
        if seen.insert(name)
            && let Some(package) = workspace.package(name)
        {
            open.extend(package.default_dependencies());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::violations;
    use crate::workspace::{Package, sample};

    #[test]
    fn a_way_through_other_crates_counts() {
        let workspace = sample::of_packages([
            sample::package("metarl-envs", &["metarl-core"]),
            sample::package("metarl-core", &["dfdx"]),
            sample::package("metarl-autodiff", &["dfdx"]),
        ]);

        let found = violations(&workspace);

        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("metarl-envs: reaches dfdx"));
        assert!(found[1].starts_with("metarl-core: reaches dfdx"));
    }

    fn memory_with_face(default: &[&str]) -> Package {
        let mut memory = sample::package("metarl-memory", &["dfdx"]);
        memory.dependencies[0].optional = true;
        let features = [("default", default), ("face", &["dep:dfdx"])];
        memory.features = features
            .into_iter()
            .map(|(name, enables)| {
                let enables = enables.iter().map(|entry| (*entry).to_owned());
                (name.to_owned(), enables.collect())
            })
            .collect();
        memory
    }

    #[test]
    fn an_optional_tensor_face_is_allowed_until_it_is_a_default() {
        let off = sample::of_packages([memory_with_face(&[])]);
        let weak = sample::of_packages([memory_with_face(&["dfdx?/std"])]);
        let on = sample::of_packages([memory_with_face(&["face"])]);
        let through = sample::of_packages([memory_with_face(&["dfdx/std"])]);

        assert!(violations(&off).is_empty());
        assert!(violations(&weak).is_empty());
        assert_eq!(violations(&on).len(), 1);
        assert_eq!(violations(&through).len(), 1);
    }

    #[test]
    fn a_dependency_of_tests_does_not_count() {
        let mut core = sample::package("metarl-core", &["dfdx"]);
        core.dependencies[0].dev = true;

        assert!(violations(&sample::of_packages([core])).is_empty());
    }
}
