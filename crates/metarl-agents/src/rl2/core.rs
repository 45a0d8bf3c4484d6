//! The recurrent layer: what an agent remembers with.

use metarl_autodiff::{
    Algebra, Binder, EpisodicLstm, EpisodicLstmParameters, Gru, GruParameters, Lstm,
    LstmParameters, LstmState, Network,
};
use serde::{Deserialize, Serialize};

/// Kinds of recurrent layers.
///
/// | kind | remembers |
/// |---|---|
/// | [`Gru`](Self::Gru) | the trial it is in (Duan et al. 2016) |
/// | [`Lstm`](Self::Lstm) | the same, in a cell (Wang et al. 2016) |
/// | [`EpisodicLstm`](Self::EpisodicLstm) | also how earlier trials in the same context ended (Ritter et al. 2018) |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Core {
    /// A gated recurrent unit.
    #[default]
    Gru,
    /// A long short-term memory.
    Lstm,
    /// A long short-term memory whose cell state is kept when a trial ends, and reinstated when the
    /// context returns.
    EpisodicLstm,
}

/// A recurrent layer by its kind and sizes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recurrent {
    pub(super) core: Core,
    pub(super) inputs: usize,
    pub(super) hidden: usize,
    pub(super) longest_memory: usize,
}

#[derive(Debug, Clone)]
pub(super) enum RecurrentParameters<A: Algebra> {
    Gru(GruParameters<A>),
    Lstm(LstmParameters<A>),
    EpisodicLstm(EpisodicLstmParameters<A>),
}

/// State of a recurrent layer, `(lanes, hidden)` or `(rows, hidden)`.
#[derive(Debug, Clone)]
pub struct RecurrentState<A: Algebra> {
    /// What the layer shows.
    pub hidden: A::Of<(usize, usize)>,
    /// What it remembers, where that is something else.
    pub cell: Option<A::Of<(usize, usize)>>,
}

impl Network for Recurrent {
    type Bound<A: Algebra> = RecurrentParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let Self {
            core,
            inputs,
            hidden,
            longest_memory,
        } = *self;
        match core {
            Core::Gru => {
                let layer = Gru {
                    inputs,
                    hidden,
                    longest_memory,
                };
                RecurrentParameters::Gru(layer.bind(binder))
            }
            Core::Lstm => {
                let layer = Lstm {
                    inputs,
                    hidden,
                    longest_memory,
                };
                RecurrentParameters::Lstm(layer.bind(binder))
            }
            Core::EpisodicLstm => {
                let layer = EpisodicLstm {
                    inputs,
                    hidden,
                    longest_memory,
                };
                RecurrentParameters::EpisodicLstm(layer.bind(binder))
            }
        }
    }
}

impl<A: Algebra> RecurrentParameters<A> {
    /// States after every row; rows are time-major. A row of the episodic LSTM's input is an
    /// observation and then what is recalled.
    pub(super) fn forward(
        &self,
        input: A::Of<(usize, usize)>,
        RecurrentState { hidden, cell }: RecurrentState<A>,
        first: &[bool],
    ) -> RecurrentState<A> {
        let cell = || cell.unwrap_or_else(|| A::zeros_like(&hidden));
        let LstmState { hidden, cell } = match self {
            Self::Gru(layer) => {
                let hidden = layer.forward(input, hidden, first);
                return RecurrentState { hidden, cell: None };
            }
            Self::Lstm(layer) => {
                let cell = cell();
                layer.forward(input, LstmState { hidden, cell }, first)
            }
            Self::EpisodicLstm(layer) => {
                let cell = cell();
                let (observed, _) = A::shape(&layer.input_weight);
                let (_, width) = A::shape(&hidden);
                let recalled = A::columns(input.clone(), observed, width);
                let input = A::columns(input, 0, observed);
                layer.forward(input, recalled, LstmState { hidden, cell }, first)
            }
        };
        RecurrentState {
            hidden,
            cell: Some(cell),
        }
    }
}
