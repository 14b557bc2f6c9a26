//! What the macros write, run.

mod flows;
mod functions;
mod texts;
