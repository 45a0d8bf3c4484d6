//! Convolutions over images and over the past.

use metarl_autodiff::{
    Activation, Algebra, Binder, CausalConv, CausalConvParameters, Conv2d, Conv2dParameters, Image,
    ImageLayout, Network,
};
use proptest::prelude::*;

use crate::layer::{Layer, activation, large, sequence, weighed};
use crate::reference;

/// A few images.
#[derive(Debug, Clone)]
struct Images {
    n: usize,
    layer: Conv2d,
}

impl Network for Images {
    type Bound<A: Algebra> = Conv2dParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        self.layer.bind(binder)
    }
}

impl Layer for Images {
    fn shape(&self) -> (usize, usize) {
        (self.n, self.layer.image.n_numbers())
    }

    fn forward<A: Algebra>(
        &self,
        layer: Conv2dParameters<A>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        layer.forward(x)
    }

    fn reference(&self, x: &[f64], parameters: &[&[f64]]) -> Vec<f64> {
        reference::conv2d(&self.layer, x, parameters[0], parameters[1])
    }

    fn is_smooth(&self, x: &[f64], parameters: &[&[f64]]) -> bool {
        let linear = Conv2d {
            activation: Activation::Identity,
            ..self.layer
        };
        let affine = reference::conv2d(&linear, x, parameters[0], parameters[1]);
        self.layer.activation != Activation::Relu || affine.iter().all(|a| a.abs() > 1e-3)
    }
}

fn layout() -> impl Strategy<Value = ImageLayout> {
    prop_oneof![
        Just(ImageLayout::ChannelsFirst),
        Just(ImageLayout::ChannelsLast)
    ]
}

prop_compose! {
    fn images()(
        n in 1..4_usize,
        (kernel, padding) in (1..4_usize, 0..3_usize),
        stride in 1..4_usize,
        (more_rows, more_columns) in (0..4_usize, 0..4_usize),
        channels in 1..3_usize,
        filters in 1..4_usize,
        (activation, layout) in (activation(), layout()),
    ) -> Images {
        // As small as the kernel allows, padding included, and a little larger.
        let smallest = kernel.saturating_sub(2 * padding).max(1);
        let image = Image {
            height: smallest + more_rows,
            width: smallest + more_columns,
            channels,
            layout,
        };
        let layer = Conv2d { image, filters, kernel, stride, padding, activation, gain: 1.0 };
        Images { n, layer }
    }
}

/// A causal convolution and the sequence it runs over.
#[derive(Debug, Clone)]
struct Past {
    layer: CausalConv,
    n_lanes: usize,
    reset: Vec<bool>,
}

impl Network for Past {
    type Bound<A: Algebra> = CausalConvParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        self.layer.bind(binder)
    }
}

impl Layer for Past {
    fn shape(&self) -> (usize, usize) {
        (self.reset.len(), self.layer.inputs)
    }

    fn forward<A: Algebra>(
        &self,
        layer: CausalConvParameters<A>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        layer.forward(x, self.n_lanes, &self.reset)
    }

    fn reference(&self, x: &[f64], parameters: &[&[f64]]) -> Vec<f64> {
        let lanes = (self.n_lanes, &*self.reset);
        reference::causal_conv(&self.layer, lanes, x, parameters[0], parameters[1])
    }

    fn is_smooth(&self, x: &[f64], parameters: &[&[f64]]) -> bool {
        let mut linear = self.clone();
        linear.layer.activation = Activation::Identity;
        let affine = linear.reference(x, parameters);
        self.layer.activation != Activation::Relu || affine.iter().all(|a| a.abs() > 1e-3)
    }
}

prop_compose! {
    fn past()(
        (inputs, outputs) in (1..4_usize, 1..4_usize),
        kernel in 1..4_usize,
        dilation in 1..4_usize,
        activation in activation(),
        (n_lanes, reset) in sequence(7),
    ) -> Past {
        let layer = CausalConv { inputs, outputs, kernel, dilation, activation, gain: 1.0 };
        Past { layer, n_lanes, reset }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_convolution_over_images_is_its_equation((loss, x, v) in weighed(images())) {
        loss.check(&x, &v);
    }

    #[test]
    fn a_convolution_over_the_past_is_its_equation((loss, x, v) in weighed(past())) {
        loss.check(&x, &v);
    }

    #[test]
    fn an_output_has_a_number_a_position_and_filter(images in images()) {
        let parameters = [vec![0.0; images.layer.kernel.pow(2) * images.layer.image.channels
            * images.layer.filters], vec![0.0; images.layer.filters]];
        let parameters: Vec<&[f64]> = parameters.iter().map(Vec::as_slice).collect();
        let (n, m) = images.shape();
        let y = images.reference(&vec![0.0; n * m], &parameters);
        prop_assert_eq!(y.len(), n * images.layer.output().n_numbers());
    }
}

/// 16 images of 36 windows: two blocks, the second one smaller, and runs of 12 and 18 numbers.
#[test]
fn many_images_are_cut_into_blocks() {
    let layer = Conv2d {
        image: Image {
            height: 6,
            width: 6,
            channels: 6,
            layout: ImageLayout::ChannelsLast,
        },
        filters: 2,
        kernel: 3,
        stride: 1,
        padding: 1,
        activation: Activation::Tanh,
        gain: 1.0,
    };
    let (loss, x) = large(Images { n: 16, layer });
    loss.check_gradient(&x);
}

#[test]
#[should_panic = "a kernel of 3 on 2 pixels"]
fn a_kernel_fits_its_image() {
    let image = Image {
        height: 2,
        width: 5,
        channels: 1,
        layout: ImageLayout::ChannelsLast,
    };
    let _ = metarl_autodiff::Windows::over_image(image, 3, 1, 0);
}
