//! Estimates a second over 2048 steps of 64 lanes, `f32`, for `cargo xtask bench --peers`.
//!
//! ```text
//! estimators gae           generalized advantage estimates
//! estimators v-trace       V-trace's value targets and advantages
//! estimators copy-18       as many bytes copied an entry as `gae` reads and writes, to compare with
//! estimators copy-26       as many as `v-trace`
//! ```

use std::error::Error;
use std::hint::black_box;
use std::io;

use metarl_returns::{Transitions, VTrace, gae, v_trace};
use metarl_testkit::rounds;

const N_LANES: usize = 64;
const N: usize = 2048 * N_LANES;

fn wave(pace: f32) -> Vec<f32> {
    (0..N).map(|i| (pace * i as f32).sin()).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let streams = (io::stdin().lock(), io::stdout().lock());
    let (reward, value, next_value) = (wave(0.7), wave(1.1), wave(1.3));
    let ratio: Vec<f32> = wave(1.7).iter().map(|x| 1.0 + 0.5 * x).collect();
    // An episode in a hundred steps, and as many that are cut.
    let terminated: Vec<bool> = (0..N).map(|i| i % 101 == 0).collect();
    let truncated: Vec<bool> = (0..N).map(|i| i % 103 == 0).collect();
    let transitions = Transitions {
        n_lanes: N_LANES,
        reward: &reward,
        next_value: &next_value,
        terminated: &terminated,
        truncated: &truncated,
    };
    let (mut target, mut advantage) = (vec![0.0; N], vec![0.0; N]);
    match name.as_str() {
        "gae" => rounds::serve(streams.0, streams.1, || {
            gae(black_box(&transitions), &value, 0.99, 0.95, &mut advantage).map(|()| N)
        }),
        "v-trace" => {
            let params = VTrace {
                discount: 0.99,
                lambda: 0.95,
                rho_bar: 1.0,
                c_bar: 1.0,
            };
            rounds::serve(streams.0, streams.1, || {
                let transitions = black_box(&transitions);
                v_trace(
                    transitions,
                    &value,
                    &ratio,
                    params,
                    &mut target,
                    &mut advantage,
                )
                .map(|()| N)
            })
        }
        // Floats read and written, and two flags; half of the bytes moved are read, half are written.
        "copy-18" => copy(18 / 2 * N, streams),
        "copy-26" => copy(26 / 2 * N, streams),
        _ => Err(format!("no work `{name}`").into()),
    }
}

fn copy(
    n_bytes: usize,
    (input, output): (impl io::BufRead, impl io::Write),
) -> Result<(), Box<dyn Error>> {
    let from = vec![1_u8; n_bytes];
    let mut to = vec![0_u8; n_bytes];
    rounds::serve(input, output, || {
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
        Ok::<_, metarl_returns::Error>(N)
    })
}
