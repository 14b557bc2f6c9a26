//! A program as a user writes it, for the test that drives the language server.

pub mod functions;
pub mod rows;

use functions::verify_stu;
use kis_core::prelude::*;

pub const FLOWS: FlowSet = flows!("conf/", functions = crate::functions);

pub fn called(row: &rows::StuScore) -> bool {
    verify_stu(row)
}
