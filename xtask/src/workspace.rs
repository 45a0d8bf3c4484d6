//! The workspace as the rules see it: packages, text files and what would be published.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

/// Folders at the root that hold no source.
const NOT_SOURCE: [&str; 4] = [".git", "runs", "target", "third_party"];

/// What a crate over dfdx offers: its CUDA face, and the switch that type-checks the face without a
/// toolkit.
pub(crate) const CUDA: [&str; 2] = ["cuda", "ci-check"];

/// The feature over a simulator.
pub(crate) const MUJOCO: [&str; 1] = ["mujoco"];

/// Everything the rules of `tidy` look at, in memory: a rule is a function of this alone.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// Members, with the dependencies they declare.
    pub(crate) packages: Vec<Package>,
    /// Text of every file, by path from the root with `/`; empty for a file that is not UTF-8.
    pub(crate) files: BTreeMap<String, String>,
    /// What `cargo package` would publish, by crate.
    pub(crate) published: BTreeMap<String, Vec<String>>,
    /// Packages of a default build that say they link a native library: `(package, library)`.
    pub(crate) native: Vec<(String, String)>,
}

#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Folder, from the root with `/`.
    pub(crate) dir: String,
    pub(crate) description: String,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) targets: Vec<Target>,
}

#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) dev: bool,
    pub(crate) optional: bool,
}

#[derive(Debug)]
pub(crate) struct Target {
    /// `lib`, `bin`, `test`, `bench`, `example` or `custom-build`.
    pub(crate) kind: String,
    pub(crate) name: String,
    /// Root module, from the workspace's root with `/`.
    pub(crate) path: String,
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(1)
        .expect("xtask is a folder of the workspace")
        .to_owned()
}

/// The members of the workspace, without resolving what they depend on.
pub(crate) fn packages(sh: &Shell) -> Result<Vec<Package>> {
    let metadata = cmd!(sh, "cargo metadata --no-deps --format-version 1")
        .quiet()
        .read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    Ok(array(&metadata["packages"]).map(Package::of).collect())
}

impl Workspace {
    pub(crate) fn load(sh: &Shell) -> Result<Self> {
        let packages = packages(sh)?;
        let mut published = BTreeMap::new();
        for Package { name, .. } in packages.iter().filter(|package| package.is_crate()) {
            let list = cmd!(sh, "cargo package --list --allow-dirty --package {name}")
                .quiet()
                .ignore_stderr()
                .read()?;
            published.insert(name.clone(), list.lines().map(str::to_owned).collect());
        }
        let mut files = BTreeMap::new();
        read_folder(&root(), "", &mut files)?;
        Ok(Self {
            packages,
            files,
            published,
            native: native_libraries(sh)?,
        })
    }

    /// Members that are libraries or programs for others: all but `xtask`.
    pub(crate) fn crates(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_crate())
    }

    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// Files with one of these extensions.
    pub(crate) fn files_ending<'a>(
        &'a self,
        extensions: &'a [&'a str],
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(|(path, _)| extensions.iter().any(|end| path.ends_with(end)))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

impl Package {
    fn of(package: &Value) -> Self {
        let manifest = from_root(&package["manifest_path"]);
        let dir = manifest.rsplit_once('/').map_or("", |(dir, _)| dir);
        let features = package["features"].as_object().into_iter().flatten();
        Self {
            name: string(&package["name"]),
            dir: dir.to_owned(),
            description: string(&package["description"]),
            dependencies: array(&package["dependencies"])
                .map(|dependency| Dependency {
                    name: string(&dependency["name"]),
                    dev: dependency["kind"] == "dev",
                    optional: dependency["optional"] == true,
                })
                .collect(),
            features: features
                .map(|(name, enables)| (name.clone(), array(enables).map(string).collect()))
                .collect(),
            targets: array(&package["targets"])
                .map(|target| Target {
                    kind: string(&target["kind"][0]),
                    name: string(&target["name"]),
                    path: from_root(&target["src_path"]),
                })
                .collect(),
        }
    }

    pub(crate) fn is_crate(&self) -> bool {
        self.dir.starts_with("crates/")
    }

    /// Whether the crate has all of these features.
    pub(crate) fn offers(&self, features: &[&str]) -> bool {
        features
            .iter()
            .all(|feature| self.features.contains_key(*feature))
    }

    /// Names of what a default build of the crate depends on, tests aside.
    pub(crate) fn default_dependencies(&self) -> BTreeSet<&str> {
        let enabled = self.enabled_by_default();
        self.dependencies
            .iter()
            .filter(|dependency| !dependency.dev)
            .filter(|dependency| !dependency.optional || enabled.contains(dependency.name.as_str()))
            .map(|dependency| dependency.name.as_str())
            .collect()
    }

    /// Features and optional dependencies that `default` reaches.
    fn enabled_by_default(&self) -> BTreeSet<&str> {
        let mut enabled = BTreeSet::new();
        let mut open = vec!["default"];
        while let Some(name) = open.pop() {
            if enabled.insert(name) {
                let enables = self.features.get(name).into_iter().flatten();
                open.extend(enables.filter_map(|entry| match entry.split_once('/') {
                    Some((dependency, _)) if dependency.ends_with('?') => None,
                    Some((dependency, _)) => Some(dependency),
                    None => Some(entry.strip_prefix("dep:").unwrap_or(entry)),
                }));
            }
        }
        enabled
    }
}

/// `links` entries among all packages of a default build for the CI machine's target.
fn native_libraries(sh: &Shell) -> Result<Vec<(String, String)>> {
    let target = "x86_64-unknown-linux-gnu";
    let metadata = cmd!(
        sh,
        "cargo metadata --locked --format-version 1 --filter-platform {target}"
    )
    .quiet()
    .read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let used: BTreeSet<&str> = array(&metadata["resolve"]["nodes"])
        .filter_map(|node| node["id"].as_str())
        .collect();
    Ok(array(&metadata["packages"])
        .filter(|package| package["id"].as_str().is_some_and(|id| used.contains(id)))
        .filter(|package| package["links"].is_string())
        .map(|package| (string(&package["name"]), string(&package["links"])))
        .collect())
}

fn read_folder(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if prefix.is_empty() && NOT_SOURCE.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            read_folder(&path, &format!("{prefix}{name}/"), files)?;
        } else {
            let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
            let text = String::from_utf8(bytes).unwrap_or_default();
            files.insert(format!("{prefix}{name}"), text);
        }
    }
    Ok(())
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn from_root(path: &Value) -> String {
    let path = string(path);
    let path = Path::new(&path);
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
pub(crate) mod sample {
    //! Small workspaces for the rules' tests.

    use super::{Dependency, Package, Workspace};

    /// A crate with normal dependencies.
    pub(crate) fn package(name: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            dir: format!("crates/{name}"),
            dependencies: dependencies
                .iter()
                .map(|name| Dependency {
                    name: (*name).to_owned(),
                    dev: false,
                    optional: false,
                })
                .collect(),
            ..Package::default()
        }
    }

    pub(crate) fn of_packages(packages: impl Into<Vec<Package>>) -> Workspace {
        Workspace {
            packages: packages.into(),
            ..Workspace::default()
        }
    }

    pub(crate) fn of_files(files: &[(&str, &str)]) -> Workspace {
        Workspace {
            files: files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect(),
            ..Workspace::default()
        }
    }
}
