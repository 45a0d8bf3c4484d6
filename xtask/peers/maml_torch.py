"""MAML-TRPO on 2-D navigation in PyTorch; iterations a second.

maml_torch.py torch.func | torchopt

The work of `maml_jax.py`. `torch.func` maps over the tasks; `torchopt` adapts one task after the other with its
differentiable optimizer, as its examples do.
"""

import sys

import torch

import rounds

WAY = sys.argv[1]
TASKS, EPISODES, STEPS, HIDDEN = 20, 20, 100, 100
INNER_LR, DISCOUNT, MAX_DIVERGENCE, DAMPING = 0.1, 0.99, 0.01, 1e-5
CG_STEPS, BACKTRACKS, RATIO = 10, 15, 0.5
SHAPES = ((2, HIDDEN), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,), (HIDDEN, 2), (2,), (2,))


def initialize():
    def layer(shape):
        limit = (6 / sum(shape)) ** 0.5 if len(shape) == 2 else 0.0
        return (2 * torch.rand(shape) - 1) * limit

    return tuple(layer(shape) for shape in SHAPES)


def flatten(policy):
    return torch.cat([p.reshape(-1) for p in policy])


def unflatten(theta):
    sizes = [torch.Size(shape).numel() for shape in SHAPES]
    return tuple(p.reshape(shape) for p, shape in zip(theta.split(sizes), SHAPES))


