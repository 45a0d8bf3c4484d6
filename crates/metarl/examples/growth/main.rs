//! How cost grows, as figures: of derivatives and iterations with batch, width, inner steps and tasks, of
//! look-ups with the number of keys and their dimension.
//!
//! ```text
//! cargo run --release -p metarl --example growth -- derivatives docs/pictures/derivatives.svg
//! cargo run --release -p metarl --example growth -- neighbors docs/pictures/neighbors.svg
//! ```
//!
//! Two minutes each on a quiet machine. All but whole iterations run on one thread.
#![expect(clippy::print_stdout, reason = "what it measures is printed")]

mod derivatives;
mod neighbors;
mod panel;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, path] = &arguments[..] else {
        return Err("say `derivatives` or `neighbors`, and where to draw".into());
    };
    let panels = match name.as_str() {
        "derivatives" => derivatives::panels()?,
        "neighbors" => neighbors::panels()?,
        _ => return Err(format!("no figure `{name}`: derivatives or neighbors").into()),
    };
    panel::draw(path, &panels)?;
    println!("{path}");
    Ok(())
}
