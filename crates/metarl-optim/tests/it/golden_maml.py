"""Prints golden_maml.rs's numbers: the meta-gradient of one inner step of MAML, in float64.

    pip install "jax[cpu]" numpy torch
    python golden_maml.py

The policy maps an observation o (3 numbers) to log-probabilities of 2 actions,
log softmax(tanh(o W0 + b0) W1 + b1), with 4 hidden units. The loss of a batch of 6 rows is
-mean(advantage * log probability of the action). Support and query are two such batches; the
adapted parameters are theta - 0.3 grad(support), and what is differentiated is the query's loss
there. First order stops the gradient at grad(support).

Weights are half a standard normal, biases zero, observations and advantages standard normal, all
from numpy's default generator with seed 0. JAX computes, PyTorch must agree to 1e-14.
"""

import jax
import jax.numpy as jnp
import numpy as np
import torch

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)

N_INPUTS, N_HIDDEN, N_ACTIONS, N_ROWS, INNER_LR = 3, 4, 2, 6, 0.3
draw = np.random.default_rng(0)


def draw_batch():
    observation = draw.standard_normal((N_ROWS, N_INPUTS))
    action = draw.integers(0, N_ACTIONS, N_ROWS)
    return observation, action, draw.standard_normal(N_ROWS)


def draw_parameters():
    first = 0.5 * draw.standard_normal((N_INPUTS, N_HIDDEN))
    output = 0.5 * draw.standard_normal((N_HIDDEN, N_ACTIONS))
    return first, np.zeros(N_HIDDEN), output, np.zeros(N_ACTIONS)


def split(flat):
    """(W0, b0, W1, b1) of the flat vector that holds them row by row in this order."""
    cuts = np.cumsum([N_INPUTS * N_HIDDEN, N_HIDDEN, N_HIDDEN * N_ACTIONS])
    first, b0, output, b1 = flat[: cuts[0]], flat[cuts[0] : cuts[1]], flat[cuts[1] : cuts[2]], flat[cuts[2] :]
    return first.reshape(N_INPUTS, N_HIDDEN), b0, output.reshape(N_HIDDEN, N_ACTIONS), b1


def jax_meta(theta, support, query, second_order):
    def loss(flat, batch):
        observation, action, advantage = batch
        first, b0, output, b1 = split(flat)
        log_probs = jax.nn.log_softmax(jnp.tanh(observation @ first + b0) @ output + b1)
        return -jnp.mean(advantage * log_probs[jnp.arange(N_ROWS), action])

    def adapted(flat):
        slope = jax.grad(loss)(flat, support)
        return loss(flat - INNER_LR * (slope if second_order else jax.lax.stop_gradient(slope)), query)

    value, gradient = jax.value_and_grad(adapted)(jnp.asarray(theta))
    return float(value), np.asarray(gradient)


def torch_meta(theta, support, query, second_order):
    def loss(flat, batch):
        observation, action, advantage = map(torch.as_tensor, batch)
        first, b0, output, b1 = split(flat)
        log_probs = torch.log_softmax(torch.tanh(observation @ first + b0) @ output + b1, dim=-1)
        return -(advantage * log_probs.gather(1, action[:, None])[:, 0]).mean()

    flat = torch.tensor(theta, requires_grad=True)
    (slope,) = torch.autograd.grad(loss(flat, support), flat, create_graph=second_order)
    value = loss(flat - INNER_LR * slope, query)
    (gradient,) = torch.autograd.grad(value, flat)
    return value.item(), gradient.numpy()


def show(name, numbers):
    print(f"const {name}: [{'usize' if numbers.dtype.kind == 'i' else 'f64'}; {numbers.size}] = [")
    for number in numbers.ravel().tolist():
        print(f"    {number!r},")
    print("];")


theta = np.concatenate([x.ravel() for x in draw_parameters()])
support, query = draw_batch(), draw_batch()
show("PARAMETERS", theta)
for side, batch in (("SUPPORT", support), ("QUERY", query)):
    for column, numbers in zip(("OBSERVATION", "ACTION", "ADVANTAGE"), batch):
        show(f"{side}_{column}", numbers)
for order in ("SECOND_ORDER", "FIRST_ORDER"):
    value, gradient = jax_meta(theta, support, query, order == "SECOND_ORDER")
    other_value, other = torch_meta(theta, support, query, order == "SECOND_ORDER")
    assert abs(value - other_value) < 1e-14 and np.abs(gradient - other).max() < 1e-14
    show(order, gradient)
print(f"const QUERY_LOSS: f64 = {value!r};")
