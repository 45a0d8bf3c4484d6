//! Every relative link of a Markdown file leads to a file or folder of the workspace.

use crate::workspace::Workspace;

pub(super) fn violations(workspace: &Workspace) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, text) in workspace.files_ending(&[".md"]) {
        for (number, line) in prose(text) {
            for target in targets(&line) {
                let file = target.split('#').next().unwrap_or_default();
                if !file.is_empty() && !file.contains(':') && !exists(workspace, path, file) {
                    wrong.push(format!("{path}:{number}: {target} leads nowhere"));
                }
            }
        }
    }
    wrong
}

/// Numbered lines outside fenced code, without their code spans.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter_map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        let code_aside = || line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        (!fence && !fenced).then(|| (number, code_aside()))
    })
}

/// Targets of `[text](target)` and `[label]: target`.
fn targets(line: &str) -> Vec<&str> {
    let inline = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next());
    let reference = line
        .starts_with('[')
        .then(|| line.split_once("]: "))
        .flatten()
        .and_then(|(_, rest)| rest.split(' ').next());
    inline.chain(reference).collect()
}

fn exists(workspace: &Workspace, from: &str, target: &str) -> bool {
    let mut path: Vec<&str> = from.split('/').collect();
    path.pop();
    for part in target.split('/').filter(|part| !part.is_empty()) {
        match part {
            "." => {}
            ".." => {
                if path.pop().is_none() {
                    return false;
                }
            }
            name => path.push(name),
        }
    }
    let path = path.join("/");
    let folder = format!("{path}/");
    workspace
        .files
        .keys()
        .any(|file| *file == path || path.is_empty() || file.starts_with(&folder))
}

#[cfg(test)]
mod tests {
    use super::violations;
    use crate::workspace::sample;

    const PAGE: &str = "\
[a](other.md#part) [b](../crates/a) [c](https://example.org/x) [d](#here)
[broken](gone.md) ![curve](../img/gone.svg \"title\")
`v[i](x)`
```text
[code](gone.md)
```
[label]: gone-too.md
[outside](../../etc)
";

    #[test]
    fn broken_links_are_found_where_they_stand() {
        let workspace = sample::of_files(&[
            ("docs/page.md", PAGE),
            ("docs/other.md", ""),
            ("crates/a/Cargo.toml", ""),
        ]);

        assert_eq!(
            violations(&workspace),
            [
                "docs/page.md:2: gone.md leads nowhere",
                "docs/page.md:2: ../img/gone.svg leads nowhere",
                "docs/page.md:7: gone-too.md leads nowhere",
                "docs/page.md:8: ../../etc leads nowhere",
            ]
        );
    }
}
