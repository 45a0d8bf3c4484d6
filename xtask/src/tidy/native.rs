//! Defaults are built by cargo alone: no package of a default build links a system library.

use crate::workspace::Workspace;

/// Packages that set `links` without linking anything.
const HARMLESS: [(&str, &str); 1] = [(
    "rayon-core",
    "so that one process never holds two thread pools",
)];

pub(super) fn violations(workspace: &Workspace) -> Vec<String> {
    workspace
        .native
        .iter()
        .filter(|(package, _)| HARMLESS.iter().all(|(harmless, _)| harmless != package))
        .map(|(package, library)| {
            format!(
                "{package}: links the native library {library} in a default build; put it behind a feature"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::violations;
    use crate::workspace::Workspace;

    #[test]
    fn a_native_library_needs_a_feature() {
        let native = [("rayon-core", "rayon-core"), ("openblas-src", "openblas")];
        let workspace = Workspace {
            native: native
                .map(|(package, library)| (package.to_owned(), library.to_owned()))
                .into(),
            ..Workspace::default()
        };

        assert_eq!(
            violations(&workspace),
            [
                "openblas-src: links the native library openblas in a default build; put it behind a feature"
            ]
        );
    }
}
