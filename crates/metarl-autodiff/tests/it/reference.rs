//! The documented equations, written as loops over `f64`.

use metarl_autodiff::{Activation, CausalConv, Conv2d, Image, ImageLayout};

pub(crate) fn weigh(y: &[f64], weight: &[f64]) -> f64 {
    assert_eq!(y.len(), weight.len(), "one weight an output");
    let pairs = y.iter().zip(weight);
    pairs.map(|(y, w)| w * (y + y * y / 2.0)).sum()
}

pub(crate) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

pub(crate) fn activate(x: f64, activation: Activation) -> f64 {
    match activation {
        Activation::Identity => x,
        Activation::Tanh => x.tanh(),
        Activation::Relu => x.max(0.0),
        Activation::Sigmoid => sigmoid(x),
    }
}

/// `(n, k) × (k, m)`
pub(crate) fn matmul(x: &[f64], y: &[f64], (n, k, m): (usize, usize, usize)) -> Vec<f64> {
    let mut out = vec![0.0; n * m];
    for row in 0..n {
        for column in 0..m {
            for inner in 0..k {
                out[row * m + column] += x[row * k + inner] * y[inner * m + column];
            }
        }
    }
    out
}

/// `(n, k) × (m, k)`, the second transposed
pub(crate) fn matmul_transposed(
    x: &[f64],
    y: &[f64],
    (n, k, m): (usize, usize, usize),
) -> Vec<f64> {
    let mut out = vec![0.0; n * m];
    for row in 0..n {
        for column in 0..m {
            for inner in 0..k {
                out[row * m + column] += x[row * k + inner] * y[column * k + inner];
            }
        }
    }
    out
}

/// `φ(x W + b)`
pub(crate) fn dense(x: &[f64], w: &[f64], b: &[f64], activation: Activation) -> Vec<f64> {
    let (outputs, inputs) = (b.len(), w.len() / b.len());
    let affine = matmul(x, w, (x.len() / inputs, inputs, outputs));
    let rows = affine.chunks(outputs);
    rows.flat_map(|row| row.iter().zip(b).map(|(x, b)| activate(x + b, activation)))
        .collect()
}

/// `xₙₖ − ln Σⱼ exp xₙⱼ`
pub(crate) fn log_softmax(x: &[f64], width: usize) -> Vec<f64> {
    let rows = x.chunks(width);
    rows.flat_map(|row| {
        let total: f64 = row.iter().map(|x| x.exp()).sum();
        row.iter().map(move |x| x - total.ln())
    })
    .collect()
}

/// Sizes of a recurrent layer's sequence and where its lanes start anew.
#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    pub(crate) lanes: usize,
    pub(crate) inputs: usize,
    pub(crate) hidden: usize,
    pub(crate) reset: Vec<bool>,
}

impl Sequence {
    /// `x W + b` of one row and column.
    fn affine(&self, x: &[f64], w: &[f64], b: &[f64], row: usize, column: usize) -> f64 {
        let x = &x[row * self.inputs..(row + 1) * self.inputs];
        b[column] + product(x, w, b.len(), column)
    }
}

/// One column of a row times a matrix.
fn product(x: &[f64], w: &[f64], width: usize, column: usize) -> f64 {
    let terms = x.iter().enumerate();
    terms.map(|(j, x)| x * w[j * width + column]).sum()
}

