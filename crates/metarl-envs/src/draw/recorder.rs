//! Whoever plays, somebody watches.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metarl_core::{Element, Outcome, Process, Rng};

use super::{Draw, Frame, Picture};

/// What has been seen so far, in the order it happened. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Tape>>);

#[derive(Debug, Default)]
struct Tape {
    frames: Vec<Frame>,
    heading: String,
    episode: usize,
    n_steps: usize,
    total: f64,
    /// Whether the last frame is the start of an episode that follows another.
    only_began: bool,
}

impl Recorder {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Words for the captions of the frames that follow, such as what the agent knows by then.
    /// Episodes are counted anew.
    pub fn head(&self, heading: impl Into<String>) {
        let mut tape = self.tape();
        tape.heading = heading.into();
        tape.episode = 0;
    }

    /// The frames, which are then forgotten. The start of an episode in which nothing was done is not
    /// among them.
    #[must_use]
    pub fn take(&self) -> Vec<Frame> {
        let mut tape = std::mem::take(&mut *self.tape());
        if tape.only_began {
            tape.frames.pop();
        }
        tape.frames
    }

    /// A recording has no state that a panic elsewhere could have left half-done.
    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tape {
    /// An episode begins; where nothing has changed to look at, no frame is spent on it.
    fn begin(&mut self, picture: Option<Picture>) {
        self.only_began = picture.is_some() && self.n_steps > 0;
        self.episode += 1;
        (self.n_steps, self.total) = (0, 0.0);
        if let Some(picture) = picture {
            let caption = format!("{}episode {}", self.prefix(), self.episode);
            self.frames.push(Frame { picture, caption });
        }
    }

    fn step(&mut self, picture: Picture, action: String, outcome: Outcome) {
        self.only_began = false;
        self.n_steps += 1;
        self.total += f64::from(outcome.reward);
        let end = if outcome.terminated { ", ended" } else { "" };
        let caption = format!(
            "{}episode {}, step {}: action {action}, reward {:.2}, return {:.2}{end}",
            self.prefix(),
            self.episode,
            self.n_steps,
            outcome.reward,
            self.total,
        );
        self.frames.push(Frame { picture, caption });
    }

    fn prefix(&self) -> String {
        if self.heading.is_empty() {
            String::new()
        } else {
            format!("{}: ", self.heading)
        }
    }
}

/// A process that leaves a frame of every step with a recorder: for batches of one lane, since lanes
/// are not told apart.
#[derive(Debug, Clone)]
pub struct Recorded<P> {
    /// Who is watched.
    pub process: P,
    /// Who watches.
    pub recorder: Recorder,
}

impl<P: Draw> Process for Recorded<P> {
    forward! { Task Model State ObservationSpace ActionSpace NAME observation_space action_space max_steps model observe }

    fn start(&self, model: &P::Model, rng: &mut Rng) -> P::State {
        let state = self.process.start(model, rng);
        let picture = self.process.draw(model, &state, None);
        self.recorder.tape().begin(Some(picture));
        state
    }

    fn restart(&self, model: &P::Model, state: &mut P::State, rng: &mut Rng) {
        let before = self.process.draw(model, state, None);
        self.process.restart(model, state, rng);
        let picture = self.process.draw(model, state, None);
        let changed = (picture != before).then_some(picture);
        self.recorder.tape().begin(changed);
    }

    fn advance(
        &self,
        model: &P::Model,
        state: &mut P::State,
        action: &Element<P::ActionSpace>,
        rng: &mut Rng,
    ) -> Outcome {
        let outcome = self.process.advance(model, state, action, rng);
        let picture = self.process.draw(model, state, Some(action));
        self.recorder
            .tape()
            .step(picture, format!("{action:.2?}"), outcome);
        outcome
    }
}
