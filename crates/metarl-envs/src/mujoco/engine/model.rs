//! Compiled models.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt::{Debug, Formatter};
use std::ptr::{NonNull, null, null_mut};
use std::sync::Arc;

use super::layout::{self, read};
use super::library::{Library, library};
use super::{MujocoError, Simulation};

/// A compiled model. It does not change while it is simulated: edit it, then share it.
///
/// ```no_run
/// use metarl_envs::mujoco::{Model, MujocoError, Simulation};
///
/// let ball = r#"<mujoco><worldbody><body><freejoint/><geom size=".1"/></body></worldbody></mujoco>"#;
/// let mut simulation = Simulation::new(Model::from_mjcf(ball)?.into());
/// simulation.step(&[], 100);
/// assert!(simulation.positions()[2] < -4.9);
///
/// let broken = Model::from_mjcf("<mujoco><worldbody><geom/></worldbody></mujoco>");
/// assert!(matches!(broken, Err(MujocoError::InvalidModel(_))));
/// # Ok::<(), MujocoError>(())
/// ```
pub struct Model {
    library: &'static Library,
    raw: NonNull<c_void>,
}

// SAFETY: the struct owns its memory, has no tie to a thread, and is only written through `&mut`.
unsafe impl Send for Model {}
// SAFETY: as above; the library reads models from many threads.
unsafe impl Sync for Model {}

/// The least memory a simulation may have, in bytes.
const LEAST_ARENA: i64 = 1 << 20;

impl Model {
    /// Compiles a model written in MuJoCo's XML format.
    ///
    /// # Errors
    ///
    /// [`MujocoError::InvalidModel`] with what the compiler says, and those of a library that is
    /// missing or another version.
    pub fn from_mjcf(mjcf: &str) -> Result<Self, MujocoError> {
        let library = library()?;
        let invalid = |what: &CStr| {
            MujocoError::InvalidModel(what.to_string_lossy().trim().replace('\n', ", "))
        };
        let text = CString::new(mjcf).map_err(|error| invalid_text(&error))?;
        let mut message = [0 as c_char; 1024];
        let (size, buffer) = (message.len() as c_int, message.as_mut_ptr());
        // SAFETY: the text ends with a zero, and the message has the size it is said to have.
        let spec = unsafe { (library.mj_parseXMLString)(text.as_ptr(), null(), buffer, size) };
        if spec.is_null() {
            // SAFETY: MuJoCo wrote a string that ends with a zero.
            return Err(invalid(unsafe { CStr::from_ptr(message.as_ptr()) }));
        }
        // SAFETY: the specification was made above, and is not used after it is deleted; the string
        // of its error lives as long as it.
        let raw = unsafe {
            let raw = (library.mj_compile)(spec, null());
            let compiled = NonNull::new(raw)
                .ok_or_else(|| invalid(CStr::from_ptr((library.mjs_getError)(spec))));
            (library.mj_deleteSpec)(spec);
            compiled?
        };
        Self { library, raw }.with_memory()
    }

    /// Refuses a model that asks for so little memory that a step would overrun it, for which MuJoCo
    /// ends the process.
    fn with_memory(self) -> Result<Self, MujocoError> {
        let model = Arc::new(self);
        let arena = Simulation::new(Arc::clone(&model)).arena();
        match Arc::into_inner(model) {
            Some(model) if arena >= LEAST_ARENA => Ok(model),
            _ => Err(MujocoError::InvalidModel(format!(
                "its memory must be at least {LEAST_ARENA} bytes, got {arena}"
            ))),
        }
    }

    /// A copy, to be edited.
    ///
    /// # Errors
    ///
    /// [`MujocoError::InvalidModel`] when there is no memory for it.
    pub fn try_clone(&self) -> Result<Self, MujocoError> {
        let library = self.library;
        // SAFETY: a null destination asks for a new model.
        let raw = unsafe { (library.mj_copyModel)(null_mut(), self.raw()) };
        let raw = NonNull::new(raw).ok_or_else(|| {
            MujocoError::InvalidModel("there is no memory for a copy of it".to_owned())
        })?;
        Ok(Self { library, raw })
    }

    /// Numbers that describe where everything is.
    #[must_use]
    pub fn n_positions(&self) -> usize {
        self.size(layout::model::NQ)
    }

    /// Degrees of freedom, and so velocities.
    #[must_use]
    pub fn n_velocities(&self) -> usize {
        self.size(layout::model::NV)
    }

    /// Actuators, and so controls.
    #[must_use]
    pub fn n_actuators(&self) -> usize {
        self.size(layout::model::NU)
    }

    /// Bodies, the world's among them.
    #[must_use]
    pub fn n_bodies(&self) -> usize {
        self.size(layout::model::NBODY)
    }

    /// Shapes.
    #[must_use]
    pub fn n_geoms(&self) -> usize {
        self.size(layout::model::NGEOM)
    }

