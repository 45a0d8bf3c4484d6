//! A loss over a network, read as value, gradient, Jacobian- or Hessian-vector product.

use std::fmt::Display;
use std::marker::PhantomData;

use dfdx::prelude::{Gradients, Rank0, Shape, Tensor};

use crate::kernels::buffer::Buffer;
use crate::network::{check_count, count_parameters};
use crate::taped::Taped;
use crate::value::{Body, Value};
use crate::{
    Algebra, Binder, Dual, Error, Forward, Initialization, Kept, Kernels, Linearization, Network,
    Plain, Reverse, Scalar, TapeHandle,
};

/// A scalar loss of a network's parameters, written once for every algebra.
pub trait Objective<E: Scalar, D: Kernels<E>> {
    /// The network whose parameters it depends on.
    type Network: Network;

    /// The network.
    fn network(&self) -> &Self::Network;

    /// The loss.
    ///
    /// # Errors
    ///
    /// [`Error::StepMismatch`] when the data it is computed from do not fit together.
    fn loss<A: Algebra<Elem = E, Device = D>>(
        &self,
        algebra: &A,
        parameters: <Self::Network as Network>::Bound<A>,
    ) -> Result<A::Of<Rank0>, Error>;
}

/// A function of a flat vector that can be differentiated twice. Optimizers and meta-optimizers ask
/// for nothing else.
pub trait Differentiable<E: Scalar> {
    /// Length of the vector.
    fn n_parameters(&self) -> usize;

    /// `L(θ)`
    ///
    /// # Errors
    ///
    /// [`Error::ParameterCount`] when a vector has another length, and the loss's own errors.
    fn value(&self, parameters: &[E]) -> Result<E, Error>;

    /// `L(θ)` and `∇L(θ)`
    ///
    /// # Errors
    ///
    /// As for [`value`](Differentiable::value).
    fn gradient(&self, parameters: &[E]) -> Result<(E, Buffer<E>), Error>;

    /// `∇²L(θ) v`, exactly.
    ///
    /// # Errors
    ///
    /// As for [`value`](Differentiable::value).
    fn hessian_vector_product(&self, parameters: &[E], direction: &[E])
    -> Result<Buffer<E>, Error>;

    /// `∇²L(θ) v` as one of several products at the same θ: reads from `kept` what earlier ones
    /// left there, and leaves there what later ones need. A loss of its own need not keep anything.
    ///
    /// # Errors
    ///
    /// As for [`value`](Differentiable::value).
    fn hessian_vector_product_keeping(
        &self,
        parameters: &[E],
        direction: &[E],
        kept: &Kept<E>,
    ) -> Result<Buffer<E>, Error> {
        let _ = kept;
        self.hessian_vector_product(parameters, direction)
    }

    /// `v ↦ ∇²L(θ) v`, for many directions at one point, as in the example of [the crate](crate).
    fn linearize<'a>(&'a self, parameters: &'a [E]) -> Linearization<'a, E, Self>
    where
        Self: Sized,
    {
        Linearization::new(self, parameters)
    }
}

/// An [`Objective`] on a device: [`Differentiable`] by the tape.
///
/// Each evaluation uses the [calling thread's handle](Kernels::of_this_thread) of the device, so that
/// threads may share an objective wherever it is evaluated.
#[derive(Debug, Clone)]
pub struct OnDevice<O, D> {
    objective: O,
    device: PhantomData<fn() -> D>,
    n_parameters: usize,
}

impl<O, D> OnDevice<O, D> {
    /// Evaluates `objective` on the kind of device that the second argument is the evidence of.
    pub fn new<E: Scalar>(objective: O, _: D) -> Self
    where
        O: Objective<E, D>,
        D: Kernels<E>,
    {
        let n_parameters = count_parameters(objective.network());
        Self {
            objective,
            device: PhantomData,
            n_parameters,
        }
    }

    /// The objective.
    pub fn objective(&self) -> &O {
        &self.objective
    }

    /// `L(θ)` and `∇L(θ) · v`, by forward mode alone: no tape, no backward pass.
    ///
    /// # Errors
    ///
    /// [`Error::ParameterCount`] when a vector has another length.
    pub fn jacobian_vector_product<E: Scalar>(
        &self,
        parameters: &[E],
        direction: &[E],
    ) -> Result<(E, E), Error>
    where
        O: Objective<E, D>,
        D: Kernels<E>,
    {
        self.check("parameters", parameters)?;
        self.check("direction", direction)?;
        let algebra = Forward::new(Plain::new(D::of_this_thread()));
        let mut binder = DualBinder::new(&algebra, parameters, direction);
        let bound = self.objective.network().bind(&mut binder);
        let loss = self.objective.loss(&algebra, bound)?;
        let slope = loss
            .tangent
            .map_or(E::real(0.0), |tangent| tangent.number());
        Ok((loss.primal.number(), slope))
    }

