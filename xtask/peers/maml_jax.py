"""MAML-TRPO on 2-D navigation, one iteration one jitted function; iterations a second.

The work of `MamlRl` with its defaults: 20 tasks, 20 episodes of 100 steps before and after one inner step,
a linear baseline, the exact meta-gradient, ten conjugate-gradient steps on Fisher-vector products, a line search.
"""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

import rounds

TASKS, EPISODES, STEPS, HIDDEN = 20, 20, 100, 100
INNER_LR, DISCOUNT, MAX_DIVERGENCE, DAMPING = 0.1, 0.99, 0.01, 1e-5
CG_STEPS, BACKTRACKS, RATIO = 10, 15, 0.5


def initialize(key):
    sizes = (2, HIDDEN, HIDDEN, 2)
    keys = jax.random.split(key, 3)
    layers = []
    for key, inputs, outputs in zip(keys, sizes, sizes[1:]):
        limit = (6 / (inputs + outputs)) ** 0.5
        layers.append((jax.random.uniform(key, (inputs, outputs), minval=-limit, maxval=limit), jnp.zeros(outputs)))
    return layers, jnp.zeros(2)


def policy_mean(policy, x):
    (first, second, (w, b)), _ = policy
    for weight, bias in (first, second):
        x = jax.nn.relu(x @ weight + bias)
    return x @ w + b


def log_prob(policy, observation, action):
    log_std = policy[1]
    z = (action - policy_mean(policy, observation)) * jnp.exp(-log_std)
    return (-0.5 * z**2 - log_std - 0.5 * jnp.log(2 * jnp.pi)).sum(-1)


def play(policy, goal, key):
    """Episodes of one task, step by episode, and which steps are before the goal."""

    def step(carry, key):
        place, done = carry
        action = policy_mean(policy, place) + jnp.exp(policy[1]) * jax.random.normal(key, place.shape)
        reached = place + jnp.clip(action, -0.1, 0.1)
        reward = -((reached - goal) ** 2).sum(-1)
        alive = ~done
        out = place, action, jnp.where(done, 0.0, reward), alive.astype(jnp.float32)
        return (jnp.where(done[:, None], place, reached), done | (reward > -1e-4)), out

    start = jnp.zeros((EPISODES, 2)), jnp.zeros(EPISODES, bool)
    return jax.lax.scan(step, start, jax.random.split(key, STEPS))[1]


def sum_backward(x, decay):
    def step(later, x):
        total = x + decay * later
        return total, total

    return jax.lax.scan(step, jnp.zeros(EPISODES), x, reverse=True)[1]


def advantages(observation, reward, alive):
    time = jnp.broadcast_to(jnp.arange(STEPS)[:, None, None] / 100, (STEPS, EPISODES, 1))
    features = [observation, observation**2, time, time**2, time**3, jnp.ones_like(time)]
    features = jnp.concatenate(features, -1) * alive[..., None]
    flat = features.reshape(-1, features.shape[-1])
    returns = sum_backward(reward, DISCOUNT).reshape(-1)
    weights = jnp.linalg.solve(flat.T @ flat + 1e-5 * jnp.eye(flat.shape[1]), flat.T @ returns)
    value = features @ weights
    following = jnp.concatenate([value[1:], jnp.zeros((1, EPISODES))])
    # The trace does not decay, as in the published experiment.
    advantage = sum_backward(reward + DISCOUNT * following - value, DISCOUNT)
    n = alive.sum()
    centered = advantage - (advantage * alive).sum() / n
    return centered / (jnp.sqrt((centered**2 * alive).sum() / n) + 1e-8)


def batch_of(policy, goal, key):
    observation, action, reward, alive = play(policy, goal, key)
    return {
        "observation": observation,
        "action": action,
        "alive": alive,
        "advantage": advantages(observation, reward, alive),
        "log_prob": log_prob(policy, observation, action),
        "mean": policy_mean(policy, observation),
        "log_std": policy[1],
    }


def mean_alive(x, batch):
    return (x * batch["alive"]).sum() / batch["alive"].sum()


def surrogate(policy, batch):
    ratio = jnp.exp(log_prob(policy, batch["observation"], batch["action"]) - batch["log_prob"])
    return -mean_alive(ratio * batch["advantage"], batch)


def divergence(policy, batch):
    mean, log_std = policy_mean(policy, batch["observation"]), policy[1]
    old_mean, old_log_std = batch["mean"], batch["log_std"]
    spread = jnp.exp(2 * old_log_std) + (old_mean - mean) ** 2
    return mean_alive((log_std - old_log_std + spread / (2 * jnp.exp(2 * log_std)) - 0.5).sum(-1), batch)


def adapt(policy, support):
    return jax.tree.map(lambda p, g: p - INNER_LR * g, policy, jax.grad(surrogate)(policy, support))


def solve(product, b):
    def step(_, carry):
        x, residual, direction, square = carry
        image = product(direction)
        length = square / (direction @ image)
        x, residual = x + length * direction, residual - length * image
        following = residual @ residual
        return x, residual, residual + following / square * direction, following

    return jax.lax.fori_loop(0, CG_STEPS, step, (jnp.zeros_like(b), b, b, b @ b))[0]


@jax.jit
def iterate(policy, key):
    goal_key, before, after = jax.random.split(key, 3)
    goals = jax.random.uniform(goal_key, (TASKS, 2), minval=-0.5, maxval=0.5)
    support = jax.vmap(batch_of, (None, 0, 0))(policy, goals, jax.random.split(before, TASKS))
    adapted = jax.vmap(adapt, (None, 0))(policy, support)
    query = jax.vmap(batch_of)(adapted, goals, jax.random.split(after, TASKS))
    theta, unravel = ravel_pytree(policy)

    def over_tasks(loss):
        def one(theta, support, query):
            return loss(adapt(unravel(theta), support), query)

        return lambda theta: jax.vmap(one, (None, 0, 0))(theta, support, query).mean()

    outer, kl = over_tasks(surrogate), over_tasks(divergence)
    loss, gradient = jax.value_and_grad(outer)(theta)

    def fisher(v):
        return jax.jvp(jax.grad(kl), (theta,), (v,))[1] + DAMPING * v

    direction = solve(fisher, gradient)
    step = jnp.sqrt(2 * MAX_DIVERGENCE / (direction @ fisher(direction))) * direction

    def tries_left(carry):
        n, _, accepted = carry
        return ~accepted & (n < BACKTRACKS)

    def backtrack(carry):
        n, _, _ = carry
        candidate = theta - RATIO**n * step
        return n + 1, candidate, (outer(candidate) < loss) & (kl(candidate) <= MAX_DIVERGENCE)

    _, candidate, accepted = jax.lax.while_loop(tries_left, backtrack, (0, theta, False))
    return unravel(jnp.where(accepted, candidate, theta))


def make(_):
    key = jax.random.key(0)
    policy = initialize(key)

    def run():
        nonlocal policy, key
        key, now = jax.random.split(key)
        policy = jax.block_until_ready(iterate(policy, now))
        return 1

    return run


if __name__ == "__main__":
    rounds.serve([(1, make)])
