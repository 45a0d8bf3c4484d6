"""Plays Gymnasium's walking robots, and the literature's tasks made of them, under random actions; one
JSON line an episode.

Actions can be told in single precision, so that both sides are given the same numbers, but Gymnasium gets
them as doubles: of single-precision ones it adds up the control cost in single precision. An episode goes on
where a robot fell, so that both sides are compared on the ground, too.
"""

import json
import os
import sys
import tempfile

import gymnasium
import mujoco
import numpy as np

# What the models are warned of is known, and would be written to a file.
mujoco.set_mju_user_warning(lambda message: None)

STEPS = 200
SEEDS = 3


def gymnasium_reward(data, info, reward, action):
    return reward


def gymnasium_observation(data, observation):
    return observation


def play(
    what,
    robot,
    name,
    task,
    pay=gymnasium_reward,
    see=gymnasium_observation,
    edit=None,
    mask=None,
    ends=True,
    **options,
):
    """`edit` changes the model, `mask` the action; `pay` and `see` say what a step is worth and shows."""
    for seed in range(SEEDS):
        environment = gymnasium.make(name, **options).unwrapped
        model, data = environment.model, environment.data
        if edit is not None:
            edit(model, data)
        rng = np.random.default_rng(seed)
        environment.reset(seed=seed)
        episode = {
            "what": what,
            "robot": robot,
            "task": task,
            "positions": data.qpos.tolist(),
            "velocities": data.qvel.tolist(),
            "steps": [],
        }
        bound = float(environment.action_space.high[0])
        for _ in range(STEPS):
            action = rng.uniform(-bound, bound, model.nu).astype(np.float32).astype(np.float64)
            given = action if mask is None else action * mask
            observation, reward, terminated, _, info = environment.step(given)
            episode["steps"].append({
                "action": action.tolist(),
                "observation": see(data, observation).tolist(),
                "reward": float(pay(data, info, reward, given)),
                "terminated": bool(terminated) and ends,
            })
        json.dump(episode, sys.stdout)
        print()


def cheetah(what, task, pay=gymnasium_reward, **options):
    complete = {"goal": "run", "disabled_joint": None, "ground": "flat"} | task
    play(what, "half-cheetah", "HalfCheetah-v5", complete, pay, **options)


def forward(data, info, reward, action):
    return info["x_velocity"] - 0.05 * np.sum(action**2)


def backward(data, info, reward, action):
    return -info["x_velocity"] - 0.05 * np.sum(action**2)


def velocity(data, info, reward, action):
    return -abs(info["x_velocity"] - 1.3) - 0.05 * np.sum(action**2)


cheetah("HalfCheetah-v5", {})
cheetah("HalfCheetah-v5, backward", {"goal": {"direction": "backward"}}, backward)
cheetah("HalfCheetah-v5, velocity 1.3", {"goal": {"velocity": 1.3}}, velocity)
cheetah(
    "HalfCheetah-v5, joint 2 disabled",
    {"goal": {"direction": "forward"}, "disabled_joint": 2},
    forward,
    mask=np.array([1, 1, 0, 1, 1, 1]),
)


def written(model):
    with tempfile.NamedTemporaryFile("w", suffix=".xml", delete=False) as file:
        file.write(model)
    return file.name


ASSETS = os.path.join(os.path.dirname(gymnasium.__file__), "envs", "mujoco", "assets")
with open(os.path.join(ASSETS, "half_cheetah.xml")) as file:
    FLAT = file.read()


def on_a_hill():
    """Up 0.6 m along 3 m, and down again."""
    x = np.arange(501) * 100.0 / 500.0 - 50.0
    row = 0.6 * np.clip(x / 3, 0, 1) - 0.6 * np.clip((x - 3) / 3, 0, 1)
    elevation = " ".join(map(repr, np.tile(row, 2).tolist()))
    field = f'<hfield name="hill" nrow="2" ncol="501" size="50 5 0.6 0.1" elevation="{elevation}"/>'
    hill = FLAT.replace("</asset>", field + "</asset>").replace('type="plane"', 'type="hfield" hfield="hill"')
    return written(hill.replace('size="40 40 40"', ""))


cheetah(
    "HalfCheetah-v5 on a hill",
    {
        "goal": {"direction": "forward"},
        "ground": {"slopes": {"start": 0.0, "length": 3.0, "rise": [0.6, -0.6, 0, 0, 0, 0]}},
    },
    forward,
    xml_file=on_a_hill(),
)


