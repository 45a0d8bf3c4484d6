//! Simulations of models.

use std::alloc::{Layout, handle_alloc_error};
use std::ffi::c_void;
use std::fmt::{Debug, Formatter};
use std::ptr::NonNull;
use std::sync::Arc;

use super::Model;
use super::layout::{data, read};

/// One world: where everything of a model is, and how it moves. All in double precision.
pub struct Simulation {
    model: Arc<Model>,
    raw: NonNull<c_void>,
}

// SAFETY: the struct owns its memory, has no tie to a thread, and is only written through `&mut`.
unsafe impl Send for Simulation {}
// SAFETY: as above; what `&self` can do only reads.
unsafe impl Sync for Simulation {}

/// Places in the list of warnings: numbers in positions, velocities and accelerations that are not
/// finite, or huge.
const DIVERGED: std::ops::RangeInclusive<usize> = 3..=5;

impl Simulation {
    /// The model as it is at first.
    #[must_use]
    pub fn new(model: Arc<Model>) -> Self {
        // SAFETY: the model is live, and is kept as long as the data.
        let raw = unsafe { (model.library().mj_makeData)(model.raw()) };
        let Some(raw) = NonNull::new(raw) else {
            // No memory: what every allocation of the language does then.
            handle_alloc_error(Layout::new::<Self>());
        };
        Self { model, raw }
    }

    /// What is simulated.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Back to how it was at first.
    pub fn reset(&mut self) {
        // SAFETY: the data was made for this model.
        unsafe { (self.model.library().mj_resetData)(self.model.raw(), self.raw.as_ptr()) }
    }

    /// Computes everything that follows from positions and velocities, after they were set.
    pub fn forward(&mut self) {
        // SAFETY: the data was made for this model.
        unsafe { (self.model.library().mj_forward)(self.model.raw(), self.raw.as_ptr()) }
    }

    /// This many steps under the same controls, each clamped to what its actuator can.
    ///
    /// # Panics
    ///
    /// When there is not one control for each actuator.
    pub fn step(&mut self, control: &[f64], n_steps: u32) {
        let n_actuators = self.model.n_actuators();
        assert_eq!(control.len(), n_actuators, "a control for each actuator");
        // SAFETY: one a control.
        unsafe { self.array_mut(data::CTRL, n_actuators) }.copy_from_slice(control);
        for _ in 0..n_steps {
            // SAFETY: the data was made for this model.
            unsafe { (self.model.library().mj_step)(self.model.raw(), self.raw.as_ptr()) }
        }
    }

    /// Computes [`contact_forces`](Simulation::contact_forces), which a step leaves out.
    pub fn update_contact_forces(&mut self) {
        // SAFETY: the data was made for this model.
        unsafe { (self.model.library().mj_rnePostConstraint)(self.model.raw(), self.raw.as_ptr()) }
    }

    /// Whether numbers stopped being finite since the last [`reset`](Simulation::reset); MuJoCo then
    /// starts from the first state again.
    #[must_use]
    pub fn diverged(&self) -> bool {
        // SAFETY: warnings are pairs of 32-bit integers, what was last and how many.
        DIVERGED.into_iter().any(|warning| unsafe {
            let number: i32 = read(self.raw.as_ptr(), data::WARNING + 8 * warning + 4);
            number > 0
        })
    }

    /// Positions, `qpos`.
    #[must_use]
    pub fn positions(&self) -> &[f64] {
        // SAFETY: that many doubles.
        unsafe { self.array(data::QPOS, self.model.n_positions()) }
    }

    /// Positions, to be set; [`forward`](Simulation::forward) belongs behind it.
    pub fn positions_mut(&mut self) -> &mut [f64] {
        // SAFETY: as in `positions`.
        unsafe { self.array_mut(data::QPOS, self.model.n_positions()) }
    }

    /// Velocities, `qvel`.
    #[must_use]
    pub fn velocities(&self) -> &[f64] {
        // SAFETY: that many doubles.
        unsafe { self.array(data::QVEL, self.model.n_velocities()) }
    }

