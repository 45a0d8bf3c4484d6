//! Work on the repository: `cargo xtask --help`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a person at a terminal"
)]

mod bridge;
mod commands;
mod flags;
mod gpu;
mod parity;
mod peers;
mod python;
mod setup;
mod tidy;
mod workspace;

use std::process::ExitCode;

use flags::{SetupCmd, XtaskCmd};
use xshell::Shell;

fn main() -> ExitCode {
    let command = flags::Xtask::from_env_or_exit().subcommand;
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: XtaskCmd) -> anyhow::Result<()> {
    let sh = Shell::new()?;
    sh.change_dir(workspace::root());
    match command {
        XtaskCmd::Test(_) => commands::test(&sh),
        XtaskCmd::Check(_) => commands::check(&sh),
        XtaskCmd::Tidy(_) => commands::tidy(&sh),
        XtaskCmd::Gradcheck(_) => commands::gradcheck(&sh),
        XtaskCmd::Features(_) => commands::features(&sh),
        XtaskCmd::Bench(flags) if flags.peers => {
            peers::peers(&sh, flags.only.as_deref(), flags.quick, flags.json)
        }
        XtaskCmd::Bench(flags) => commands::bench(&sh, flags.filter.as_deref()),
        XtaskCmd::Parity(flags) => parity::parity(&sh, flags.json),
        XtaskCmd::Setup(flags) => match flags.subcommand {
            SetupCmd::Box2d(_) => setup::box2d(&sh),
            SetupCmd::Digits(_) => setup::digits(&sh),
            SetupCmd::Mujoco(_) => setup::mujoco(&sh),
        },
        XtaskCmd::Bridge(flags) => bridge::bridge(&sh, flags.measure),
        XtaskCmd::Gpu(flags) => {
            let capability = flags.compute_capability.as_deref();
            gpu::gpu(&sh, flags.action, capability.unwrap_or("9.0"))
        }
        XtaskCmd::Doc(_) => commands::doc(&sh),
        XtaskCmd::Ci(_) => commands::ci(&sh),
    }
}
