//! What a crate would publish is its source, its tests and its papers: nothing left lying about.

use crate::workspace::Workspace;

const FILES: [&str; 8] = [
    ".cargo_vcs_info.json",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "build.rs",
];
const FOLDERS: [&str; 5] = ["benches/", "examples/", "experiments/", "src/", "tests/"];

/// Files in a source folder that are neither Rust nor data a test or program reads; Python only makes
/// test vectors, C++ is a shim, and data of others has its license beside it.
const DATA: [&str; 14] = [
    ".rs",
    ".cpp",
    ".h",
    ".py",
    ".toml",
    ".json",
    ".jsonl",
    ".csv",
    ".html",
    ".svg",
    ".safetensors",
    ".xml",
    "/LICENSE",
    ".proptest-regressions",
];

pub(super) fn violations(workspace: &Workspace) -> Vec<String> {
    workspace
        .published
        .iter()
        .flat_map(|(name, files)| {
            files
                .iter()
                .filter(|file| !belongs(file))
                .map(move |file| format!("{name}: cargo package would publish {file}"))
        })
        .collect()
}

fn belongs(file: &str) -> bool {
    FILES.contains(&file)
        || (FOLDERS.iter().any(|folder| file.starts_with(folder))
            && DATA.iter().any(|extension| file.ends_with(extension)))
}

#[cfg(test)]
mod tests {
    use super::violations;
    use crate::workspace::Workspace;

    #[test]
    fn stray_files_are_named() {
        let files = [
            "Cargo.toml",
            "LICENSE-MIT",
            "src/lib.rs",
            "tests/it/main.rs",
            "notes.txt",
            "src/lib.rs.orig",
            "target/x.rs",
        ];
        let workspace = Workspace {
            published: [("a".to_owned(), files.map(str::to_owned).into())].into(),
            ..Workspace::default()
        };

        assert_eq!(
            violations(&workspace),
            [
                "a: cargo package would publish notes.txt",
                "a: cargo package would publish src/lib.rs.orig",
                "a: cargo package would publish target/x.rs",
            ]
        );
    }
}
