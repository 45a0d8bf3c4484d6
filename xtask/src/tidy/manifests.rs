//! Every crate says what it is, under the workspace's license and lints.

use crate::workspace::{CUDA, Package, Workspace};

const FILES: [&str; 3] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];

pub(super) fn violations(workspace: &Workspace) -> Vec<String> {
    workspace
        .packages
        .iter()
        .flat_map(|package| {
            missing(workspace, package)
                .into_iter()
                .map(|what| format!("{}/Cargo.toml: {what}", package.dir))
        })
        .collect()
}

fn missing(workspace: &Workspace, package: &Package) -> Vec<String> {
    let file = |name: &str| workspace.files.get(&format!("{}/{name}", package.dir));
    let manifest = file("Cargo.toml").map_or("", String::as_str);
    let mut missing = Vec::new();
    if !has_line(manifest, "lints", "workspace = true") {
        missing.push("[lints] must say workspace = true".to_owned());
    }
    if !package.is_crate() {
        return missing;
    }
    if !has_line(manifest, "package", "license.workspace = true") {
        missing.push("[package] must say license.workspace = true".to_owned());
    }
    if package.description.is_empty() {
        missing.push("the description is empty".to_owned());
    }
    for name in FILES {
        if file(name).is_none() {
            missing.push(format!("{name} is not beside it"));
        }
    }
    if package.default_dependencies().contains("dfdx") && !package.offers(&CUDA) {
        missing.push(
            "a crate over dfdx forwards its features cuda and ci-check, so that CUDA is type-checked"
                .to_owned(),
        );
    }
    missing
}

fn has_line(manifest: &str, section: &str, line: &str) -> bool {
    let header = format!("[{section}]");
    manifest
        .lines()
        .skip_while(|found| *found != header)
        .skip(1)
        .take_while(|found| !found.starts_with('['))
        .any(|found| found == line)
}

#[cfg(test)]
mod tests {
    use super::violations;
    use crate::workspace::{CUDA, Workspace, sample};

    const GOOD: &str = "[package]\nlicense.workspace = true\n[lints]\nworkspace = true\n";

    fn workspace(manifest: &str, dependencies: &[&str]) -> Workspace {
        let mut package = sample::package("a", dependencies);
        package.description = "What it is.".to_owned();
        let files = [
            ("crates/a/Cargo.toml", manifest),
            ("crates/a/README.md", ""),
            ("crates/a/LICENSE-MIT", ""),
            ("crates/a/LICENSE-APACHE", ""),
        ];
        Workspace {
            packages: vec![package],
            ..sample::of_files(&files)
        }
    }

    #[test]
    fn a_complete_manifest_passes() {
        assert_eq!(violations(&workspace(GOOD, &[])), [""; 0]);
    }

    #[test]
    fn license_and_lints_come_from_the_workspace() {
        let manifest = "[package]\nlicense = \"MIT\"\n[lints]\n[other]\nworkspace = true\n";

        assert_eq!(
            violations(&workspace(manifest, &[])),
            [
                "crates/a/Cargo.toml: [lints] must say workspace = true",
                "crates/a/Cargo.toml: [package] must say license.workspace = true",
            ]
        );
    }

    #[test]
    fn a_description_and_the_files_beside_it_are_needed() {
        let mut workspace = workspace(GOOD, &[]);
        workspace.packages[0].description.clear();
        workspace.files.remove("crates/a/README.md");

        assert_eq!(
            violations(&workspace),
            [
                "crates/a/Cargo.toml: the description is empty",
                "crates/a/Cargo.toml: README.md is not beside it",
            ]
        );
    }

    #[test]
    fn a_crate_over_tensors_forwards_the_cuda_features() {
        let mut workspace = workspace(GOOD, &["dfdx"]);
        assert!(violations(&workspace)[0].contains("forwards its features"));

        for feature in CUDA {
            let forwards = vec![format!("dfdx/{feature}")];
            workspace.packages[0]
                .features
                .insert(feature.to_owned(), forwards);
        }
        assert_eq!(violations(&workspace), [""; 0]);
    }
}
