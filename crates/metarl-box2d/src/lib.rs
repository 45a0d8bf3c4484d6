//! Box2D 2.3.0, as Gymnasium uses it, behind the few calls that a walker needs.
//!
//! Bodies and joints are numbers that the world gave out, so nothing here can outlive what it names.
//! The crate is empty without its feature `compiled`, which compiles the C++ sources that `cargo xtask
//! setup box2d` fetches.

#[cfg(feature = "compiled")]
mod ffi;

#[cfg(feature = "compiled")]
pub use ffi::{Body, Hinge, HingeMotion, Joint, Material, Motion, World};
