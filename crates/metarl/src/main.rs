//! The `metarl` program: trains, evaluates and reproduces experiments.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is a program's work"
)]

mod cli;
mod memory;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    memory::keep_freed();
    let program = cli::Program::parse();
    program.run().unwrap_or_else(|error| {
        // One line, whatever the error says.
        let text = format!("{error:#}");
        eprintln!(
            "error: {}",
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        );
        ExitCode::from(cli::FAILED)
    })
}
