//! The real world behind the pipeline's three ports, one file a port. No policy lives here.

pub mod bulk;
pub mod disk;
pub mod files;
pub mod real;
