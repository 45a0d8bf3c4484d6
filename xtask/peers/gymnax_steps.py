"""Random actions in gymnax: one jitted scan over steps of a vmapped environment, on one core."""

import sys

import gymnax
import jax

import rounds

STEPS = 100


def make(n_lanes):
    environment, parameters = gymnax.make(sys.argv[1])
    space = environment.action_space(parameters)
    reset = jax.vmap(environment.reset, in_axes=(0, None))
    step = jax.vmap(environment.step, in_axes=(0, 0, 0, None))

    def one(carry, _):
        key, state = carry
        key, key_action, key_step = jax.random.split(key, 3)
        action = jax.vmap(space.sample)(jax.random.split(key_action, n_lanes))
        _, state, reward, _, _, _ = step(jax.random.split(key_step, n_lanes), state, action, parameters)
        return (key, state), reward.sum()

    @jax.jit
    def many(carry):
        return jax.lax.scan(one, carry, None, length=STEPS)

    key = jax.random.key(0)
    _, state = reset(jax.random.split(key, n_lanes), parameters)
    carry = (key, state)

    def run():
        nonlocal carry
        carry, reward = many(carry)
        reward.block_until_ready()
        return STEPS

    return run


rounds.serve([(n, make) for n in (256, 1024, 4096, 16384)])
