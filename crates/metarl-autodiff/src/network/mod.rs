//! Networks as descriptions: sizes here, numbers in one flat vector, bound together for each
//! evaluation in whatever algebra it wants.

mod causal_attention;
mod causal_conv;
mod conv2d;
mod dense;
mod episodic_lstm;
mod gru;
mod layer_norm;
mod layout;
mod lstm;
mod mlp;

use std::fmt::Display;

use dfdx::prelude::Shape;

pub use causal_attention::{CausalAttention, CausalAttentionParameters};
pub use causal_conv::{CausalConv, CausalConvParameters};
pub use conv2d::{Conv2d, Conv2dParameters};
pub use dense::{Dense, DenseParameters};
pub use episodic_lstm::{EpisodicLstm, EpisodicLstmParameters};
pub use gru::{Gru, GruParameters};
pub use layer_norm::{LayerNorm, LayerNormParameters};
pub use layout::{Initialization, Layout, Leaf};
pub(crate) use layout::{check_count, count_parameters};
pub use lstm::{Lstm, LstmParameters, LstmState};
pub use mlp::{Mlp, MlpParameters};

use crate::Algebra;

/// The description of a network: which parameters it has, by name and shape.
///
/// Parameters themselves live in a flat `&[E]` in the order `bind` asks for them, so that
/// optimizers, conjugate gradients and meta-gradients are plain vector algebra and know no network.
pub trait Network: Send + Sync {
    /// The parameters as values of an algebra: what a forward pass computes with.
    type Bound<A: Algebra>;

    /// Asks the binder for every parameter, always in the same order.
    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A>;
}

/// Hands out parameters in order.
pub trait Binder<A: Algebra> {
    /// The next parameter.
    fn leaf<S: Shape>(&mut self, name: impl Display, shape: S, start: Initialization) -> A::Of<S>;

    /// Binds a part of the network whose parameters are named `name.…`.
    fn part<N: Network>(&mut self, name: impl Display, network: &N) -> N::Bound<A>
    where
        Self: Sized;
}

/// Two networks side by side: the second may be whatever the loss also depends on, such as learned
/// step sizes or a discount.
impl<M: Network, N: Network> Network for (M, N) {
    type Bound<A: Algebra> = (M::Bound<A>, N::Bound<A>);

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        (binder.part("0", &self.0), binder.part("1", &self.1))
    }
}
