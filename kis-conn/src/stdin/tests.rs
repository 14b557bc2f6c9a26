//! Tests of stdin.
