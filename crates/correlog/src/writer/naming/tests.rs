//! Tests of file names.
