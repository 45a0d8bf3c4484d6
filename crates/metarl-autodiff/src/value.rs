//! Tensors that can be used twice.

use std::ops::{Add, Mul, Neg, Sub};
use std::sync::atomic::{AtomicU64, Ordering};

use dfdx::prelude::*;

use crate::adjoints::Place;
use crate::kernels::function::{Binary, Unary};
use crate::kernels::shared::Shared;
use crate::{Kernels, Scalar, TapeHandle};

/// A tensor with a tape handle. Unlike a bare tensor of dfdx it may be both operands of an
/// operation.
#[derive(Debug, Clone)]
pub struct Value<S: Shape, E: Scalar, D: Storage<E>, T> {
    pub(crate) body: Body<S, E, D>,
    pub(crate) shape: S,
    pub(crate) tape: T,
    /// Tells whether two values are the same tensor; dfdx keeps its own identity private.
    id: u64,
}

/// What a value is made of.
#[derive(Debug, Clone)]
pub(crate) enum Body<S: Shape, E: Scalar, D: Storage<E>> {
    /// A tensor of dfdx, for devices that run dfdx's operations.
    Tensor(Tensor<S, E, D>),
    /// Numbers that operations share without copying, and the place of their gradient, if it is
    /// asked for.
    Numbers {
        place: Option<Place>,
        numbers: Shared<E>,
    },
}

impl<S: Shape, E: Scalar, D: Storage<E>, T> Value<S, E, D, T> {
    pub(crate) fn of_body(body: Body<S, E, D>, shape: S, tape: T) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Only tensors ask who they are; threads do not meet at the counter for numbers.
        let id = match &body {
            Body::Tensor(_) => NEXT.fetch_add(1, Ordering::Relaxed),
            Body::Numbers { .. } => 0,
        };
        Self {
            body,
            shape,
            tape,
            id,
        }
    }
}

impl<S: Shape, E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Value<S, E, D, T> {
    pub(crate) fn new(tensor: Tensor<S, E, D, T>) -> Self {
        let (tensor, tape) = tensor.split_tape();
        let shape = *tensor.shape();
        Self::of_body(Body::Tensor(tensor), shape, tape)
    }

    /// The numbers as a tensor of their own, cut off from every derivative.
    pub fn tensor(&self) -> Tensor<S, E, D> {
        match &self.body {
            Body::Tensor(tensor) => tensor.clone(),
            Body::Numbers { numbers, .. } => {
                let device = D::of_this_thread();
                TensorFromVec::<E>::tensor_from_vec(&device, numbers.to_vec(), self.shape)
            }
        }
    }

    /// Writes the numbers, one row after another.
    ///
    /// # Panics
    ///
    /// When there are more or fewer of them.
    pub fn copy_into(&self, to: &mut [E]) {
        match &self.body {
            Body::Tensor(tensor) => tensor.copy_into(to),
            Body::Numbers { numbers, .. } => to.copy_from_slice(numbers),
        }
    }

    /// The numbers, one row after another.
    pub fn as_vec(&self) -> Vec<E> {
        match &self.body {
            Body::Tensor(tensor) => tensor.as_vec(),
            Body::Numbers { numbers, .. } => numbers.to_vec(),
        }
    }

    /// The tensor and its tape, for an operation of dfdx.
    pub(crate) fn into_tensor(self) -> Tensor<S, E, D, T> {
        match self.body {
            Body::Tensor(tensor) => tensor.put_tape(self.tape),
            Body::Numbers { .. } => {
                unreachable!("a device that keeps numbers has every operation itself")
            }
        }
    }

    /// The same tensor under another shape; to dfdx it keeps its identity.
    pub(crate) fn same_as<R: Shape>(tensor: Tensor<S, E, D, T>, of: &Value<R, E, D, T>) -> Self {
        Self {
            id: of.id,
            ..Self::new(tensor)
        }
    }

    pub(crate) fn same<R: Shape>(&self, other: &Value<R, E, D, T>) -> bool {
        match (&self.body, &other.body) {
            (Body::Tensor(_), Body::Tensor(_)) => self.id == other.id,
            (Body::Numbers { numbers: x, .. }, Body::Numbers { numbers: y, .. }) => x.is(y),
            _ => false,
        }
    }
}

impl<E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Value<Rank0, E, D, T> {
    /// The number a scalar value holds.
    pub(crate) fn number(&self) -> E {
        match &self.body {
            Body::Tensor(tensor) => tensor.as_vec()[0],
            Body::Numbers { numbers, .. } => numbers[0],
        }
    }
}

impl<S: Shape, E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Add for Value<S, E, D, T> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        D::binary(self, other, Binary::Add)
    }
}

impl<S: Shape, E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Sub for Value<S, E, D, T> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        D::binary(self, other, Binary::Sub)
    }
}

impl<S: Shape, E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Mul for Value<S, E, D, T> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        D::binary(self, other, Binary::Mul)
    }
}

impl<S: Shape, E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Neg for Value<S, E, D, T> {
    type Output = Self;
    fn neg(self) -> Self {
        D::unary(self, Unary::Scale(-1.0))
    }
}
