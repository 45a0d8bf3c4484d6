//! Where fields lie in the structs of MuJoCo 3.17.0, in bytes.
//!
//! The library is opened at run time, so no compiler reads its headers; these numbers are what
//! `offsetof` gives for them. No other version is accepted. `cargo xtask parity` compares what is read
//! and edited through them with the Python package; the warnings and the arena have tests.

use std::ffi::c_void;

/// A field of a struct of the library.
///
/// # Safety
///
/// `object` must point to a live struct that has a `T` at `offset`, which is not written meanwhile.
pub(super) unsafe fn read<T: Copy>(object: *const c_void, offset: usize) -> T {
    // SAFETY: what the caller promises.
    unsafe { object.cast::<u8>().add(offset).cast::<T>().read() }
}

/// `mjModel`: sizes are 64-bit integers, arrays pointers to doubles, kinds to 32-bit integers.
pub(super) mod model {
    pub(in super::super) const NQ: usize = 0;
    pub(in super::super) const NV: usize = 8;
    pub(in super::super) const NU: usize = 16;
    pub(in super::super) const NBODY: usize = 48;
    pub(in super::super) const NGEOM: usize = 136;
    pub(in super::super) const TIMESTEP: usize = 792;
    pub(in super::super) const BODY_MASS: usize = 1944;
    pub(in super::super) const BODY_INERTIA: usize = 1960;
    pub(in super::super) const DOF_DAMPING: usize = 2336;
    pub(in super::super) const GEOM_TYPE: usize = 2416;
    pub(in super::super) const GEOM_SIZE: usize = 2528;
    pub(in super::super) const GEOM_POS: usize = 2552;
    pub(in super::super) const GEOM_FRICTION: usize = 2568;
}

/// `mjData`: arrays are pointers to doubles.
pub(super) mod data {
    pub(in super::super) const NARENA: usize = 0;
    pub(in super::super) const WARNING: usize = 160_264;
    pub(in super::super) const QPOS: usize = 160_688;
    pub(in super::super) const QVEL: usize = 160_696;
    pub(in super::super) const CTRL: usize = 160_736;
    pub(in super::super) const XPOS: usize = 160_840;
    pub(in super::super) const XIPOS: usize = 160_864;
    pub(in super::super) const GEOM_XPOS: usize = 160_896;
    pub(in super::super) const GEOM_XMAT: usize = 160_904;
    pub(in super::super) const CINERT: usize = 160_976;
    pub(in super::super) const CVEL: usize = 161_280;
    pub(in super::super) const QFRC_ACTUATOR: usize = 161_408;
    pub(in super::super) const CFRC_EXT: usize = 161_464;
}
