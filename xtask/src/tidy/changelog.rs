//! The changelog has a place for what is not yet released.

use crate::workspace::Workspace;

const FILE: &str = "CHANGELOG.md";
const HEADING: &str = "## [Unreleased]";

pub(super) fn violations(workspace: &Workspace) -> Vec<String> {
    let has_heading = workspace
        .files
        .get(FILE)
        .is_some_and(|text| text.lines().any(|line| line == HEADING));
    if has_heading {
        Vec::new()
    } else {
        vec![format!("{FILE}: has no section {HEADING}")]
    }
}

#[cfg(test)]
mod tests {
    use super::violations;
    use crate::workspace::sample;

    #[test]
    fn unreleased_changes_have_a_section() {
        let with = sample::of_files(&[("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n")]);
        let without = sample::of_files(&[("CHANGELOG.md", "# Changelog\n\n## [0.1.0]\n")]);

        assert_eq!(violations(&with), [""; 0]);
        assert_eq!(
            violations(&without),
            ["CHANGELOG.md: has no section ## [Unreleased]"]
        );
    }
}
