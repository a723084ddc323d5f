//! Tests of JSON text.
