//! Which numbers each position of a convolution sees.

use serde::{Deserialize, Serialize};

use crate::Scalar;
use crate::sequence::first_rows;

/// The order of an image's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageLayout {
    /// Channel after channel, each row after row, as MinAtar's boards are.
    ChannelsFirst,
    /// Pixel after pixel, as convolutions write their outputs.
    ChannelsLast,
}

/// Sizes of an image, and the order of its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Image {
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// Numbers a pixel.
    pub channels: usize,
    /// The order of its numbers.
    pub layout: ImageLayout,
}

impl Image {
    /// How many numbers an image has.
    #[must_use]
    pub fn n_numbers(&self) -> usize {
        self.height * self.width * self.channels
    }
}

/// Which numbers of a row each position of a convolution sees.
///
/// A window copies runs of neighboring numbers out of its row; what no run reaches is padding and
/// stays zero.
///
/// # Examples
///
/// ```
/// use metarl_autodiff::{Image, ImageLayout, Windows};
///
/// let image = Image { height: 10, width: 10, channels: 4, layout: ImageLayout::ChannelsLast };
/// let windows = Windows::over_image(image, 3, 1, 0);
/// assert_eq!(windows.n_positions(), 8 * 8);
/// assert_eq!(windows.width(), 3 * 3 * 4);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    n_inputs: usize,
    n_positions: usize,
    width: usize,
    runs: Vec<Run>,
}

/// `len` numbers from place `from` of a row to place `to` of its windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    to: usize,
    from: usize,
    len: usize,
}

impl Windows {
    /// Squares of `kernel × kernel` pixels, `stride` apart, on an image with `padding` zeros around.
    ///
    /// Images are channels last, positions go row by row, and a window's numbers are in the order
    /// row, column, channel.
    ///
    /// # Panics
    ///
    /// When `stride` is zero or the kernel is larger than the padded image.
    #[must_use]
    pub fn over_image(image: Image, kernel: usize, stride: usize, padding: usize) -> Self {
        let Image {
            height,
            width,
            channels,
            ..
        } = image;
        let n_rows = Self::n_steps(height, kernel, stride, padding);
        let n_columns = Self::n_steps(width, kernel, stride, padding);
        let window = kernel * kernel * channels;
        let mut runs = Vec::with_capacity(n_rows * n_columns * kernel);
        for position in 0..n_rows * n_columns {
            let (top, left) = (position / n_columns * stride, position % n_columns * stride);
            // Columns of the kernel from `first` to `end` lie on the image.
            let first = padding.saturating_sub(left);
            let end = kernel.min((padding + width).saturating_sub(left));
            for row in 0..kernel {
                let on_image = padding..padding + height;
                if first >= end || !on_image.contains(&(top + row)) {
                    continue;
                }
                let (y, x) = (top + row - padding, left + first - padding);
                runs.push(Run {
                    to: position * window + (row * kernel + first) * channels,
                    from: (y * width + x) * channels,
                    len: (end - first) * channels,
                });
            }
        }
        Self {
            n_inputs: image.n_numbers(),
            n_positions: n_rows * n_columns,
            width: window,
            runs,
        }
    }

    /// One window: a whole image, from channels first to channels last.
    #[must_use]
    pub fn channels_last(image: Image) -> Self {
        let n_pixels = image.height * image.width;
        let channels = 0..image.channels;
        let runs = channels.flat_map(|channel| {
            (0..n_pixels).map(move |pixel| Run {
                to: pixel * image.channels + channel,
                from: channel * n_pixels + pixel,
                len: 1,
            })
        });
        Self {
            n_inputs: image.n_numbers(),
            n_positions: 1,
            width: image.n_numbers(),
            runs: runs.collect(),
        }
    }

    /// Each row of sequences and the rows `dilation`, `2 dilation`, … steps before it, `kernel` in
    /// all, newest first; what lies before the lane last started anew is zero.
    ///
    /// All rows together are one row here: `n_inputs = rows · channels`.
    ///
    /// # Panics
    ///
    /// When `reset`, one flag a row, is not steps × lanes.
    #[must_use]
    pub fn over_past(
        channels: usize,
        kernel: usize,
        dilation: usize,
        n_lanes: usize,
        reset: &[bool],
    ) -> Self {
        let mut runs = Vec::with_capacity(reset.len() * kernel);
        for (row, first) in first_rows(n_lanes, reset).into_iter().enumerate() {
            let seen = (0..kernel).map_while(|k| {
                let past = row.checked_sub(k * dilation * n_lanes)?;
                (past >= first).then_some((k, past))
            });
            runs.extend(seen.map(|(k, past)| Run {
                to: (row * kernel + k) * channels,
                from: past * channels,
                len: channels,
            }));
        }
        Self {
            n_inputs: reset.len() * channels,
            n_positions: reset.len(),
            width: kernel * channels,
            runs,
        }
    }

