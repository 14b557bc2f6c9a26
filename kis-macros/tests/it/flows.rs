//! `flows!` on files that fit.

use kis_core::prelude::*;

const FLOWS: FlowSet = flows!(
    "tests/it/conf/",
    functions = [crate::flows::functions, crate::flows::more]
);

pub(crate) mod functions {
    use kis_core::prelude::*;

    #[derive(Row)]
    pub(crate) struct StuScore {
        pub(crate) stu_id: i64,
        pub(crate) score_1: i32,
        pub(crate) score_2: i32,
    }

    #[derive(Row)]
    pub(crate) struct StuAvg {
        pub(crate) stu_id: i64,
        pub(crate) avg: f64,
    }

    #[derive(Params)]
    pub(crate) struct SaveParams {
        #[param(default = 10, min = 1, max = 100)]
        pub(crate) most: u32,
    }

    #[kis_function(mode = "Verify")]
    pub(crate) fn verify_stu(row: &StuScore) -> bool {
        row.stu_id > 0
    }

    #[kis_function(mode = "Calculate", name = "AvgStuScore")]
    pub(crate) fn avg_stu_score(row: StuScore) -> StuAvg {
        StuAvg {
            stu_id: row.stu_id,
            avg: f64::from(row.score_1 + row.score_2) / 2.0,
        }
    }

    #[kis_function(mode = "Save", conn = "averages")]
    pub(crate) async fn save_avg(
        _rows: &[StuAvg],
        _table: &Conn<Table>,
        params: &Params<SaveParams>,
    ) -> Result<()> {
        assert!(params.most > 0);
        Ok(())
    }
}

pub(crate) mod more {
    use super::functions::StuAvg;
    use kis_core::prelude::*;

    #[kis_function(mode = "Load", conn = "averages")]
    pub(crate) async fn load_avg(_rows: &[StuAvg], _table: &Conn<Table>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_set_holds_files_and_functions() {
    let names: Vec<&str> = FLOWS.functions.iter().map(|info| info.name).collect();
    assert_eq!(names, ["verify_stu", "AvgStuScore", "save_avg", "load_avg"]);
    assert_eq!(FLOWS.root, "conf");
    assert_eq!(FLOWS.files[0].0, "conf/students.yml");
    assert!(FLOWS.files[0].1.starts_with("kistype: source"));
}
