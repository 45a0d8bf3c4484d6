//! What the outer step asks of adapted policies: how good they are, and how that moves with the
//! meta-parameters.

use metarl_autodiff::{Buffer, Differentiable, Kernels, Linearization, OnDevice};
use metarl_optim::{Adaptation, AdaptationJacobian, Measured, MetaGradient, vector};
use rayon::prelude::*;

use super::batch::Divergence;
use super::lesson::{Inner, Lesson};
use crate::Error;
use crate::parallel::compute_each;

/// A task's adapted policy, and how it moves with the meta-parameters.
pub(super) struct Adapted<'a, D: Kernels<f32>, const O: usize, const K: usize> {
    lesson: &'a Lesson<D, O, K>,
    parameters: &'a [f32],
    /// `J`, of the adapted parameters by the meta-parameters.
    jacobian: AdaptationJacobian<'a, f32, Inner<D, O, K>>,
    /// `F`, the second derivative of the divergence.
    divergence: Linearization<'a, f32, OnDevice<Divergence<O, K>, D>>,
}

impl<'a, D: Kernels<f32>, const O: usize, const K: usize> Adapted<'a, D, O, K> {
    pub(super) fn new(
        lesson: &'a Lesson<D, O, K>,
        path: &'a Adaptation<f32>,
        order: MetaGradient,
    ) -> Result<Self, Error> {
        Ok(Self {
            lesson,
            parameters: path.adapted(),
            jacobian: path.linearize(&lesson.support, order)?,
            divergence: lesson.divergence.linearize(path.adapted()),
        })
    }
}

/// The room of a list of adapted policies, for others that live as long as they like.
pub(super) fn emptied<'a, D: Kernels<f32>, const O: usize, const K: usize>(
    mut tasks: Vec<Adapted<'_, D, O, K>>,
) -> Vec<Adapted<'a, D, O, K>> {
    // On the threads that will need the memory again.
    tasks.par_iter().for_each(|task| {
        task.jacobian.forget();
        task.divergence.forget();
    });
    tasks.clear();
    // Nothing is left to be turned into anything; collecting keeps the allocation.
    tasks.into_iter().map(|_| unreachable!()).collect()
}

/// The outer loss averaged over tasks, and its gradient by the meta-parameters: `Σ Jᵀ ∇L / n`.
pub(super) fn meta_gradient<D: Kernels<f32>, const O: usize, const K: usize>(
    tasks: &[Adapted<'_, D, O, K>],
    parts: &mut Vec<(f64, Buffer<f32>)>,
) -> Result<(f64, Buffer<f32>), Error> {
    compute_each(tasks, parts, |task| {
        let (loss, gradient) = task.lesson.query.gradient(task.parameters)?;
        Ok((f64::from(loss), task.jacobian.pull_back(&gradient)?))
    })?;
    let loss = parts.iter().map(|(loss, _)| loss).sum::<f64>() / parts.len() as f64;
    Ok((
        loss,
        vector::mean(parts.iter().map(|(_, gradient)| &**gradient)),
    ))
}

/// `Σ Jᵀ F J v / n`: the second derivative of the mean divergence between adapted policies. At the
/// policies the divergence is measured from its gradient is zero, so no other term is left.
pub(super) fn fisher_product<D: Kernels<f32>, const O: usize, const K: usize>(
    tasks: &[Adapted<'_, D, O, K>],
    v: &[f32],
    parts: &mut Vec<Buffer<f32>>,
) -> Result<Buffer<f32>, Error> {
    compute_each(tasks, parts, |task| {
        let moved = task.jacobian.push_forward(v)?;
        let product = task.divergence.product(&moved)?;
        Ok(task.jacobian.pull_back(&product)?)
    })?;
    Ok(vector::mean(parts.iter().map(|product| &**product)))
}

/// Outer loss and divergence of the policies adapted from other meta-parameters.
pub(super) fn measure<D: Kernels<f32>, const O: usize, const K: usize>(
    tasks: &[Adapted<'_, D, O, K>],
    parameters: &[f32],
    inner_lr: f64,
    parts: &mut Vec<(f64, f64)>,
) -> Result<Measured, Error> {
    compute_each(tasks, parts, |Adapted { lesson, .. }| {
        let path = Adaptation::along(parameters, &lesson.support, inner_lr)?;
        let loss = lesson.query.value(path.adapted())?;
        let divergence = lesson.divergence.value(path.adapted())?;
        Ok((f64::from(loss), f64::from(divergence)))
    })?;
    let n = parts.len() as f64;
    Ok(Measured {
        loss: parts.iter().map(|(loss, _)| loss).sum::<f64>() / n,
        divergence: parts.iter().map(|(_, divergence)| divergence).sum::<f64>() / n,
    })
}
