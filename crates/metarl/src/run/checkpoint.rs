//! An agent in training as one safetensors file.

use std::collections::HashMap;
use std::path::Path;

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;
use crate::system::Learner;

/// The rest of an agent's state, in the metadata of the file that holds its parameters: one file, so
/// that parameters and optimizer can never be of different iterations.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    seconds: f64,
    /// The learner's state without its `parameters`.
    state: Value,
}

impl Checkpoint {
    /// Name of the file.
    pub const FILE: &str = "checkpoint.safetensors";
    const KEY: &str = "metarl-training-state";
    const PARAMETERS: &str = "parameters";

    /// The file of an agent that was trained for some seconds. `path` is for errors.
    pub(super) fn of(path: &Path, learner: &dyn Learner, seconds: f64) -> Result<Vec<u8>, Error> {
        let mut state = learner
            .state()
            .map_err(|error| Error::damaged(path, error))?;
        if let Some(state) = state.as_object_mut() {
            state.remove(Self::PARAMETERS);
        }
        let rest = serde_json::to_string(&Self { seconds, state })
            .map_err(|error| Error::damaged(path, error))?;
        let layout = learner.layout();
        let named = layout
            .to_safetensors(learner.parameters())
            .map_err(|error| Error::damaged(path, error))?;
        let tensors = SafeTensors::deserialize(&named)
            .map_err(|error| Error::damaged(path, error))?
            .tensors();
        let metadata = HashMap::from([(Self::KEY.to_owned(), rest)]);
        safetensors::serialize(tensors, Some(metadata)).map_err(|error| Error::damaged(path, error))
    }

    /// Puts the agent into the state of the file; gives the seconds of training.
    pub(super) fn restore(
        path: &Path,
        bytes: &[u8],
        learner: &mut dyn Learner,
    ) -> Result<f64, Error> {
        let damaged = |message: String| Error::damaged(path, message);
        let parameters: Vec<f32> = learner
            .layout()
            .from_safetensors(bytes)
            .map_err(|error| damaged(format!("not a checkpoint of this experiment: {error}")))?;
        let (_, header) =
            SafeTensors::read_metadata(bytes).map_err(|error| damaged(error.to_string()))?;
        let rest = header
            .metadata()
            .as_ref()
            .and_then(|map| map.get(Self::KEY));
        let rest = rest.ok_or_else(|| {
            damaged("has parameters but no training state: not written by metarl".to_owned())
        })?;
        let broken = |error: String| damaged(format!("its training state is broken: {error}"));
        let mut kept: Self =
            serde_json::from_str(rest).map_err(|error| broken(error.to_string()))?;
        if let Some(state) = kept.state.as_object_mut() {
            state.insert(Self::PARAMETERS.to_owned(), parameters.into());
        }
        learner.restore(kept.state).map_err(broken)?;
        Ok(kept.seconds)
    }
}