    /// Seconds of a step of the simulation.
    #[must_use]
    pub fn time_step(&self) -> f64 {
        // SAFETY: `opt.timestep` is a double.
        unsafe { read(self.raw(), layout::model::TIMESTEP) }
    }

    /// Mass of each body, kg.
    #[must_use]
    pub fn body_mass(&self) -> &[f64] {
        // SAFETY: one a body.
        unsafe { self.array(layout::model::BODY_MASS, self.n_bodies()) }
    }

    /// Mass of each body, kg.
    pub fn body_mass_mut(&mut self) -> &mut [f64] {
        // SAFETY: as in `body_mass`.
        unsafe { self.array_mut(layout::model::BODY_MASS, self.n_bodies()) }
    }

    /// Moments of inertia of each body about its principal axes, three in a row, kg m².
    pub fn body_inertia_mut(&mut self) -> &mut [f64] {
        // SAFETY: three a body.
        unsafe { self.array_mut(layout::model::BODY_INERTIA, 3 * self.n_bodies()) }
    }

    /// Damping of each degree of freedom.
    pub fn damping_mut(&mut self) -> &mut [f64] {
        // SAFETY: one a degree of freedom.
        unsafe { self.array_mut(layout::model::DOF_DAMPING, self.n_velocities()) }
    }

    /// Sliding, torsional and rolling friction of each shape, three in a row.
    pub fn friction_mut(&mut self) -> &mut [f64] {
        // SAFETY: three a shape.
        unsafe { self.array_mut(layout::model::GEOM_FRICTION, 3 * self.n_geoms()) }
    }

    /// What each shape is, as MuJoCo's `mjtGeom` numbers them.
    #[must_use]
    pub fn geom_kinds(&self) -> &[i32] {
        let n = self.n_geoms();
        if n == 0 {
            return &[];
        }
        // SAFETY: one 32-bit integer a shape, not written while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(read(self.raw(), layout::model::GEOM_TYPE), n) }
    }

    /// Radius and half lengths of each shape, three in a row, m.
    #[must_use]
    pub fn geom_size(&self) -> &[f64] {
        // SAFETY: three a shape.
        unsafe { self.array(layout::model::GEOM_SIZE, 3 * self.n_geoms()) }
    }

    /// Radius and half lengths of each shape, three in a row, m.
    pub fn geom_size_mut(&mut self) -> &mut [f64] {
        // SAFETY: three a shape.
        unsafe { self.array_mut(layout::model::GEOM_SIZE, 3 * self.n_geoms()) }
    }

    /// Where each shape is in its body, three coordinates in a row, m.
    pub fn geom_position_mut(&mut self) -> &mut [f64] {
        // SAFETY: three a shape.
        unsafe { self.array_mut(layout::model::GEOM_POS, 3 * self.n_geoms()) }
    }

    /// Computes again what follows from masses and inertias, as MuJoCo asks for after they were
    /// changed.
    pub fn update_constants(&mut self) {
        let library = self.library;
        // SAFETY: the data is made for this model, used here alone, and deleted. A null is memory
        // that is not there.
        unsafe {
            let data = (library.mj_makeData)(self.raw());
            if data.is_null() {
                std::alloc::handle_alloc_error(std::alloc::Layout::new::<Self>());
            }
            (library.mj_setConst)(self.raw.as_ptr(), data);
            (library.mj_deleteData)(data);
        }
    }

    pub(super) fn raw(&self) -> *const c_void {
        self.raw.as_ptr()
    }

    pub(super) fn library(&self) -> &'static Library {
        self.library
    }

    fn size(&self, offset: usize) -> usize {
        // SAFETY: sizes are 64-bit integers, none below zero.
        let size: i64 = unsafe { read(self.raw(), offset) };
        size as usize
    }

    /// # Safety
    ///
    /// There must be a pointer to `len` doubles at `offset`.
    unsafe fn array(&self, offset: usize, len: usize) -> &[f64] {
        if len == 0 {
            return &[];
        }
        // SAFETY: what the caller promises; nothing writes while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(read::<*const f64>(self.raw(), offset), len) }
    }

    /// # Safety
    ///
    /// There must be a pointer to `len` doubles at `offset`.
    unsafe fn array_mut(&mut self, offset: usize, len: usize) -> &mut [f64] {
        if len == 0 {
            return &mut [];
        }
        // SAFETY: what the caller promises; nothing else sees them while `self` is borrowed.
        unsafe { std::slice::from_raw_parts_mut(read::<*mut f64>(self.raw(), offset), len) }
    }
}

fn invalid_text(error: &std::ffi::NulError) -> MujocoError {
    MujocoError::InvalidModel(error.to_string())
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: made by MuJoCo, and deleted once.
        unsafe { (self.library.mj_deleteModel)(self.raw.as_ptr()) }
    }
}

impl Debug for Model {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("n_bodies", &self.n_bodies())
            .field("n_velocities", &self.n_velocities())
            .field("n_actuators", &self.n_actuators())
            .finish_non_exhaustive()
    }
}