    /// `∇(∇L · v)` in an algebra made for it.
    fn curvature<E: Scalar>(
        &self,
        inner: Reverse<E, D>,
        parameters: &[E],
        direction: &[E],
    ) -> Result<Buffer<E>, Error>
    where
        O: Objective<E, D>,
        D: Kernels<E>,
    {
        self.check("parameters", parameters)?;
        self.check("direction", direction)?;
        let algebra = Forward::new(inner);
        let mut binder = DualBinder::new(&algebra, parameters, direction);
        let bound = self.objective.network().bind(&mut binder);
        let tensors = binder.variable.tensors;
        let loss = self.objective.loss(&algebra, bound)?;
        Ok(match loss.tangent {
            Some(slope) => gather(algebra.inner(), slope, tensors, self.n_parameters),
            None => Buffer::zeros(self.n_parameters),
        })
    }

    fn check<E>(&self, name: &'static str, vector: &[E]) -> Result<(), Error> {
        check_count(name, vector.len(), self.n_parameters)
    }
}

impl<E: Scalar, O: Objective<E, D>, D: Kernels<E>> Differentiable<E> for OnDevice<O, D> {
    fn n_parameters(&self) -> usize {
        self.n_parameters
    }

    fn value(&self, parameters: &[E]) -> Result<E, Error> {
        self.check("parameters", parameters)?;
        let algebra = Plain::new(D::of_this_thread());
        let mut binder = Variable::new(&algebra, parameters);
        let bound = self.objective.network().bind(&mut binder);
        Ok(self.objective.loss(&algebra, bound)?.number())
    }

    fn gradient(&self, parameters: &[E]) -> Result<(E, Buffer<E>), Error> {
        self.check("parameters", parameters)?;
        let algebra = Reverse::new(D::of_this_thread());
        let mut binder = Variable::new(&algebra, parameters);
        let bound = self.objective.network().bind(&mut binder);
        let tensors = binder.tensors;
        let loss = self.objective.loss(&algebra, bound)?;
        let value = loss.number();
        Ok((value, gather(&algebra, loss, tensors, self.n_parameters)))
    }

    fn hessian_vector_product(
        &self,
        parameters: &[E],
        direction: &[E],
    ) -> Result<Buffer<E>, Error> {
        self.curvature(Reverse::new(D::of_this_thread()), parameters, direction)
    }

    fn hessian_vector_product_keeping(
        &self,
        parameters: &[E],
        direction: &[E],
        kept: &Kept<E>,
    ) -> Result<Buffer<E>, Error> {
        let algebra = Reverse::keeping(D::of_this_thread(), kept);
        self.curvature(algebra, parameters, direction)
    }
}

/// `∂/∂η ⟨∇θ L(θ, η), v⟩` for a loss over two networks side by side: how the gradient of the first
/// moves with the second. `parameters` is `(θ, η)` in one vector and `direction` is `v`, as long as
/// θ; the result is as long as η.
///
/// # Errors
///
/// [`Error::ParameterCount`] when a vector has another length.
pub fn mixed_derivative<E: Scalar, F: Differentiable<E>>(
    loss: &F,
    parameters: &[E],
    direction: &[E],
) -> Result<Buffer<E>, Error> {
    let n = loss.n_parameters();
    if direction.len() > n {
        check_count("direction", direction.len(), n)?;
    }
    let mut whole = Buffer::zeros(n);
    whole[..direction.len()].copy_from_slice(direction);
    let product = loss.hessian_vector_product(parameters, &whole)?;
    Ok(Buffer::copy_of(&product[direction.len()..]))
}

/// Binds a network's parameters, cut from a flat vector, for evaluations that are not an
/// [`Objective`], such as acting.
///
/// # Panics
///
/// When `parameters` is shorter than the network.
pub fn bind<N: Network, E: Scalar, D: Kernels<E>>(
    network: &N,
    algebra: &Plain<E, D>,
    parameters: &[E],
) -> N::Bound<Plain<E, D>> {
    network.bind(&mut Variable::new(algebra, parameters))
}

/// A variable that is a tensor: its length, and how to read its gradient, which only who knows its shape
/// can. Those that are numbers have a place among the [adjoints](crate::adjoints::Adjoints) instead.
type TensorVariable<E, D> = (usize, Box<dyn FnOnce(&mut Gradients<E, D>, &mut [E])>);

