//! Files are small, finished and without trailing whitespace.

use crate::workspace::Workspace;

const MOST_LINES: usize = 500;

/// Longer files, each with the reason.
const LONG: [(&str, &str); 0] = [];

const UNFINISHED: [&str; 3] = ["todo", "unimplemented", "dbg"];

const TEXT: [&str; 6] = [".rs", ".md", ".toml", ".yml", ".py", ".ci/run"];

pub(super) fn violations(workspace: &Workspace) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, text) in workspace.files_ending(&TEXT) {
        for (number, line) in (1..).zip(text.lines()) {
            if line.ends_with([' ', '\t']) {
                wrong.push(format!("{path}:{number}: trailing whitespace"));
            }
            if let Some(name) = UNFINISHED.iter().find(|name| calls(path, line, name)) {
                wrong.push(format!("{path}:{number}: {name}! has no place in a commit"));
            }
        }
        let lines = text.lines().count();
        let allowed = LONG.iter().any(|(long, _)| *long == path);
        if path.ends_with(".rs") && lines > MOST_LINES && !allowed {
            wrong.push(format!(
                "{path}: {lines} lines, more than {MOST_LINES}: split it by concept"
            ));
        }
    }
    wrong
}

fn calls(path: &str, line: &str, name: &str) -> bool {
    path.ends_with(".rs")
        && line.match_indices(name).any(|(start, _)| {
            let before = line[..start].chars().next_back();
            let whole_word = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
            let after = &line[start + name.len()..];
            whole_word && (after.starts_with("!(") || after.starts_with("! ("))
        })
}

#[cfg(test)]
mod tests {
    use super::{MOST_LINES, violations};
    use crate::workspace::sample;

    #[test]
    fn trailing_whitespace_is_found() {
        let workspace = sample::of_files(&[("docs/a.md", "good\nbad \n")]);

        assert_eq!(violations(&workspace), ["docs/a.md:2: trailing whitespace"]);
    }

    #[test]
    fn unfinished_code_is_found() {
        let call = |name: &str| format!("    {name}!(\"later\")\n");
        for name in super::UNFINISHED {
            let workspace = sample::of_files(&[("src/a.rs", &call(name))]);
            assert_eq!(
                violations(&workspace),
                [format!("src/a.rs:1: {name}! has no place in a commit")]
            );
        }

        let other = sample::of_files(&[("src/a.rs", &call("my_dbg")), ("a.md", &call("todo"))]);
        assert_eq!(violations(&other), [""; 0]);
    }

    #[test]
    fn long_files_are_found() {
        let (fits, long) = ("//\n".repeat(MOST_LINES), "//\n".repeat(MOST_LINES + 1));
        let workspace = sample::of_files(&[("src/fits.rs", &fits), ("src/long.rs", &long)]);

        assert_eq!(
            violations(&workspace),
            ["src/long.rs: 501 lines, more than 500: split it by concept"]
        );
    }
}
