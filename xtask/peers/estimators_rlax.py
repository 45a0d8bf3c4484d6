"""rlax's estimators, jitted: entries a second over 2048 steps of 64 lanes.

estimators_rlax.py gae | v-trace
"""

import sys

import jax
import jax.numpy as jnp
import rlax

import rounds

STEPS, LANES = 2048, 64


def wave(pace, steps=STEPS):
    return jnp.sin(pace * jnp.arange(steps * LANES, dtype=jnp.float32)).reshape(steps, LANES)


index = jnp.arange(STEPS * LANES).reshape(STEPS, LANES)
discount = jnp.where(index % 101 == 0, 0.0, 0.99).astype(jnp.float32)
reward, value, ratio = wave(0.7), wave(1.1, STEPS + 1), 1 + 0.5 * wave(1.7)


@jax.jit
def gae(reward, discount, value):
    estimate = jax.vmap(rlax.truncated_generalized_advantage_estimation, (1, 1, None, 1), 1)
    return estimate(reward, discount, 0.95, value)


@jax.jit
def v_trace(value, reward, discount, ratio):
    estimate = jax.vmap(lambda v, w, r, d, rho: rlax.vtrace_td_error_and_advantage(v, w, r, d, rho, 0.95), 1, 1)
    return estimate(value[:-1], value[1:], reward, discount, ratio)


def make(_):
    def run():
        if sys.argv[1] == "gae":
            jax.block_until_ready(gae(reward, discount, value))
        else:
            jax.block_until_ready(v_trace(value, reward, discount, ratio))
        return STEPS * LANES

    return run


rounds.serve([(1, make)])
