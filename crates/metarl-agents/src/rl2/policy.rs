//! The trained learner at work.

use metarl_autodiff::{Algebra, Buffer, Kernels, Plain, sample_categorical};
use metarl_core::{
    DecisionBatch, Error, Policy, Rng, Space, TrialObservation, check_act, check_lanes,
};

use super::core::RecurrentState;
use super::inputs::Inputs;
use super::network::{RecurrentActorCritic, RecurrentActorCriticParameters};
use super::recall::Recall;
use super::value_scale::ValueScale;

type Matrix<D> = <Plain<f32, D> as Algebra>::Of<(usize, usize)>;

/// Acts in trials, with a memory for each lane. `O` is the environment's space of observations, so a
/// policy fits its environment by type.
#[derive(Debug)]
pub struct Rl2Policy<O, D: Kernels<f32>, const ACTIONS: usize> {
    algebra: Plain<f32, D>,
    parameters: RecurrentActorCriticParameters<Plain<f32, D>, ACTIONS>,
    network: RecurrentActorCritic<ACTIONS>,
    inputs: Inputs<O, ACTIONS>,
    value_scale: ValueScale,
    /// Steps of its trial each lane has done.
    steps: Buffer<usize>,
    hidden: Buffer<f32>,
    /// Nothing where the recurrent layer has no cell.
    cell: Buffer<f32>,
    recall: Option<Recall>,
    input: Buffer<f32>,
    /// Room for what the network says of each lane, `ACTIONS` numbers and one.
    log_probs: Buffer<f32>,
    values: Buffer<f32>,
}

impl<O: Space, D: Kernels<f32>, const ACTIONS: usize> Rl2Policy<O, D, ACTIONS> {
    /// A policy with an empty memory for `n_lanes` lanes; `recall` has the episodic memory of
    /// each, empty as well.
    pub(super) fn new(
        network: &RecurrentActorCritic<ACTIONS>,
        inputs: Inputs<O, ACTIONS>,
        parameters: &[f32],
        value_scale: ValueScale,
        recall: Option<Recall>,
        device: D,
        n_lanes: usize,
    ) -> Self {
        let algebra = Plain::new(device);
        Self {
            parameters: metarl_autodiff::bind(network, &algebra, parameters),
            algebra,
            network: *network,
            inputs,
            value_scale,
            steps: Buffer::zeros(n_lanes),
            hidden: Buffer::zeros(n_lanes * network.hidden),
            cell: Buffer::zeros(n_lanes * network.hidden),
            recall,
            input: Buffer::zeros(n_lanes * network.row_width()),
            log_probs: Buffer::zeros(n_lanes * ACTIONS),
            values: Buffer::zeros(n_lanes),
        }
    }

    fn n_lanes(&self) -> usize {
        self.steps.len()
    }

    /// What was recalled at the start of each trial, in the order they began.
    pub(super) fn into_history(self) -> Vec<f32> {
        self.recall.map_or_else(Vec::new, Recall::into_history)
    }

    /// Keeps how trials ended and recalls what helps in those that begin.
    fn recall(
        &mut self,
        observation: &[TrialObservation<O::Element, usize>],
        first: &[bool],
    ) -> Result<(), metarl_memory::Error> {
        let Some(recall) = &mut self.recall else {
            return Ok(());
        };
        let cells = self.cell.chunks_exact(self.network.hidden);
        let lanes = observation.iter().zip(first).zip(cells).enumerate();
        for (lane, ((seen, _), cell)) in lanes.filter(|(_, ((_, first), _))| **first) {
            let mut context = vec![0.0; O::WIDTH];
            O::encode(&seen.observation, &mut context);
            recall.begin(lane, context, cell)?;
        }
        Ok(())
    }

    /// `observation` as the network's input, and the state after it.
    fn look(
        &mut self,
        observation: &[TrialObservation<O::Element, usize>],
        first: &[bool],
    ) -> (Matrix<D>, RecurrentState<Plain<f32, D>>) {
        let RecurrentActorCritic { inputs, hidden, .. } = self.network;
        let row_width = self.network.row_width();
        self.inputs.encode(observation, &mut self.input, row_width);
        if let Some(recall) = &self.recall {
            let rows = self.input.chunks_exact_mut(row_width);
            for (row, recalled) in rows.zip(recall.recalled().chunks_exact(hidden)) {
                row[inputs..].copy_from_slice(recalled);
            }
        }
        let n = self.n_lanes();
        let data = |numbers: &[f32], width: usize| self.algebra.data(numbers, (n, width));
        let input = data(&self.input, row_width);
        let state = RecurrentState {
            hidden: data(&self.hidden, hidden),
            cell: Some(data(&self.cell, hidden)),
        };
        let state = self.parameters.remember(input.clone(), state, first);
        (input, state)
    }
}

impl<O: Space, D: Kernels<f32>, const ACTIONS: usize>
    Policy<TrialObservation<O::Element, usize>, usize> for Rl2Policy<O, D, ACTIONS>
{
    fn act(
        &mut self,
        observation: &[TrialObservation<O::Element, usize>],
        first: &[bool],
        rngs: &mut [Rng],
        decision: &mut DecisionBatch<usize>,
    ) -> Result<(), Error> {
        check_act(self.n_lanes(), observation, first, rngs, decision)?;
        self.recall(observation, first)
            .map_err(|error| Error::Policy(error.to_string()))?;
        let (input, state) = self.look(observation, first);
        state.hidden.copy_into(&mut self.hidden);
        if let Some(cell) = state.cell {
            cell.copy_into(&mut self.cell);
        }
        let (policy, value) = self.parameters.decide(input, state.hidden);
        policy.log_probs().copy_into(&mut self.log_probs);
        value.copy_into(&mut self.values);
        let outputs = self.log_probs.iter().chain(&self.values);
        if let Some(bad) = outputs.copied().find(|x| !x.is_finite()) {
            return Err(Error::Policy(format!(
                "the network's output is {bad}: its parameters have diverged"
            )));
        }
        let (rows, _) = self.log_probs.as_chunks::<ACTIONS>();
        for (lane, (row, rng)) in rows.iter().zip(rngs).enumerate() {
            let action = sample_categorical(row, rng);
            decision.action[lane] = action;
            decision.log_prob[lane] = row[action];
            if first[lane] {
                self.steps[lane] = 0;
            }
            let step = self.steps[lane];
            decision.value[lane] = self.value_scale.denormalize(step, self.values[lane]);
            self.steps[lane] += 1;
        }
        Ok(())
    }

    fn bootstrap_value(
        &mut self,
        observation: &[TrialObservation<O::Element, usize>],
        _wanted: &[bool],
        value: &mut [f32],
    ) -> Result<(), Error> {
        check_lanes("observation", observation.len(), self.n_lanes())?;
        let (input, state) = self.look(observation, &Buffer::zeros(observation.len()));
        let (_, estimate) = self.parameters.decide(input, state.hidden);
        estimate.copy_into(&mut self.values);
        for ((value, estimate), step) in value.iter_mut().zip(&self.values).zip(&self.steps) {
            *value = self.value_scale.denormalize(*step, *estimate);
        }
        Ok(())
    }
}
