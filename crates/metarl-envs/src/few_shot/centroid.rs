//! The classifier that learns nothing.

use metarl_core::FewShotTask;

/// The class of each query whose mean support example is nearest, in features as they are.
///
/// ```text
/// argmin_c ‖x − (1/n_c) Σ_{yᵢ = c} xᵢ‖²
/// ```
///
/// Of classes that are as near the first; a class without examples is never it.
#[must_use]
pub fn nearest_centroid(task: &FewShotTask) -> Vec<usize> {
    let width = task.n_features;
    let mut centroid = vec![0.0_f64; task.n_ways * width];
    let mut count = vec![0_usize; task.n_ways];
    for (example, &class) in task.support.chunks_exact(width).zip(&task.support_label) {
        count[class] += 1;
        let sums = &mut centroid[class * width..][..width];
        sums.iter_mut()
            .zip(example)
            .for_each(|(sum, x)| *sum += f64::from(*x));
    }
    let distance = |query: &[f32], class: usize| -> f64 {
        let n = count[class] as f64;
        let sums = &centroid[class * width..][..width];
        let squares = query
            .iter()
            .zip(sums)
            .map(|(x, sum)| (f64::from(*x) - sum / n).powi(2));
        squares.sum()
    };
    let classes = || (0..task.n_ways).filter(|class| count[*class] > 0);
    let nearest =
        |query| classes().min_by(|a, b| distance(query, *a).total_cmp(&distance(query, *b)));
    let queries = task.query.chunks_exact(width);
    queries.map(|query| nearest(query).unwrap_or(0)).collect()
}
