//! The real world behind the pipeline's three ports, one file a port. No policy lives here.

pub mod bulk;
pub mod disk;
pub mod files;

/// What a shipper works with.
pub type RealWorld = correlog_pipeline::joined::Joined<files::RealFiles, disk::StateDir, bulk::HttpBulk>;
