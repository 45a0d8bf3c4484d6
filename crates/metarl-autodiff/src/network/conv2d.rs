//! A convolution over images.

use serde::{Deserialize, Serialize};

use super::{Binder, Initialization, Network};
use crate::algebra::Activation;
use crate::{Algebra, Image, ImageLayout, Windows};

/// `φ(window W + b)` at every window of an image.
///
/// # Examples
///
/// The first layer of MinAtar's networks: 16 filters of 3 × 3 on boards of 10 × 10.
///
/// ```
/// use metarl_autodiff::{Activation, Conv2d, Image, ImageLayout, Layout};
///
/// let conv = Conv2d {
///     image: Image { height: 10, width: 10, channels: 4, layout: ImageLayout::ChannelsFirst },
///     filters: 16,
///     kernel: 3,
///     stride: 1,
///     padding: 0,
///     activation: Activation::Relu,
///     gain: 1.0,
/// };
/// assert_eq!(Layout::of(&conv).n_parameters(), 3 * 3 * 4 * 16 + 16);
/// assert_eq!(conv.output().n_numbers(), 8 * 8 * 16);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Conv2d {
    /// Its inputs.
    pub image: Image,
    /// Channels of its outputs.
    pub filters: usize,
    /// Side of a window in pixels, at least 1 and no longer than the padded image.
    pub kernel: usize,
    /// Pixels from one window to the next, at least 1.
    pub stride: usize,
    /// Zeros around the image.
    pub padding: usize,
    /// Non-linearity.
    pub activation: Activation,
    /// Factor on [He's limit](Initialization::He) for the first weights.
    pub gain: f64,
}

/// Parameters of a [`Conv2d`].
#[derive(Debug, Clone)]
pub struct Conv2dParameters<A: Algebra> {
    /// `(kernel · kernel · channels, filters)`, rows in the order row, column, channel.
    pub weight: A::Of<(usize, usize)>,
    /// `(filters,)`
    pub bias: A::Of<(usize,)>,
    /// From channels first to channels last, where that has to be done.
    reorder: Option<Windows>,
    windows: Windows,
    activation: Activation,
}

impl Conv2d {
    /// Its outputs: the next layer's inputs.
    ///
    /// # Panics
    ///
    /// When `stride` is zero or the kernel is larger than the padded image, as binding does.
    #[must_use]
    pub fn output(&self) -> Image {
        let side = |pixels| Windows::n_steps(pixels, self.kernel, self.stride, self.padding);
        Image {
            height: side(self.image.height),
            width: side(self.image.width),
            channels: self.filters,
            layout: ImageLayout::ChannelsLast,
        }
    }
}

impl Network for Conv2d {
    type Bound<A: Algebra> = Conv2dParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let windows = Windows::over_image(self.image, self.kernel, self.stride, self.padding);
        let start = Initialization::He { gain: self.gain };
        let zero = Initialization::Constant(0.0);
        Conv2dParameters {
            weight: binder.leaf("weight", (windows.width(), self.filters), start),
            bias: binder.leaf("bias", (self.filters,), zero),
            reorder: (self.image.layout == ImageLayout::ChannelsFirst)
                .then(|| Windows::channels_last(self.image)),
            windows,
            activation: self.activation,
        }
    }
}

impl<A: Algebra> Conv2dParameters<A> {
    /// Images in rows: `(N, image) → (N, output)`.
    pub fn forward(&self, x: A::Of<(usize, usize)>) -> A::Of<(usize, usize)> {
        let (n, _) = A::shape(&x);
        let x = match &self.reorder {
            Some(reorder) => A::unfold(x, reorder),
            None => x,
        };
        let (weight, bias) = (self.weight.clone(), self.bias.clone());
        let (_, filters) = A::shape(&weight);
        let y = A::convolution(x, &self.windows, weight, bias, self.activation);
        A::reshape(y, (n, self.windows.n_positions() * filters))
    }
}
