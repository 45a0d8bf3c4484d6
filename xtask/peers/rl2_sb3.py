"""RL² on five-armed bandits with the recurrent PPO of Stable-Baselines3; pulls a second.

512 trials of 10 pulls, an LSTM of 64 units (it has no GRU) with both heads on it, four full-batch steps. The bandits
are played all at once in NumPy, so that what is measured is the learner.
"""

import gymnasium
import numpy as np
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.vec_env import VecEnv

import rounds

ARMS, PULLS, TRIALS, HIDDEN, EPOCHS = 5, 10, 512, 64, 4


class Bandits(VecEnv):
    """The last action, reward and whether a trial begins are seen."""

    def __init__(self):
        inputs = gymnasium.spaces.Box(0.0, 1.0, (ARMS + 2,), np.float32)
        super().__init__(TRIALS, inputs, gymnasium.spaces.Discrete(ARMS))
        self.rng = np.random.default_rng(0)
        self.render_mode = None

    def reset(self):
        self.pull = 0
        self.chance = self.rng.random((TRIALS, ARMS))
        seen = np.zeros((TRIALS, ARMS + 2), np.float32)
        seen[:, -1] = 1.0
        return seen

    def step_async(self, actions):
        self.actions = actions

    def step_wait(self):
        rows = np.arange(TRIALS)
        reward = (self.rng.random(TRIALS) < self.chance[rows, self.actions]).astype(np.float32)
        self.pull += 1
        done = np.full(TRIALS, self.pull == PULLS)
        if self.pull == PULLS:
            return self.reset(), reward, done, [{} for _ in range(TRIALS)]
        seen = np.zeros((TRIALS, ARMS + 2), np.float32)
        seen[rows, self.actions] = 1.0
        seen[:, -2] = reward
        return seen, reward, done, [{} for _ in range(TRIALS)]

    def close(self):
        pass

    def get_attr(self, name, indices=None):
        return [getattr(self, name, None)] * TRIALS

    def set_attr(self, name, value, indices=None):
        setattr(self, name, value)

    def env_method(self, name, *arguments, indices=None, **named):
        raise NotImplementedError(name)

    def env_is_wrapped(self, wrapper, indices=None):
        return [False] * TRIALS


def make(_):
    network = {
        "lstm_hidden_size": HIDDEN,
        "net_arch": [],
        "shared_lstm": True,
        "enable_critic_lstm": False,
    }
    agent = RecurrentPPO(
        "MlpLstmPolicy",
        Bandits(),
        n_steps=PULLS,
        batch_size=TRIALS * PULLS,
        n_epochs=EPOCHS,
        learning_rate=1e-3,
        gamma=0.99,
        gae_lambda=0.3,
        ent_coef=0.01,
        policy_kwargs=network,
        device="cpu",
        seed=0,
    )

    def run():
        agent.learn(TRIALS * PULLS, reset_num_timesteps=False)
        return TRIALS * PULLS

    return run


if __name__ == "__main__":
    rounds.serve([(1, make)])
