//! stub
use kis_conf::{CheckedConf, Problems, StepConf};
use crate::function::FunctionInfo;
pub fn check(_: &CheckedConf, _: &[&'static FunctionInfo]) -> Problems { Problems::default() }
pub fn conn_name(_: &StepConf, _: &FunctionInfo, _: &str) -> String { String::new() }