    /// Some rows of a matrix, in any order.
    pub(crate) fn rows((n_rows, width): (usize, usize), rows: &[usize]) -> Self {
        let run = |(to, from): (usize, &usize)| Run {
            to: to * width,
            from: from * width,
            len: width,
        };
        Self {
            n_inputs: n_rows * width,
            n_positions: rows.len(),
            width,
            runs: rows.iter().enumerate().map(run).collect(),
        }
    }

    /// The transpose of some rows of a matrix.
    pub(crate) fn transposed_rows((n_rows, width): (usize, usize), rows: &[usize]) -> Self {
        let run = |to: usize| Run {
            to,
            from: rows[to % rows.len()] * width + to / rows.len(),
            len: 1,
        };
        Self {
            n_inputs: n_rows * width,
            n_positions: width,
            width: rows.len(),
            runs: (0..rows.len() * width).map(run).collect(),
        }
    }

    /// Matrices that lie one after another, put side by side.
    pub(crate) fn side_by_side(n_rows: usize, widths: &[usize]) -> Self {
        let width = widths.iter().sum();
        let mut runs = Vec::with_capacity(n_rows * widths.len());
        let mut before = 0;
        for own in widths {
            runs.extend((0..n_rows).map(|row| Run {
                to: row * width + before,
                from: n_rows * before + row * own,
                len: *own,
            }));
            before += own;
        }
        Self {
            n_inputs: n_rows * width,
            n_positions: n_rows,
            width,
            runs,
        }
    }

    /// Numbers in a row.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// Windows on a row.
    #[must_use]
    pub fn n_positions(&self) -> usize {
        self.n_positions
    }

    /// Numbers in a window.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// For every number of `n` rows' windows, its place in the rows; `None` is padding.
    pub(crate) fn places(&self, n: usize) -> Vec<Option<usize>> {
        let mut places = vec![None; n * self.n_positions * self.width];
        for row in 0..n {
            let (to, from) = (row * self.n_positions * self.width, row * self.n_inputs);
            for run in &self.runs {
                for k in 0..run.len {
                    places[to + run.to + k] = Some(from + run.from + k);
                }
            }
        }
        places
    }

    /// Copies the windows of rows `x` to `out`; leaves padding as it is.
    pub(crate) fn unfold<E: Scalar>(&self, x: &[E], out: &mut [E]) {
        let sizes = (self.n_inputs, self.n_positions * self.width);
        for (x, out) in x.chunks_exact(sizes.0).zip(out.chunks_exact_mut(sizes.1)) {
            for run in &self.runs {
                copy(&x[run.from..][..run.len], &mut out[run.to..][..run.len]);
            }
        }
    }

    /// Adds each window's numbers to the places they came from: the transpose of
    /// [`unfold`](Windows::unfold).
    pub(crate) fn fold<E: Scalar>(&self, windows: &[E], to: &mut [E]) {
        let sizes = (self.n_inputs, self.n_positions * self.width);
        let rows = to.chunks_exact_mut(sizes.0);
        for (to, windows) in rows.zip(windows.chunks_exact(sizes.1)) {
            for run in &self.runs {
                let (to, own) = (
                    &mut to[run.from..][..run.len],
                    &windows[run.to..][..run.len],
                );
                to.iter_mut().zip(own).for_each(|(to, own)| *to += *own);
            }
        }
    }

    /// How many steps of a window fit along one side.
    pub(crate) fn n_steps(size: usize, kernel: usize, stride: usize, padding: usize) -> usize {
        assert!(stride > 0, "the stride of a convolution is at least 1");
        let padded = size + 2 * padding;
        assert!(
            0 < kernel && kernel <= padded,
            "a kernel of {kernel} on {padded} pixels"
        );
        (padded - kernel) / stride + 1
    }
}

/// Copies a run. Most are too short for a call of the C library to pay.
#[inline]
fn copy<E: Copy>(x: &[E], out: &mut [E]) {
    const HALF: usize = 8;
    let n = x.len();
    if n == 1 {
        out[0] = x[0];
    } else if (HALF..=2 * HALF).contains(&n) {
        // The halves overlap where there are fewer than sixteen.
        out[..HALF].copy_from_slice(&x[..HALF]);
        out[n - HALF..].copy_from_slice(&x[n - HALF..]);
    } else {
        out.copy_from_slice(x);
    }
}
