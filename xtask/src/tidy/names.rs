//! Documents name only crates that exist.

use crate::workspace::Workspace;

const PREFIXES: [&str; 2] = ["metarl-", "metarl_"];

/// No crate: the folder and archive of `cargo xtask gpu bundle`.
const BUNDLE: &str = "metarl-gpu";

/// Tells of the past, and so of crates that are gone.
const HISTORY: &str = "CHANGELOG.md";

pub(super) fn violations(workspace: &Workspace) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, text) in workspace.files_ending(&[".md", ".rs"]) {
        if path == HISTORY || path.starts_with("xtask/") {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            let documents = path.ends_with(".md") || line.trim_start().starts_with("//");
            let gone =
                mentioned(line).filter(|name| name != BUNDLE && workspace.package(name).is_none());
            if documents {
                wrong.extend(gone.map(|name| format!("{path}:{number}: there is no crate {name}")));
            }
        }
    }
    wrong
}

/// Crate names on the line, with hyphens.
fn mentioned(line: &str) -> impl Iterator<Item = String> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
        .filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix)))
        .map(|word| word.trim_end_matches(['-', '_']).replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::violations;
    use crate::workspace::{Workspace, sample};

    #[test]
    fn a_crate_that_is_gone_is_found() {
        let files = [
            (
                "docs/a.md",
                "`metarl-envs`, metarl_envs::x and metarl-gone.",
            ),
            (
                "crates/a/src/lib.rs",
                "//! metarl_old::x\nmetarl_not_prose();",
            ),
            ("CHANGELOG.md", "Removed metarl-gone."),
        ];
        let workspace = Workspace {
            packages: vec![sample::package("metarl-envs", &[])],
            ..sample::of_files(&files)
        };

        assert_eq!(
            violations(&workspace),
            [
                "crates/a/src/lib.rs:1: there is no crate metarl-old",
                "docs/a.md:1: there is no crate metarl-gone",
            ]
        );
    }
}