    /// Velocities, to be set; [`forward`](Simulation::forward) belongs behind it.
    pub fn velocities_mut(&mut self) -> &mut [f64] {
        // SAFETY: as in `velocities`.
        unsafe { self.array_mut(data::QVEL, self.model.n_velocities()) }
    }

    /// Where the frame of each body is, three coordinates in a row, `xpos`.
    #[must_use]
    pub fn body_positions(&self) -> &[f64] {
        // SAFETY: three a body.
        unsafe { self.array(data::XPOS, 3 * self.model.n_bodies()) }
    }

    /// Where the center of mass of each body is, three coordinates in a row, `xipos`.
    #[must_use]
    pub fn body_centers(&self) -> &[f64] {
        // SAFETY: three a body.
        unsafe { self.array(data::XIPOS, 3 * self.model.n_bodies()) }
    }

    /// Where the center of each shape is, three coordinates in a row, `geom_xpos`.
    #[must_use]
    pub fn geom_positions(&self) -> &[f64] {
        // SAFETY: three a shape.
        unsafe { self.array(data::GEOM_XPOS, 3 * self.model.n_geoms()) }
    }

    /// How each shape is turned: the rows of a rotation matrix, nine numbers in a row, `geom_xmat`.
    #[must_use]
    pub fn geom_rotations(&self) -> &[f64] {
        // SAFETY: nine a shape.
        unsafe { self.array(data::GEOM_XMAT, 9 * self.model.n_geoms()) }
    }

    /// Mass and inertia of each body about the center of mass, ten numbers in a row, `cinert`.
    #[must_use]
    pub fn body_inertias(&self) -> &[f64] {
        // SAFETY: ten a body.
        unsafe { self.array(data::CINERT, 10 * self.model.n_bodies()) }
    }

    /// Angular and linear velocity of each body, six numbers in a row, `cvel`.
    #[must_use]
    pub fn body_velocities(&self) -> &[f64] {
        // SAFETY: six a body.
        unsafe { self.array(data::CVEL, 6 * self.model.n_bodies()) }
    }

    /// Force of the actuators along each degree of freedom, `qfrc_actuator`.
    #[must_use]
    pub fn actuator_forces(&self) -> &[f64] {
        // SAFETY: one a degree of freedom.
        unsafe { self.array(data::QFRC_ACTUATOR, self.model.n_velocities()) }
    }

    /// Torque and force on each body from outside, six numbers in a row, `cfrc_ext`; as of the last
    /// [`update_contact_forces`](Simulation::update_contact_forces).
    #[must_use]
    pub fn contact_forces(&self) -> &[f64] {
        // SAFETY: six a body.
        unsafe { self.array(data::CFRC_EXT, 6 * self.model.n_bodies()) }
    }

    /// Bytes that a step can use.
    pub(super) fn arena(&self) -> i64 {
        // SAFETY: `narena` is a 64-bit integer.
        unsafe { read(self.raw.as_ptr(), data::NARENA) }
    }

    /// # Safety
    ///
    /// There must be a pointer to `len` doubles at `offset`.
    unsafe fn array(&self, offset: usize, len: usize) -> &[f64] {
        if len == 0 {
            return &[];
        }
        // SAFETY: what the caller promises; nothing writes while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(read::<*const f64>(self.raw.as_ptr(), offset), len) }
    }

    /// # Safety
    ///
    /// There must be a pointer to `len` doubles at `offset`.
    unsafe fn array_mut(&mut self, offset: usize, len: usize) -> &mut [f64] {
        if len == 0 {
            return &mut [];
        }
        // SAFETY: what the caller promises; nothing else sees them while `self` is borrowed.
        unsafe { std::slice::from_raw_parts_mut(read::<*mut f64>(self.raw.as_ptr(), offset), len) }
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        // SAFETY: made by MuJoCo, and deleted once.
        unsafe { (self.model.library().mj_deleteData)(self.raw.as_ptr()) }
    }
}

impl Debug for Simulation {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulation")
            .field("positions", &self.positions())
            .field("velocities", &self.velocities())
            .finish_non_exhaustive()
    }
}
