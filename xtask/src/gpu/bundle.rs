//! Everything that runs on a GPU, in one file for a machine that has one and nothing else.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use super::toolkit::{self, PREFIX};
use super::{DEVICES, TESTED};

const RUNNER: &str = include_str!("../../gpu/run.sh");
/// The archive.
const BUNDLE: &str = "target/gpu/metarl-gpu.tar.gz";

/// Builds the tests, the comparison of devices and the program for a GPU of this compute capability or
/// a later one, and packs them with the script that runs them.
pub(super) fn bundle(sh: &Shell, capability: &str) -> Result<()> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "a bundle is built on Linux x86-64, for Linux x86-64"
    );
    let architecture = toolkit::architecture(capability)?;
    let start = Instant::now();
    toolkit::set_up(sh, capability)?;
    let built = build(sh, &architecture)?;
    let headers = pack_programs(sh, &built)?;
    check_kernels(Path::new(&headers), &architecture)?;

    let tests = TESTED.map(|(name, names)| format!("{name}:{names}"));
    let runner = RUNNER
        .replace("@PREFIX@", PREFIX)
        .replace("@CAPABILITY@", capability)
        .replace("@TESTS@", &tests.join(" "));
    let script = format!("{PREFIX}/run.sh");
    sh.write_file(&script, runner)?;
    cmd!(sh, "chmod +x {script}").quiet().run()?;

    // What is included by kernels that are compiled where they run: CUDA's headers without the C++
    // library, and dfdx's own.
    let own = Path::new(&headers).strip_prefix(PREFIX)?.display();
    let own = sh.read_dir(&headers)?.into_iter().filter_map(|path| {
        let header = path.extension()? == "cuh";
        header.then(|| format!("{own}/{}", path.file_name().unwrap_or_default().display()))
    });
    let packed = ["run.sh", "bundle", "cuda/include"];
    let packed = packed.map(str::to_owned).into_iter().chain(own);
    let archive = sh.current_dir().join(BUNDLE);
    sh.create_dir("target/gpu")?;
    let from = ["--directory", PREFIX, "--exclude", "cuda/include/cccl"];
    cmd!(
        sh,
        "tar --create --gzip --file {archive} {from...} {packed...}"
    )
    .run()?;
    println!(
        "{BUNDLE}: {:.1} MiB, for compute capability {capability} and later, made in {:.0} s\n\
         on a machine with a GPU: mkdir metarl-gpu && tar xf metarl-gpu.tar.gz -C metarl-gpu && \
         metarl-gpu/run.sh",
        fs::metadata(&archive)?.len() as f64 / f64::from(1 << 20),
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Builds everything, and gives what cargo says of it.
fn build(sh: &Shell, architecture: &str) -> Result<Vec<Value>> {
    let path = sh.var("PATH")?;
    let _path = sh.push_env("PATH", format!("{PREFIX}/bin:{path}"));
    let _cuda = sh.push_env("CUDA_PATH", format!("{PREFIX}/cuda"));
    let _target = sh.push_env("CARGO_TARGET_DIR", format!("{PREFIX}/target"));
    // dfdx's build script runs again when it changes.
    let _capability = sh.push_env("CUDA_COMPUTE_CAP", architecture);
    let options = ["--release", "--message-format", "json-render-diagnostics"];
    let packages = TESTED.iter().flat_map(|(name, _)| ["--package", name]);
    let cuda = TESTED.map(|(name, _)| format!("{name}/cuda")).join(",");
    let tests = cmd!(
        sh,
        "cargo test --no-run {options...} {packages...} --test it --features {cuda}"
    )
    .read()?;
    let program = ["--package", "metarl", "--bin", "metarl", "--features"];
    let programs = cmd!(
        sh,
        "cargo build {options...} {DEVICES...} {program...} metarl/cuda,metarl-agents/cuda"
    )
    .read()?;
    let messages = tests.lines().chain(programs.lines());
    Ok(messages
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?)
}

/// Puts the programs together without symbols, and gives the folder of dfdx's kernels and headers.
fn pack_programs(sh: &Shell, built: &[Value]) -> Result<String> {
    let folder = format!("{PREFIX}/bundle");
    sh.remove_path(&folder)?;
    sh.create_dir(&folder)?;
    for message in built {
        if let Some(executable) = message["executable"].as_str() {
            let name = name_of(message).context("cargo names what it builds")?;
            cmd!(sh, "strip -o {folder}/{name} {executable}").run()?;
        }
    }
    let of_dfdx = |message: &&Value| {
        let package = message["package_id"].as_str();
        package.is_some_and(|package| package.contains("dfdx@"))
    };
    let mut out_dirs = built.iter().filter(of_dfdx);
    out_dirs
        .find_map(|message| Some(message["out_dir"].as_str()?.to_owned()))
        .context("dfdx has a build script")
}

/// `metarl-optim` for that crate's tests, otherwise the program's own name.
fn name_of(message: &Value) -> Option<&str> {
    let name = message["target"]["name"].as_str()?;
    if name != "it" {
        return Some(name);
    }
    let manifest = Path::new(message["manifest_path"].as_str()?);
    manifest.parent()?.file_name()?.to_str()
}

/// An empty kernel, as `ci-check` writes it, or one for another GPU is found here and not there.
fn check_kernels(folder: &Path, architecture: &str) -> Result<()> {
    let target = format!(".target sm_{architecture}");
    let mut n_kernels = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "ptx") {
            let kernel = fs::read_to_string(&path)?;
            ensure!(kernel.contains(&target), "{}: no {target}", path.display());
            n_kernels += 1;
        }
    }
    ensure!(n_kernels > 0, "{}: no kernels", folder.display());
    println!("{n_kernels} files of kernels with {target}");
    Ok(())
}