/// `h'` of every row; `p` is input, first state, input weights, recurrent weights, bias, candidate
/// bias.
pub(crate) fn gru(s: &Sequence, p: &[&[f64]]) -> Vec<f64> {
    let &[x, first, wi, wh, b, d] = p else {
        panic!("six arguments");
    };
    let (hidden, width) = (s.hidden, 3 * s.hidden);
    let mut out = vec![0.0; s.reset.len() * hidden];
    for lane in 0..s.lanes {
        let mut h = first[lane * hidden..(lane + 1) * hidden].to_vec();
        for row in (lane..s.reset.len()).step_by(s.lanes) {
            if s.reset[row] {
                h = vec![0.0; hidden];
            }
            let old = h.clone();
            for k in 0..hidden {
                let input = |gate: usize| s.affine(x, wi, b, row, gate * hidden + k);
                let state = |gate: usize| product(&old, wh, width, gate * hidden + k);
                let r = sigmoid(input(0) + state(0));
                let z = sigmoid(input(1) + state(1));
                let c = (input(2) + r * (state(2) + d[k])).tanh();
                h[k] = (1.0 - z) * c + z * old[k];
            }
            out[row * hidden..(row + 1) * hidden].copy_from_slice(&h);
        }
    }
    out
}

/// `(h', c')` of every row; `p` is input, first state, first cell, input weights, recurrent
/// weights, bias.
pub(crate) fn lstm(s: &Sequence, p: &[&[f64]]) -> (Vec<f64>, Vec<f64>) {
    lstm_with(s, p, 4, |_, _, _| 0.0)
}

/// The same with the memory of every row after the first cell, and a gate for it after the others.
pub(crate) fn episodic_lstm(s: &Sequence, p: &[&[f64]]) -> (Vec<f64>, Vec<f64>) {
    let (memory, mut p) = (p[3], p.to_vec());
    p.remove(3);
    lstm_with(s, &p, 5, |row, k, gate| {
        sigmoid(gate(4)) * memory[row * s.hidden + k]
    })
}

/// `reinstated(row, k, gate)` is added to cell `k`.
fn lstm_with(
    s: &Sequence,
    p: &[&[f64]],
    n_gates: usize,
    reinstated: impl Fn(usize, usize, &dyn Fn(usize) -> f64) -> f64,
) -> (Vec<f64>, Vec<f64>) {
    let &[x, first, first_cell, wi, wh, b] = p else {
        panic!("six arguments");
    };
    let (hidden, width) = (s.hidden, n_gates * s.hidden);
    let mut out = vec![0.0; s.reset.len() * hidden];
    let mut cells = out.clone();
    for lane in 0..s.lanes {
        let own = lane * hidden..(lane + 1) * hidden;
        let (mut h, mut c) = (first[own.clone()].to_vec(), first_cell[own].to_vec());
        for row in (lane..s.reset.len()).step_by(s.lanes) {
            if s.reset[row] {
                h = vec![0.0; hidden];
                c = vec![0.0; hidden];
            }
            let old = h.clone();
            for k in 0..hidden {
                let gate = |gate: usize| {
                    let column = gate * hidden + k;
                    s.affine(x, wi, b, row, column) + product(&old, wh, width, column)
                };
                c[k] = sigmoid(gate(1)) * c[k] + sigmoid(gate(0)) * gate(2).tanh();
                c[k] += reinstated(row, k, &gate);
                h[k] = sigmoid(gate(3)) * c[k].tanh();
            }
            out[row * hidden..(row + 1) * hidden].copy_from_slice(&h);
            cells[row * hidden..(row + 1) * hidden].copy_from_slice(&c);
        }
    }
    (out, cells)
}

/// Cuts a flat vector into parts of the given lengths.
pub(crate) fn split<'a>(mut x: &'a [f64], lengths: &[usize]) -> Vec<&'a [f64]> {
    let parts = lengths.iter().map(|n| {
        let (own, rest) = x.split_at(*n);
        x = rest;
        own
    });
    parts.collect()
}