/// Zeros where the tensor took no part.
fn read<S: Shape, E: Scalar, D: Kernels<E>>(
    tensor: &Tensor<S, E, D>,
    gradients: &mut Gradients<E, D>,
    gradient: &mut [E],
) {
    expect_device(gradients.try_alloc_for(tensor));
    gradients.get(tensor).copy_into(gradient);
}

/// The gradient of a scalar by all variables.
fn gather<E: Scalar, D: Kernels<E>>(
    algebra: &Reverse<E, D>,
    from: <Reverse<E, D> as Algebra>::Of<Rank0>,
    tensors: Vec<TensorVariable<E, D>>,
    n_parameters: usize,
) -> Buffer<E> {
    let mut gradients = expect_device(algebra.backward(from));
    let mut flat = Buffer::stale(n_parameters);
    if let Some(adjoints) = algebra.tape().adjoints() {
        adjoints.borrow_mut().gradient(&mut flat);
    }
    let mut rest = &mut *flat;
    for (n, read) in tensors {
        let (own, others) = rest.split_at_mut(n);
        read(&mut gradients, own);
        rest = others;
    }
    algebra.tape().end();
    flat
}

/// Running out of device memory ends the program, as it does for a `Vec`.
fn expect_device<T, Err: std::fmt::Debug>(result: Result<T, Err>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the device has memory for a backward pass: {error:?}"),
    }
}

/// Cuts a flat vector into variables.
struct Variable<'a, E: Scalar, D: Kernels<E>, T> {
    algebra: &'a Taped<E, D, T>,
    rest: &'a [E],
    /// How to find the gradients of those that are tensors.
    tensors: Vec<TensorVariable<E, D>>,
}

impl<'a, E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Variable<'a, E, D, T> {
    fn new(algebra: &'a Taped<E, D, T>, parameters: &'a [E]) -> Self {
        Self {
            algebra,
            rest: parameters,
            tensors: Vec::new(),
        }
    }

    fn next<S: Shape>(&mut self, shape: S) -> Value<S, E, D, T> {
        let own = cut(&mut self.rest, shape);
        let tape = self.algebra.tape();
        let variable = D::leaf(self.algebra.device(), own, shape, tape.clone());
        match (&variable.body, tape.adjoints()) {
            (Body::Numbers { place, .. }, Some(adjoints)) => {
                let mut adjoints = adjoints.borrow_mut();
                place.map(|place| adjoints.is_variable(place, own.len()));
            }
            (Body::Tensor(tensor), Some(_)) => {
                let tensor = tensor.clone();
                let read = move |gradients: &mut _, to: &mut [E]| read(&tensor, gradients, to);
                self.tensors.push((own.len(), Box::new(read)));
            }
            (_, None) => {}
        }
        variable
    }
}

fn cut<'a, E, S: Shape>(rest: &mut &'a [E], shape: S) -> &'a [E] {
    let (own, others) = rest.split_at(shape.num_elements());
    *rest = others;
    own
}

impl<E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Binder<Taped<E, D, T>>
    for Variable<'_, E, D, T>
{
    fn leaf<S: Shape>(
        &mut self,
        _: impl Display,
        shape: S,
        _: Initialization,
    ) -> <Taped<E, D, T> as Algebra>::Of<S> {
        self.next(shape)
    }

    fn part<N: Network>(&mut self, _: impl Display, network: &N) -> N::Bound<Taped<E, D, T>> {
        network.bind(self)
    }
}

/// Cuts two flat vectors into variables that move along a direction.
struct DualBinder<'a, E: Scalar, D: Kernels<E>, T> {
    algebra: &'a Forward<Taped<E, D, T>>,
    variable: Variable<'a, E, D, T>,
    direction: &'a [E],
}

impl<'a, E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> DualBinder<'a, E, D, T> {
    fn new(algebra: &'a Forward<Taped<E, D, T>>, parameters: &'a [E], direction: &'a [E]) -> Self {
        Self {
            algebra,
            variable: Variable::new(algebra.inner(), parameters),
            direction,
        }
    }
}

impl<E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Binder<Forward<Taped<E, D, T>>>
    for DualBinder<'_, E, D, T>
{
    fn leaf<S: Shape>(
        &mut self,
        _: impl Display,
        shape: S,
        _: Initialization,
    ) -> <Forward<Taped<E, D, T>> as Algebra>::Of<S> {
        let variable = self.variable.next(shape);
        let direction = cut(&mut self.direction, shape);
        let device = self.algebra.device();
        Dual {
            primal: variable,
            tangent: Some(D::leaf(device, direction, shape, T::of_direction())),
        }
    }

    fn part<N: Network>(
        &mut self,
        _: impl Display,
        network: &N,
    ) -> N::Bound<Forward<Taped<E, D, T>>> {
        network.bind(self)
    }
}