def policy_mean(policy, x):
    w1, b1, w2, b2, w3, b3, _ = policy
    return torch.relu(torch.relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3


def log_prob(policy, observation, action):
    log_std = policy[-1]
    z = (action - policy_mean(policy, observation)) * torch.exp(-log_std)
    return (-0.5 * z**2 - log_std - 0.5 * torch.log(torch.tensor(2 * torch.pi))).sum(-1)


# A rollout plays all tasks at once, each with its own policy: batched products for everybody.
many_means = torch.vmap(policy_mean)
many_log_probs = torch.vmap(log_prob)


@torch.no_grad()
def play(policies, goals):
    place = torch.zeros(TASKS, EPISODES, 2)
    done = torch.zeros(TASKS, EPISODES, dtype=torch.bool)
    std, goal, steps = policies[-1].exp()[:, None], goals[:, None], []
    for _ in range(STEPS):
        action = many_means(policies, place) + std * torch.randn_like(place)
        reached = place + action.clamp(-0.1, 0.1)
        reward = -((reached - goal) ** 2).sum(-1)
        steps.append((place, action, reward.masked_fill(done, 0.0), (~done).float()))
        place = torch.where(done[..., None], place, reached)
        done = done | (reward > -1e-4)
    return [torch.stack(part, 1) for part in zip(*steps)]


def sum_backward(x, decay):
    total, sums = torch.zeros(TASKS, EPISODES), []
    for t in reversed(range(STEPS)):
        total = x[:, t] + decay * total
        sums.append(total)
    return torch.stack(sums[::-1], 1)


def advantages(observation, reward, alive):
    time = (torch.arange(STEPS) / 100)[None, :, None, None].expand(TASKS, STEPS, EPISODES, 1)
    features = [observation, observation**2, time, time**2, time**3, torch.ones_like(time)]
    features = torch.cat(features, -1) * alive[..., None]
    flat = features.reshape(TASKS, STEPS * EPISODES, -1)
    returns = sum_backward(reward, DISCOUNT).reshape(TASKS, -1, 1)
    normal = flat.mT @ flat + 1e-5 * torch.eye(flat.shape[-1])
    value = (features.flatten(1, 2) @ torch.linalg.solve(normal, flat.mT @ returns)).reshape(reward.shape)
    following = torch.cat([value[:, 1:], torch.zeros(TASKS, 1, EPISODES)], 1)
    advantage = sum_backward(reward + DISCOUNT * following - value, DISCOUNT)
    n = alive.sum((1, 2), keepdim=True)
    centered = advantage - (advantage * alive).sum((1, 2), keepdim=True) / n
    return centered / (((centered**2 * alive).sum((1, 2), keepdim=True) / n).sqrt() + 1e-8)


@torch.no_grad()
def batches(policies, goals):
    observation, action, reward, alive = play(policies, goals)
    rows = observation.flatten(1, 2), action.flatten(1, 2)
    return {
        "observation": rows[0],
        "action": rows[1],
        "alive": alive.flatten(1, 2),
        "advantage": advantages(observation, reward, alive).flatten(1, 2),
        "log_prob": many_log_probs(policies, *rows),
        "mean": many_means(policies, rows[0]),
        "log_std": policies[-1],
    }


def mean_alive(x, batch):
    return (x * batch["alive"]).sum() / batch["alive"].sum()


def surrogate(policy, batch):
    ratio = torch.exp(log_prob(policy, batch["observation"], batch["action"]) - batch["log_prob"])
    return -mean_alive(ratio * batch["advantage"], batch)


def divergence(policy, batch):
    mean, log_std = policy_mean(policy, batch["observation"]), policy[-1]
    old_mean, old_log_std = batch["mean"], batch["log_std"]
    spread = torch.exp(2 * old_log_std) + (old_mean - mean) ** 2
    return mean_alive((log_std - old_log_std + spread / (2 * torch.exp(2 * log_std)) - 0.5).sum(-1), batch)


def solve(product, b):
    x, residual, direction, square = torch.zeros_like(b), b, b, b @ b
    for _ in range(CG_STEPS):
        image = product(direction)
        length = square / (direction @ image)
        x, residual = x + length * direction, residual - length * image
        following = residual @ residual
        direction, square = residual + following / square * direction, following
    return x


class Functional:
    """Everything mapped over tasks by torch.func."""

    def adapt(self, policy, support):
        gradient = torch.func.grad(surrogate)(policy, support)
        return tuple(p - INNER_LR * g for p, g in zip(policy, gradient))

    def adapted(self, theta, support):
        return torch.vmap(self.adapt, (None, 0))(unflatten(theta), support)

    def over_tasks(self, loss, support, query):
        def one(theta, support, query):
            return loss(self.adapt(unflatten(theta), support), query)

        return lambda theta: torch.vmap(one, (None, 0, 0))(theta, support, query).mean()

    def value_and_gradient(self, f, theta):
        gradient, value = torch.func.grad_and_value(f)(theta)
        return value, gradient

    def product(self, f, theta, v):
        return torch.func.jvp(torch.func.grad(f), (theta,), (v,))[1]


class Torchopt:
    """Task after task, through TorchOpt's differentiable steps; products by differentiating twice."""

    def __init__(self):
        import torchopt

        self.apply = torchopt.apply_updates
        self.optimizer = torchopt.sgd(lr=INNER_LR)

    def adapt(self, policy, support):
        state = self.optimizer.init(policy)
        gradient = torch.autograd.grad(surrogate(policy, support), policy, create_graph=True)
        updates, _ = self.optimizer.update(gradient, state, inplace=False)
        return self.apply(policy, updates, inplace=False)

    def adapted(self, theta, support):
        theta = theta.detach().requires_grad_()
        tasks = [self.adapt(unflatten(theta), one(support, i)) for i in range(TASKS)]
        return tuple(torch.stack(p).detach() for p in zip(*tasks))

    def over_tasks(self, loss, support, query):
        def mean(theta):
            if not theta.requires_grad:
                theta = theta.detach().requires_grad_()
            losses = [loss(self.adapt(unflatten(theta), one(support, i)), one(query, i)) for i in range(TASKS)]
            return torch.stack(losses).mean()

        return mean

    def value_and_gradient(self, f, theta):
        theta = theta.detach().requires_grad_()
        value = f(theta)
        return value.detach(), torch.autograd.grad(value, theta)[0]

    def product(self, f, theta, v):
        theta = theta.detach().requires_grad_()
        gradient = torch.autograd.grad(f(theta), theta, create_graph=True)[0]
        return torch.autograd.grad(gradient @ v, theta)[0]


def one(batch, i):
    return {name: part[i] for name, part in batch.items()}


def iterate(way, theta):
    goals = torch.rand(TASKS, 2) - 0.5
    same = tuple(p.expand(TASKS, *p.shape) for p in unflatten(theta))
    support = batches(same, goals)
    query = batches(way.adapted(theta, support), goals)
    outer, kl = way.over_tasks(surrogate, support, query), way.over_tasks(divergence, support, query)
    loss, gradient = way.value_and_gradient(outer, theta)

    def fisher(v):
        return way.product(kl, theta, v) + DAMPING * v

    direction = solve(fisher, gradient)
    step = torch.sqrt(2 * MAX_DIVERGENCE / (direction @ fisher(direction))) * direction
    for n in range(BACKTRACKS):
        candidate = theta - RATIO**n * step
        if outer(candidate) < loss and kl(candidate) <= MAX_DIVERGENCE:
            return candidate.detach()
    return theta


def make(_):
    torch.manual_seed(0)
    theta = flatten(initialize())
    way = Functional() if WAY == "torch.func" else Torchopt()

    def run():
        nonlocal theta
        theta = iterate(way, theta)
        return 1

    return run


if __name__ == "__main__":
    rounds.serve([(1, make)])
