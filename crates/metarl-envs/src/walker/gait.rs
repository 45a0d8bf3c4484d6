//! A walk that is not learned.

use serde::{Deserialize, Serialize};

/// A gait of three phases a step: what a walker that learned should beat.
///
/// ```text
/// swing   the standing leg carries, the other is lifted forward
///         until the standing leg is behind
/// reach   the lifted leg comes down
///         until its foot touches the ground
/// push    the leg behind stretches its knee
///         until it is straight, or the walk is fast enough; then the legs change places
/// ```
///
/// Joints are driven towards the phase's angles by proportional and derivative control; both hips also
/// hold the hull upright, and both knees damp its bouncing.
///
/// The phases are those of the heuristic that comes with Gymnasium's BipedalWalker. That one falls on most
/// courses; the constants of [`GaitStyle::default`] were found from its own by random changes, kept where
/// they raised the mean return on 3 level and 10 rough courses (seeds 0 to 9) in both engines, less 50 a
/// fall. Mean returns on 20 courses of seeds 0 to 19, and falls:
///
/// | | level | rough |
/// |---|---|---|
/// | `RapierEngine` | 288, none | 263, 2 |
/// | `Box2dEngine` | 297, none | 297, none |
///
/// It sees no lidar, so obstacles end its walk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gait {
    /// Its constants.
    pub style: GaitStyle,
    phase: Phase,
    /// The leg that is not standing.
    free: usize,
    /// Angle at which the standing leg's knee carries.
    carrying_knee: f32,
}

/// The constants of a [`Gait`]: angles and speeds as they are observed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaitStyle {
    /// The forward speed it keeps, as observed.
    pub speed: f32,
    /// How a standing leg's knee is bent.
    pub standing_knee: f32,
    /// How fast it straightens to that, a step.
    pub straightening: f32,
    /// Hip and knee of a leg that is lifted.
    pub lifted: [f32; 2],
    /// Hip angle below which a leg is behind.
    pub behind: f32,
    /// Hip of a leg that comes down.
    pub reaching_hip: f32,
    /// Knee of a leg that pushes, and where it is straight enough.
    pub pushing_knee: [f32; 2],
    /// Gains of hips: of the angle, of the speed.
    pub hip_gain: [f32; 2],
    /// Gains of knees.
    pub knee_gain: [f32; 2],
    /// Gains that hold the hull upright: of its angle, of its angular velocity.
    pub upright_gain: [f32; 2],
    /// Gain that damps its bouncing.
    pub bounce_gain: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Phase {
    Swing,
    Reach,
    Push,
}

impl Default for GaitStyle {
    fn default() -> Self {
        Self {
            speed: 0.19,
            standing_knee: 0.04,
            straightening: 0.03,
            lifted: [1.0, -0.77],
            behind: 0.06,
            reaching_hip: 0.12,
            pushing_knee: [1.06, 0.92],
            hip_gain: [0.9, 0.16],
            knee_gain: [4.69, 0.21],
            upright_gain: [1.23, 1.43],
            bounce_gain: 11.93,
        }
    }
}

impl Default for Gait {
    fn default() -> Self {
        Self::new(GaitStyle::default())
    }
}

impl Gait {
    /// A gait at the start of an episode.
    #[must_use]
    pub fn new(style: GaitStyle) -> Self {
        Self {
            style,
            phase: Phase::Swing,
            free: 0,
            carrying_knee: style.standing_knee,
        }
    }

    /// What to do after seeing this.
    pub fn act(&mut self, seen: &[f32; 24]) -> [f32; 4] {
        let style = self.style;
        let leg = |i: usize| &seen[4 + 5 * i..9 + 5 * i];
        let (free, standing) = (self.free, 1 - self.free);
        let forward = seen[2];

        let (mut hip, mut knee) = ([None; 2], [None; 2]);
        if self.phase == Phase::Swing {
            let fast = if forward > style.speed { 2.0 } else { 1.0 };
            self.carrying_knee =
                (self.carrying_knee + fast * style.straightening).min(style.standing_knee);
            hip[free] = Some(style.lifted[0]);
            knee[free] = Some(style.lifted[1]);
            knee[standing] = Some(self.carrying_knee);
            if leg(standing)[0] < style.behind {
                self.phase = Phase::Reach;
            }
        }
        if self.phase == Phase::Reach {
            hip[free] = Some(style.reaching_hip);
            knee[free] = Some(style.standing_knee);
            knee[standing] = Some(self.carrying_knee);
            if leg(free)[4] > 0.0 {
                self.phase = Phase::Push;
                self.carrying_knee = leg(free)[2].min(style.standing_knee);
            }
        }
        if self.phase == Phase::Push {
            let [stretched, straight] = style.pushing_knee;
            knee[free] = Some(self.carrying_knee);
            knee[standing] = Some(stretched);
            if leg(standing)[2] > straight || forward > 1.2 * style.speed {
                self.phase = Phase::Swing;
                self.free = standing;
            }
        }

        let driven = |target: Option<f32>, [angle, speed]: [f32; 2], gain: [f32; 2]| {
            target.map_or(0.0, |target| gain[0] * (target - angle) - gain[1] * speed)
        };
        let upright = style.upright_gain[0] * seen[0] + style.upright_gain[1] * seen[1];
        let bounce = style.bounce_gain * seen[3];
        let mut action = [0.0; 4];
        for (i, action) in action.chunks_exact_mut(2).enumerate() {
            let leg = leg(i);
            action[0] = driven(hip[i], [leg[0], leg[1]], style.hip_gain) + upright;
            action[1] = driven(knee[i], [leg[2], leg[3]], style.knee_gain) - bounce;
        }
        action.map(|torque| (0.5 * torque).clamp(-1.0, 1.0))
    }
}
