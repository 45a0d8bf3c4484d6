//! Every image a class of its own.

use std::sync::Arc;

use metarl_core::{Error, FewShotTask, Rng, TaskDistribution, check_range};
use rand::RngExt;
use rand::seq::index::sample;
use serde::{Deserialize, Serialize};

use super::{FewShot, LabelledData};

/// How far an image is distorted: each number is drawn anew between minus and plus its bound.
///
/// ```text
/// y(p) = x(c + t + R(φ) [1 s; s′ 1] diag(eᶻ, eᶻ′) (p − c))
/// ```
///
/// p is a place of the distorted image y, c the middle of the image, and R a rotation.
///
/// | name | default | range | meaning |
/// |---|---|---|---|
/// | `shift` | 1 | ≥ 0 | t, up or down and to the sides, in pixels |
/// | `turn` | 0.3 | ≥ 0 | φ, in radians |
/// | `shear` | 0.3 | ≥ 0 | s and s′ |
/// | `scale` | 0.15 | ≥ 0 | z and z′, logarithms of factors on height and width |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Distortion {
    /// Pixels up or down and to the sides.
    pub shift: f32,
    /// Radians.
    pub turn: f32,
    /// How far edges lean.
    pub shear: f32,
    /// Logarithms of factors on height and width.
    pub scale: f32,
}

impl Default for Distortion {
    fn default() -> Self {
        Self {
            shift: 1.0,
            turn: 0.3,
            shear: 0.3,
            scale: 0.15,
        }
    }
}

impl Distortion {
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first bound that is below 0 or not finite.
    pub fn check(&self) -> Result<(), Error> {
        for (name, bound) in [
            ("shift", self.shift),
            ("turn", self.turn),
            ("shear", self.shear),
            ("scale", self.scale),
        ] {
            let known = bound >= 0.0 && bound.is_finite();
            check_range(name, "at least 0 and finite", bound, known)?;
        }
        Ok(())
    }

    /// Checks a number of copies as well.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] as [`check`](Self::check) has it, and for more than 1024 copies.
    pub fn check_copies(&self, n_copies: usize) -> Result<(), Error> {
        self.check()?;
        check_range("n_copies", "at most 1024", n_copies, n_copies <= 1024)
    }

    /// A distorted copy of a square image; what lies outside is zero, between pixels it is
    /// interpolated.
    pub(super) fn of(&self, image: &[f32], rng: &mut Rng) -> Vec<f32> {
        let mut within = |bound: f32| (2.0 * rng.random::<f32>() - 1.0) * bound;
        let [down, right] = [within(self.shift), within(self.shift)];
        let (sin, cos) = within(self.turn).sin_cos();
        let [lean, slope] = [within(self.shear), within(self.shear)];
        let [tall, wide] = [within(self.scale).exp(), within(self.scale).exp()];
        let side = image.len().isqrt();
        let middle = (side as f32 - 1.0) / 2.0;
        let seen = |idx: usize| {
            let y = ((idx / side) as f32 - middle) * tall;
            let x = ((idx % side) as f32 - middle) * wide;
            let [y, x] = [y + lean * x, slope * y + x];
            let [y, x] = [cos * y - sin * x, sin * y + cos * x];
            between_pixels(image, side, [y + middle + down, x + middle + right])
        };
        (0..image.len()).map(seen).collect()
    }
}

/// An image at a place that need not be a pixel: the four around it, the near ones more.
fn between_pixels(image: &[f32], side: usize, [y, x]: [f32; 2]) -> f32 {
    let near = |row: f32, column: f32| {
        let inside = |k: f32| 0.0 <= k && k < side as f32;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole numbers inside the image"
        )]
        let place = || row as usize * side + column as usize;
        let weight = (1.0 - (row - y).abs()) * (1.0 - (column - x).abs());
        if inside(row) && inside(column) {
            weight * image[place()]
        } else {
            0.0
        }
    };
    let (top, left) = (y.floor(), x.floor());
    near(top, left) + near(top, left + 1.0) + near(top + 1.0, left) + near(top + 1.0, left + 1.0)
}

/// Few-shot tasks whose classes are single images: each example of a class is the same image,
/// distorted anew.
///
/// There are as many classes as images, so that an embedding learns what distortions leave as it is
/// instead of what tells few labels apart. The labels are not used.
///
/// # References
///
/// Khodadadeh, Bölöni & Shah, *Unsupervised Meta-Learning for Few-Shot Image Classification*, 2019,
/// [arXiv:1811.11819](https://arxiv.org/abs/1811.11819), section 3.
#[derive(Debug, Clone, PartialEq)]
pub struct DistortedImages {
    name: String,
    data: Arc<LabelledData>,
    shape: FewShot,
    distortion: Distortion,
}

impl DistortedImages {
    /// Tasks of all images of `data`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when the features are not a square or there are fewer than `n_ways` images,
    /// and those of [`FewShot::check`] and [`Distortion::check`].
    pub fn new(
        name: &str,
        data: Arc<LabelledData>,
        shape: FewShot,
        distortion: Distortion,
    ) -> Result<Self, Error> {
        shape.check()?;
        distortion.check()?;
        let (n_features, n_images) = (data.n_features(), data.n_examples());
        let square = n_features.isqrt().pow(2) == n_features;
        check_range("n_features", "a square", n_features, square)?;
        let enough = n_images >= shape.n_ways;
        check_range("examples", "at least n_ways", n_images, enough)?;
        Ok(Self {
            name: name.to_owned(),
            data,
            shape,
            distortion,
        })
    }
}

impl TaskDistribution for DistortedImages {
    type Task = FewShotTask;

    fn name(&self) -> String {
        let FewShot {
            n_ways, n_shots, ..
        } = self.shape;
        format!(
            "few-shot/{}-distorted-{n_ways}-way-{n_shots}-shot@1",
            self.name
        )
    }

    fn sample(&self, rng: &mut Rng) -> FewShotTask {
        let FewShot {
            n_ways,
            n_shots,
            n_queries,
        } = self.shape;
        let images = sample(rng, self.data.n_examples(), n_ways);
        let mut examples = |n: usize| -> (Vec<f32>, Vec<usize>) {
            let labels = (0..n_ways * n).map(|idx| idx / n);
            let examples = labels.clone().flat_map(|class| {
                let image = self.data.example(images.index(class));
                self.distortion.of(image, rng)
            });
            (examples.collect(), labels.collect())
        };
        let (support, support_label) = examples(n_shots);
        let (query, query_label) = examples(n_queries);
        FewShotTask {
            n_ways,
            n_features: self.data.n_features(),
            support,
            support_label,
            query,
            query_label,
        }
    }
}
