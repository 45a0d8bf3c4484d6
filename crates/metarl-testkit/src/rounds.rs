//! A worker that is measured beside a peer: a line in, a measured rate out.

use std::io::{BufRead, Write};
use std::time::Instant;

/// Shortest time a round measures.
const SECONDS: f64 = 0.5;

/// Answers each line of `questions` with a rate, in pieces of work a second: those that `work` says
/// it has done, over at least half a second. Says `{}` when it is ready, after one call to warm up.
///
/// This is the protocol of `cargo xtask bench --peers`; a worker hands it its standard input and
/// output.
///
/// # Errors
///
/// Whatever reading and writing return, and the first error of `work`.
///
/// # Examples
///
/// ```
/// let mut answers = Vec::new();
/// let mut n_calls = 0;
/// let work = || {
///     n_calls += 1;
///     Ok::<_, std::io::Error>(7)
/// };
/// metarl_testkit::rounds::serve(&b"\n"[..], &mut answers, work)?;
/// let answers = String::from_utf8(answers).expect("text");
/// let rate: f64 = answers.lines().nth(1).expect("an answer").parse().expect("a number");
/// assert!(n_calls >= 2 && rate > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn serve<Err>(
    questions: impl BufRead,
    mut answers: impl Write,
    mut work: impl FnMut() -> Result<usize, Err>,
) -> Result<(), Box<dyn std::error::Error>>
where
    Box<dyn std::error::Error>: From<Err>,
{
    work()?;
    writeln!(answers, "{{}}")?;
    answers.flush()?;
    for question in questions.lines() {
        question?;
        let (start, mut done) = (Instant::now(), 0);
        while start.elapsed().as_secs_f64() < SECONDS {
            done += work()?;
        }
        writeln!(answers, "{}", done as f64 / start.elapsed().as_secs_f64())?;
        answers.flush()?;
    }
    Ok(())
}
