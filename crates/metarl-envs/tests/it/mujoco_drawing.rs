//! Pictures of walking robots. They need the simulator: `cargo xtask setup mujoco`.

use metarl_core::{Process, Purpose, Rng, Seed};
use metarl_envs::draw::{Color, Draw, Picture, Shape};
use metarl_envs::mujoco::{
    AntGoalRobot, AntGoalTask, AntRobot, AntTask, Ground, HalfCheetahRobot, HalfCheetahTask,
    HopperRobot, HumanoidRobot, HumanoidTask, Locomotion, Pier, Robot, ScaledDynamics, Slopes,
    Walker2dRobot,
};

fn stream() -> Rng {
    Seed::new(7).stream(Purpose::Environment, 0, 0, 0)
}

/// The first state of an episode.
fn drawn<R: Robot<O, A>, const O: usize, const A: usize>(task: &R::Task) -> Picture {
    let process = Locomotion::<R, O, A>::default();
    let scene = process.model(task).unwrap();
    let start = process.start(&scene, &mut stream());
    process.draw(&scene, &start, None)
}

/// Both ends and the width of every limb.
fn limbs(picture: &Picture) -> Vec<([[f32; 2]; 2], f32)> {
    let limb = |shape: &Shape| match shape {
        Shape::Line {
            points,
            width,
            color: Color::Agent,
        } => Some(([points[0], points[1]], *width)),
        _ => None,
    };
    picture.shapes.iter().filter_map(limb).collect()
}

fn lowest(picture: &Picture) -> f32 {
    let low = |([a, b], width): ([[f32; 2]; 2], f32)| a[1].min(b[1]) - width / 2.0;
    limbs(picture).into_iter().map(low).fold(f32::MAX, f32::min)
}

fn length([a, b]: [[f32; 2]; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

#[test]
fn every_limb_of_every_robot_is_in_its_picture() {
    let usual = ScaledDynamics::default();
    let pictures = [
        (
            drawn::<HalfCheetahRobot, 17, 6>(&HalfCheetahTask::default()),
            8,
        ),
        (drawn::<AntRobot, 105, 8>(&AntTask::default()), 13),
        (drawn::<Walker2dRobot, 17, 6>(&usual), 7),
        (drawn::<HopperRobot, 11, 3>(&usual), 4),
        (
            drawn::<HumanoidRobot, 348, 17>(&HumanoidTask::default()),
            17,
        ),
    ];
    for (picture, n_limbs) in pictures {
        let limbs = limbs(&picture);
        assert_eq!(limbs.len(), n_limbs);
        let inside =
            |p: [f32; 2]| (0..2).all(|i| (picture.low[i]..picture.high[i]).contains(&p[i]));
        assert!(
            limbs
                .iter()
                .all(|(ends, _)| ends.iter().all(|p| inside(*p)))
        );
        assert!(picture.svg().starts_with("<svg"));
    }
}

/// From the side nothing is shortened: the cheetah's torso is 1 m long and 0.092 m thick in its model.
#[test]
fn a_cheetah_is_seen_from_the_side_in_meters() {
    let picture = drawn::<HalfCheetahRobot, 17, 6>(&HalfCheetahTask::default());
    let longest = limbs(&picture)
        .into_iter()
        .max_by(|a, b| length(a.0).total_cmp(&length(b.0)));
    let (ends, width) = longest.unwrap();
    assert!((length(ends) - 1.0).abs() < 1e-5 && (width - 0.092).abs() < 1e-6);
    // It starts up to 0.1 m off the ground, tilted by up to 0.1 rad.
    assert!(lowest(&picture).abs() < 0.2, "{}", lowest(&picture));
}

#[test]
fn the_ground_has_the_shape_of_the_task() {
    let on = |ground| {
        drawn::<HalfCheetahRobot, 17, 6>(&HalfCheetahTask {
            ground,
            ..HalfCheetahTask::default()
        })
    };
    let ground = |picture: &Picture| {
        let line = |shape: &Shape| match shape {
            Shape::Line {
                points,
                color: Color::Muted,
                ..
            } if points.len() > 2 => Some(points.clone()),
            _ => None,
        };
        picture.shapes.iter().find_map(line)
    };
    let flat = ground(&on(Ground::Flat)).unwrap();
    assert!(flat.iter().all(|p| p[1] == 0.0));
    let hill = ground(&on(Ground::Slopes(Slopes::HILL))).unwrap();
    for [x, height] in hill {
        let want = Slopes::HILL.height(f64::from(x)) as f32;
        assert!((height - want).abs() < 1e-5, "{height} at {x}, not {want}");
    }
    // Blocks instead of a line: two shores and eight that float.
    let pier = on(Ground::Pier(Pier { damping: [1.0; 8] }));
    assert!(ground(&pier).is_none());
    let is_block = |shape: &&Shape| matches!(shape, Shape::Polygon { .. });
    assert_eq!(pier.shapes.iter().filter(is_block).count(), 10);
}

#[test]
fn an_ants_goal_is_where_it_is_to_go() {
    let goal = |goal: [f64; 2]| {
        let picture = drawn::<AntGoalRobot, 107, 8>(&AntGoalTask { goal });
        let disc = |shape: &Shape| match shape {
            Shape::Disc {
                center,
                color: Color::Goal,
                ..
            } => Some(*center),
            _ => None,
        };
        picture.shapes.iter().find_map(disc).unwrap()
    };
    let [origin, right, behind] = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]].map(goal);
    assert_eq!(origin, [0.0, 0.0]);
    assert!(right[0] > 0.7 && behind[1] > 0.3);
}
