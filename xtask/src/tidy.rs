//! The workspace's own rules, each a function from the [`Workspace`] to sentences about what breaks
//! it: one file a rule, with samples that break it.

mod changelog;
mod layers;
mod links;
mod manifests;
mod modules;
mod names;
mod native;
mod publication;
mod tensor_free;
mod text;

use crate::workspace::Workspace;

const RULES: [fn(&Workspace) -> Vec<String>; 10] = [
    layers::violations,
    tensor_free::violations,
    native::violations,
    manifests::violations,
    publication::violations,
    modules::violations,
    text::violations,
    links::violations,
    names::violations,
    changelog::violations,
];

/// What is wrong with the workspace; empty when all rules hold.
pub(crate) fn violations(workspace: &Workspace) -> Vec<String> {
    RULES.iter().flat_map(|rule| rule(workspace)).collect()
}

#[cfg(test)]
mod tests {
    use xshell::Shell;

    use crate::workspace::{Workspace, root};

    #[test]
    fn this_workspace_is_tidy() {
        let sh = Shell::new().unwrap();
        sh.change_dir(root());

        let violations = super::violations(&Workspace::load(&sh).unwrap());

        assert!(violations.is_empty(), "{}", violations.join("\n"));
    }
}
