"""Derivatives of a perceptron a second: the mean square of a 2-100-100-2 tanh network's outputs.

derivatives.py LIBRARY DERIVATIVE-ROWS
"""

import sys

import numpy as np

import rounds

LIBRARY = sys.argv[1]
DERIVATIVE, ROWS = sys.argv[2].rsplit("-", 1)
ROWS = int(ROWS)
SIZES = (2, 100, 100, 2)


def numbers():
    rng = np.random.default_rng(0)
    layers = []
    for inputs, outputs in zip(SIZES, SIZES[1:]):
        limit = (6 / (inputs + outputs)) ** 0.5
        layers.append(rng.uniform(-limit, limit, (inputs, outputs)).astype(np.float32))
        layers.append(np.zeros(outputs, np.float32))
    x = np.sin(0.7 * np.arange(2 * ROWS)).astype(np.float32).reshape(ROWS, 2)
    return layers, x


def perceptron(tanh, parameters, x):
    w1, b1, w2, b2, w3, b3 = parameters
    return tanh(tanh(x @ w1 + b1) @ w2 + b2) @ w3 + b3


def torch_work():
    import torch

    torch.set_num_threads(1)
    layers, x = numbers()
    parameters = tuple(torch.tensor(p, requires_grad=True) for p in layers)
    x = torch.tensor(x)

    def loss(parameters):
        return perceptron(torch.tanh, parameters, x).square().mean()

    def gradient():
        torch.autograd.grad(loss(parameters), parameters)
        return 1

    fixed = tuple(p.detach() for p in parameters)

    def hessian_vector():
        torch.func.jvp(torch.func.grad(loss), (fixed,), (fixed,))
        return 1

    return {"gradient": gradient, "hessian-vector": hessian_vector}


def jax_work():
    import jax
    import jax.numpy as jnp

    layers, x = numbers()
    parameters, x = tuple(map(jnp.array, layers)), jnp.array(x)

    def loss(parameters, x):
        return jnp.mean(jnp.square(perceptron(jnp.tanh, parameters, x)))

    value_and_grad = jax.jit(jax.value_and_grad(loss))

    @jax.jit
    def product(parameters, direction, x):
        return jax.jvp(lambda p: jax.grad(loss)(p, x), (parameters,), (direction,))[1]

    def gradient():
        jax.block_until_ready(value_and_grad(parameters, x))
        return 1

    def hessian_vector():
        jax.block_until_ready(product(parameters, parameters, x))
        return 1

    return {"gradient": gradient, "hessian-vector": hessian_vector}


work = {"torch": torch_work, "jax": jax_work}[LIBRARY]()[DERIVATIVE]
rounds.serve([(1, lambda _: work)])
