// A step whose error is `kis_core::Error` may fail with any code, so nothing is refused at its flow and at itself.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./variants/", functions = [functions]);

fn main() {
    let variants = |name| FLOWS.functions.iter().find(|info| info.name == name).unwrap().variants;
    assert_eq!(variants("avg_stu_score"), Some(&[] as &[_]));
    assert_eq!(
        variants("grade"),
        Some(&[("NoGrade", "no_grade"), ("TryLater", "try_later")] as &[_])
    );
    assert_eq!(variants("save_avg"), None);
}
