//! One integration-test binary a crate, and no Rust file that nobody compiles.

use std::collections::BTreeSet;

use crate::workspace::{Package, Workspace};

const TEST_BINARY: &str = "tests/it/main.rs";

pub(super) fn violations(workspace: &Workspace) -> Vec<String> {
    workspace
        .packages
        .iter()
        .flat_map(|package| {
            let mut wrong = orphans(workspace, package);
            wrong.extend(extra_test_binaries(package));
            wrong
        })
        .collect()
}

fn extra_test_binaries(package: &Package) -> Vec<String> {
    let the_one = format!("{}/{TEST_BINARY}", package.dir);
    package
        .targets
        .iter()
        .filter(|target| target.kind == "test" && target.path != the_one)
        .map(|target| {
            format!(
                "{}: a second integration-test binary; make it a module of {the_one}",
                target.path
            )
        })
        .collect()
}

fn orphans(workspace: &Workspace, package: &Package) -> Vec<String> {
    let compiled = compiled(workspace, package);
    let folder = format!("{}/", package.dir);
    // A package of its own within the folder, outside the workspace.
    let inner: Vec<&str> = workspace
        .files_ending(&["/Cargo.toml"])
        .filter_map(|(path, _)| path.strip_suffix("Cargo.toml"))
        .filter(|inner| inner.starts_with(&folder) && *inner != folder)
        .collect();
    workspace
        .files_ending(&[".rs"])
        .filter(|(path, _)| path.starts_with(&folder) && !compiled.contains(*path))
        .filter(|(path, _)| !inner.iter().any(|inner| path.starts_with(inner)))
        .map(|(path, _)| format!("{path}: in no module tree, so nobody compiles it"))
        .collect()
}

/// All files that the package's targets reach through `mod` lines.
fn compiled(workspace: &Workspace, package: &Package) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let roots = package.targets.iter().map(|target| target.path.clone());
    let mut open: Vec<(String, bool)> = roots.map(|path| (path, true)).collect();
    while let Some((path, is_root)) = open.pop() {
        if let Some(text) = workspace.files.get(&path)
            && seen.insert(path.clone())
        {
            let folder = children(&path, is_root);
            for module in text.lines().filter_map(declared_module) {
                open.push((format!("{folder}/{module}.rs"), false));
                open.push((format!("{folder}/{module}/mod.rs"), false));
            }
        }
    }
    seen
}

/// The folder that holds a file's modules.
fn children(path: &str, is_root: bool) -> &str {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    if is_root || file == "mod.rs" {
        folder
    } else {
        path.trim_end_matches(".rs")
    }
}

/// The name in `mod name;`, whatever its visibility.
fn declared_module(line: &str) -> Option<&str> {
    let mut words = line.trim().strip_suffix(';')?.split(' ');
    let first = words.next()?;
    let keyword = if first.starts_with("pub") {
        words.next()?
    } else {
        first
    };
    let name = words.next()?;
    (keyword == "mod" && words.next().is_none()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::violations;
    use crate::workspace::{Target, Workspace, sample};

    fn workspace(targets: &[(&str, &str)], files: &[(&str, &str)]) -> Workspace {
        let mut package = sample::package("a", &[]);
        package.targets = targets
            .iter()
            .map(|(kind, path)| Target {
                kind: (*kind).to_owned(),
                name: "a".to_owned(),
                path: format!("crates/a/{path}"),
            })
            .collect();
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (format!("crates/a/{path}"), *text))
            .collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (&**path, *text)).collect();
        Workspace {
            packages: vec![package],
            ..sample::of_files(&files)
        }
    }

    #[test]
    fn a_file_outside_the_module_tree_is_named() {
        let workspace = workspace(
            &[("lib", "src/lib.rs"), ("test", "tests/it/main.rs")],
            &[
                ("src/lib.rs", "mod bandit;\n"),
                ("src/bandit.rs", "pub(crate) mod arm;\n"),
                ("src/bandit/arm.rs", ""),
                ("src/arm.rs", ""),
                ("tests/it/main.rs", "mod law;\n// mod gone;\n"),
                ("tests/it/law.rs", ""),
                ("tests/it/gone.rs", ""),
            ],
        );

        assert_eq!(
            violations(&workspace),
            [
                "crates/a/src/arm.rs: in no module tree, so nobody compiles it",
                "crates/a/tests/it/gone.rs: in no module tree, so nobody compiles it",
            ]
        );
    }

    #[test]
    fn a_package_outside_the_workspace_has_files_of_its_own() {
        let workspace = workspace(
            &[("lib", "src/lib.rs")],
            &[
                ("Cargo.toml", ""),
                ("src/lib.rs", ""),
                ("inner/Cargo.toml", ""),
                ("inner/src/main.rs", ""),
            ],
        );

        assert_eq!(violations(&workspace), [""; 0]);
    }

    #[test]
    fn a_crate_has_one_integration_test_binary() {
        let workspace = workspace(
            &[("test", "tests/it/main.rs"), ("test", "tests/more.rs")],
            &[("tests/it/main.rs", ""), ("tests/more.rs", "")],
        );

        assert_eq!(
            violations(&workspace),
            [
                "crates/a/tests/more.rs: a second integration-test binary; make it a module of crates/a/tests/it/main.rs"
            ]
        );
    }
}