def on_a_pier(damping):
    """Eight blocks that float, behind the robot in the order of positions."""
    middle = [-8, 0, 4, 8, 12, 16, 20, 42]
    half = [5.999, 1.999, 1.999, 1.999, 1.999, 1.999, 1.999, 19.999]
    blocks = "".join(
        f'<body pos="{x} 0 -0.05">'
        f'<joint type="slide" axis="0 0 1" limited="true" range="-0.15 0.15" stiffness="150" damping="{d}"/>'
        f'<geom type="box" size="{h} 0.99 0.05" mass="10" conaffinity="1"/></body>'
        for x, h, d in zip(middle, half, damping)
    )
    floating = FLAT.replace("</worldbody>", blocks + "</worldbody>")
    return written(floating.replace('name="floor" pos="0 0 0"', 'name="floor" contype="0" pos="0 0 -1"').replace(
        'conaffinity="1" condim="3" material', 'conaffinity="0" condim="3" material'
    ))


def cheetah_alone(data, observation):
    return np.concatenate([data.qpos[1:9], data.qvel[:9]])


DAMPING = [1.5, 9.0, 0.5, 4.0, 7.5, 2.0, 6.0, 3.0]
cheetah(
    "HalfCheetah-v5 on a pier",
    {"goal": {"direction": "forward"}, "ground": {"pier": {"damping": DAMPING}}},
    forward,
    see=cheetah_alone,
    xml_file=on_a_pier(DAMPING),
)


def ant(what, task, pay=gymnasium_reward, **options):
    complete = {"objective": {"direction": 0.0}, "crippled": None} | task
    play(what, "ant", "Ant-v5", complete, pay, **options)


def towards(angle, weight):
    def pay(data, info, reward, action):
        costs = info["reward_ctrl"] + info["reward_contact"]
        speed = info["x_velocity"] * np.cos(angle) + info["y_velocity"] * np.sin(angle)
        return weight * speed + info["reward_survive"] + costs

    return pay


def progress(data, info, reward, action):
    return info["x_velocity"] + 0.05


def cripple(model, data):
    """The front left leg."""
    for name in ["left_leg_geom", "left_ankle_geom"]:
        model.geom(name).size[:2] /= 2
    model.geom("left_ankle_geom").pos[:] = model.geom("left_leg_geom").pos


def goal(data, info, reward, action):
    distance = np.sum(np.abs(data.body("torso").xpos[:2] - [1.0, -2.0]))
    return -distance - 0.1 * np.sum(action**2) + info["reward_contact"]


ant("Ant-v5", {})
ant("Ant-v5, direction 2.1", {"objective": {"direction": 2.1}}, towards(2.1, 1.0))
ant(
    "Ant-v5, front left leg crippled",
    {"objective": "progress", "crippled": "front-left"},
    progress,
    edit=cripple,
    mask=np.array([1, 1, 0, 0, 1, 1, 1, 1]),
    ends=False,
)
play(
    "Ant-v5, a goal",
    "ant-goal",
    "Ant-v5",
    {"goal": [1.0, -2.0]},
    goal,
    ends=False,
    exclude_current_positions_from_observation=False,
)


def runner(robot, name):
    play(name, robot, name, {})
    environment = gymnasium.make(name).unwrapped
    rng = np.random.default_rng(1)
    fields = {
        "body_mass": "body_mass",
        "body_inertia": "body_inertia",
        "damping": "dof_damping",
        "friction": "geom_friction",
    }
    task = {
        ours: (1.5 ** rng.uniform(-1, 1, getattr(environment.model, theirs).size)).tolist()
        for ours, theirs in fields.items()
    }

    def edit(model, data):
        for ours, theirs in fields.items():
            values = getattr(model, theirs)
            values[:] *= np.array(task[ours]).reshape(values.shape)
        mujoco.mj_setConst(model, data)

    play(f"{name}, other physics", robot, name, task, edit=edit)


runner("walker2d", "Walker2d-v5")
runner("hopper", "Hopper-v5")

play("Humanoid-v5", "humanoid", "Humanoid-v5", {"direction": 0.0})
play(
    "Humanoid-v5, direction 4",
    "humanoid",
    "Humanoid-v5",
    {"direction": 4.0},
    towards(4.0, 1.25),
)
