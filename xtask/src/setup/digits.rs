//! Images for learning from few examples.

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use crate::python::interpreter;

/// Where the digits lie once they are fetched.
const DIGITS: &str = "third_party/digits";

/// Takes a wheel apart and writes its images label first, with pixels from 0 to 1. The package gives
/// 64 pixels from 0 to 16 and then the label.
const CONVERT: &str = "
import gzip, hashlib, sys, zipfile
wheel, out = sys.argv[1:]
packed = zipfile.ZipFile(wheel).read('sklearn/datasets/data/digits.csv.gz')
rows = [line.split(',') for line in gzip.decompress(packed).decode().split()]
text = ''.join(','.join([row[-1]] + [str(int(x) / 16) for x in row[:-1]]) + '\\n' for row in rows)
open(out, 'w', newline='').write(text)
print(len(rows), hashlib.sha256(text.encode()).hexdigest())
";
/// How many images, and the hash of the file.
const WRITTEN: &str = "1797 550256cac9b9bfc5f9c26c24002707414cc912053332113721659a865d6bcc40";

/// The test set of UCI's Optical Recognition of Handwritten Digits, CC BY 4.0, as the package
/// scikit-learn has it, whose wheel is held to its hash. The wheel is taken apart and not installed.
pub(crate) fn digits(sh: &Shell) -> Result<()> {
    let python = interpreter(sh, "target/setup/venv")?;
    let download = sh.current_dir().join("target/setup/digits");
    sh.remove_path(&download)?;
    let wheel = "--no-deps --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 --platform manylinux2014_x86_64";
    let wheel = wheel.split(' ');
    let hashed = [
        "--require-hashes",
        "--requirement",
        "xtask/setup/digits.txt",
    ];
    cmd!(
        sh,
        "{python} -m pip download --quiet {wheel...} {hashed...} --dest {download}"
    )
    .run()
    .context("scikit-learn could not be fetched from PyPI")?;
    let files = sh.read_dir(&download)?;
    let file = files.first().context("pip downloaded nothing")?;
    sh.create_dir(DIGITS)?;
    let convert = CONVERT;
    let written = cmd!(sh, "{python} -c {convert} {file} {DIGITS}/digits.csv")
        .quiet()
        .read()?;
    ensure!(
        written == WRITTEN,
        "{DIGITS}/digits.csv should be {WRITTEN}, is {written}"
    );
    sh.remove_path(&download)?;
    println!("1797 images of digits are in {DIGITS}/digits.csv");
    Ok(())
}
