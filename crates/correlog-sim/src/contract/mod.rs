//! What the `Files` and `Disk` ports promise, as checks that run on the simulated and on the real ports alike, so
//! that the simulation cannot lie about the world. A difference found in the field becomes a check here first.

pub mod disk;
pub mod files;
