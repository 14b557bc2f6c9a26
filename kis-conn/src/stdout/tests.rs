//! Tests of stdout.
