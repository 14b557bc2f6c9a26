//! What the macros write, run.

mod functions;