/// `φ(b + Σ x W)` over every window; what lies outside an image is zero.
pub(crate) fn conv2d(layer: &Conv2d, x: &[f64], w: &[f64], b: &[f64]) -> Vec<f64> {
    let Image {
        height,
        width,
        channels,
        layout,
    } = layer.image;
    let (kernel, filters) = (layer.kernel, layer.filters);
    let place = |y: usize, x: usize, c: usize| match layout {
        ImageLayout::ChannelsFirst => (c * height + y) * width + x,
        ImageLayout::ChannelsLast => (y * width + x) * channels + c,
    };
    let side = |pixels: usize| (pixels + 2 * layer.padding - kernel) / layer.stride + 1;
    let mut out = Vec::new();
    for image in x.chunks(height * width * channels) {
        for row in 0..side(height) {
            for column in 0..side(width) {
                for filter in 0..filters {
                    let mut sum = b[filter];
                    for (i, j, c) in triples(kernel, kernel, channels) {
                        let y = (row * layer.stride + i).wrapping_sub(layer.padding);
                        let x = (column * layer.stride + j).wrapping_sub(layer.padding);
                        if y < height && x < width {
                            sum += image[place(y, x, c)]
                                * w[((i * kernel + j) * channels + c) * filters + filter];
                        }
                    }
                    out.push(activate(sum, layer.activation));
                }
            }
        }
    }
    out
}

fn triples(l: usize, m: usize, n: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..l).flat_map(move |i| (0..m).flat_map(move |j| (0..n).map(move |k| (i, j, k))))
}

/// Whether step `then` of a lane is seen from step `now`.
fn seen(then: usize, now: usize, lane: usize, (n_lanes, reset): (usize, &[bool])) -> bool {
    then <= now && (then + 1..=now).all(|t| !reset[t * n_lanes + lane])
}

/// `φ(b + Σₖ xₜ₋ₖ·dilation Wₖ)`
pub(crate) fn causal_conv(
    layer: &CausalConv,
    lanes: (usize, &[bool]),
    x: &[f64],
    w: &[f64],
    b: &[f64],
) -> Vec<f64> {
    let (n_lanes, reset) = lanes;
    let mut out = Vec::new();
    for row in 0..reset.len() {
        let (now, lane) = (row / n_lanes, row % n_lanes);
        for (o, b) in b.iter().enumerate() {
            let mut sum = *b;
            for (k, i, _) in triples(layer.kernel, layer.inputs, 1) {
                let Some(then) = now.checked_sub(k * layer.dilation) else {
                    continue;
                };
                if seen(then, now, lane, lanes) {
                    sum += x[(then * n_lanes + lane) * layer.inputs + i]
                        * w[(k * layer.inputs + i) * layer.outputs + o];
                }
            }
            out.push(activate(sum, layer.activation));
        }
    }
    out
}

/// `γ (x − μ) / √(σ² + ε) + β`
pub(crate) fn layer_norm(x: &[f64], gain: &[f64], bias: &[f64], epsilon: f64) -> Vec<f64> {
    let m = gain.len();
    let rows = x.chunks(m);
    rows.flat_map(|row| {
        let mean = row.iter().sum::<f64>() / m as f64;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / m as f64;
        (0..m).map(move |k| gain[k] * (row[k] - mean) / (variance + epsilon).sqrt() + bias[k])
    })
    .collect()
}

/// `Σⱼ softmax(q · k / √d)ⱼ vⱼ` over what is seen; queries are those of the last steps.
pub(crate) fn causal_attention(
    q: &[f64],
    k: &[f64],
    v: &[f64],
    d: usize,
    lanes: (usize, &[bool]),
) -> Vec<f64> {
    let (n_lanes, reset) = lanes;
    let e = v.len() / reset.len();
    let first = reset.len() - q.len() / d;
    let mut out = Vec::new();
    for row in first..reset.len() {
        let (now, lane) = (row / n_lanes, row % n_lanes);
        let q = &q[(row - first) * d..(row - first + 1) * d];
        let (mut total, mut read) = (0.0, vec![0.0; e]);
        for then in (0..=now).filter(|then| seen(*then, now, lane, lanes)) {
            let j = then * n_lanes + lane;
            let score: f64 = (0..d).map(|c| q[c] * k[j * d + c]).sum();
            let weight = (score / (d as f64).sqrt()).exp();
            total += weight;
            for c in 0..e {
                read[c] += weight * v[j * e + c];
            }
        }
        out.extend(read.into_iter().map(|read| read / total));
    }
    out
}
