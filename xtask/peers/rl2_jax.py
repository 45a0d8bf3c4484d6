"""RL² on five-armed bandits with PPO, ten iterations one jitted function; pulls a second.

512 trials of 10 pulls, a GRU of 64 units, four full-batch steps of Adam through whole trials.
"""

import jax
import jax.numpy as jnp

import rounds

ARMS, PULLS, TRIALS, HIDDEN, EPOCHS, ITERATIONS = 5, 10, 512, 64, 4, 10
INPUTS = ARMS + 2
LEARNING_RATE, DISCOUNT, TRACE_DECAY, CLIP, ENTROPY = 1e-3, 0.99, 0.3, 0.2, 0.01


def initialize(key):
    def glorot(key, inputs, outputs, gain=1.0):
        limit = gain * (6 / (inputs + outputs)) ** 0.5
        return jax.random.uniform(key, (inputs, outputs), minval=-limit, maxval=limit)

    keys = jax.random.split(key, 4)
    return {
        "input": glorot(keys[0], INPUTS, 3 * HIDDEN),
        "recurrent": glorot(keys[1], HIDDEN, 3 * HIDDEN),
        "bias": jnp.zeros(3 * HIDDEN),
        "candidate_bias": jnp.zeros(HIDDEN),
        "policy": glorot(keys[2], HIDDEN, ARMS, 0.01),
        "value": glorot(keys[3], HIDDEN, 1),
    }


def remember(p, h, x):
    from_input = jnp.split(x @ p["input"] + p["bias"], 3, -1)
    from_state = jnp.split(h @ p["recurrent"], 3, -1)
    reset = jax.nn.sigmoid(from_input[0] + from_state[0])
    update = jax.nn.sigmoid(from_input[1] + from_state[1])
    candidate = jnp.tanh(from_input[2] + reset * (from_state[2] + p["candidate_bias"]))
    return (1 - update) * candidate + update * h


def decide(p, h):
    return jax.nn.log_softmax(h @ p["policy"]), (h @ p["value"])[:, 0]


def pick(rows, index):
    return jnp.take_along_axis(rows, index[..., None], -1)[..., 0]


def collect(p, key):
    task_key, step_key = jax.random.split(key)
    chance = jax.random.uniform(task_key, (TRIALS, ARMS))

    def step(carry, key):
        h, x = carry
        h = remember(p, h, x)
        log_policy, value = decide(p, h)
        act_key, reward_key = jax.random.split(key)
        action = jax.random.categorical(act_key, log_policy)
        reward = (jax.random.uniform(reward_key, (TRIALS,)) < pick(chance, action)).astype(jnp.float32)
        seen = [jax.nn.one_hot(action, ARMS), reward[:, None], jnp.zeros((TRIALS, 1))]
        return (h, jnp.concatenate(seen, -1)), (x, action, reward, pick(log_policy, action), value)

    first = jnp.zeros((TRIALS, INPUTS)).at[:, -1].set(1.0)
    return jax.lax.scan(step, (jnp.zeros((TRIALS, HIDDEN)), first), jax.random.split(step_key, PULLS))[1]


def loss(p, inputs, action, behavior_log_prob, advantage, target):
    def step(h, x):
        h = remember(p, h, x)
        return h, decide(p, h)

    _, (log_policy, value) = jax.lax.scan(step, jnp.zeros((TRIALS, HIDDEN)), inputs)
    ratio = jnp.exp(pick(log_policy, action) - behavior_log_prob)
    clipped = jnp.clip(ratio, 1 - CLIP, 1 + CLIP)
    surrogate = -jnp.minimum(ratio * advantage, clipped * advantage).mean()
    entropy = -(jnp.exp(log_policy) * log_policy).sum(-1).mean()
    return surrogate + 0.5 * jnp.square(value - target).mean() - ENTROPY * entropy


def adam(p, gradient, mean, square, n):
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
    square = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, square, gradient)

    def moved(p, m, s):
        return p - LEARNING_RATE * (m / (1 - 0.9**n)) / (jnp.sqrt(s / (1 - 0.999**n)) + 1e-5)

    return jax.tree.map(moved, p, mean, square), mean, square


def iterate(carry, _):
    p, mean, square, n, key = carry
    key, now = jax.random.split(key)
    inputs, action, reward, log_prob, value = collect(p, now)
    following = jnp.concatenate([value[1:], jnp.zeros((1, TRIALS))])

    def backward(later, td_error):
        estimate = td_error + DISCOUNT * TRACE_DECAY * later
        return estimate, estimate

    td_error = reward + DISCOUNT * following - value
    _, advantage = jax.lax.scan(backward, jnp.zeros(TRIALS), td_error, reverse=True)
    target = advantage + value
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)

    def epoch(carry, _):
        p, mean, square, n = carry
        gradient = jax.grad(loss)(p, inputs, action, log_prob, advantage, target)
        return (*adam(p, gradient, mean, square, n + 1), n + 1), None

    (p, mean, square, n), _ = jax.lax.scan(epoch, (p, mean, square, n), None, length=EPOCHS)
    return (p, mean, square, n, key), reward.sum(0).mean()


@jax.jit
def many(carry):
    return jax.lax.scan(iterate, carry, None, length=ITERATIONS)


def make(_):
    p = initialize(jax.random.key(0))
    zero = jax.tree.map(jnp.zeros_like, p)
    carry = (p, zero, zero, 0.0, jax.random.key(1))

    def run():
        nonlocal carry
        carry, reward = many(carry)
        reward.block_until_ready()
        return ITERATIONS * TRIALS * PULLS

    return run


if __name__ == "__main__":
    rounds.serve([(1, make)])
