//! What an editor shows: drives rust-analyzer over a sample program.
//!
//! It runs with `cargo test -p kis-macros --features editor --test editor`, and needs the toolchain's `rust-analyzer`
//! and `rust-src`, which it asks rustup for.

mod server;

use server::{Place, Server};

/// `at` is a text in `file` that occurs once, with `|` where the cursor stands.
fn definitions(server: &mut Server, file: &str, at: &str) -> Vec<String> {
    let place = Place::find(file, at);
    server.definitions(&place)
}

#[test]
fn rust_analyzer_finds_the_users_code() {
    let mut server = Server::start();
    let mut check = |file: &str, at: &str, expect: &[&str]| {
        assert_eq!(
            definitions(&mut server, file, at),
            expect,
            "definition of {at} in {file}"
        );
    };

    // A function, from its use, a call, and its own name.
    let function = ["src/functions.rs: pub fn verify_stu(row: &StuScore) -> bool {"];
    check("src/lib.rs", "use functions::verify|_stu;", &function);
    check("src/lib.rs", "    verify|_stu(row)", &function);
    check("src/functions.rs", "pub fn verify|_stu(", &function);

    // A row type and its field.
    check(
        "src/functions.rs",
        "fn verify_stu(row: &Stu|Score",
        &["src/rows.rs: pub struct StuScore {"],
    );
    check(
        "src/functions.rs",
        "avg_stu_score(row: StuScore) -> Stu|Avg {",
        &["src/rows.rs: pub struct StuAvg {"],
    );
    check(
        "src/functions.rs",
        "    row.stu|_id > 0",
        &["src/rows.rs:     pub stu_id: i64,"],
    );

    // The folder of flows! leads to the functions that its files name.
    check(
        "src/lib.rs",
        "flows!(\"co|nf/\"",
        &[
            "src/functions.rs: pub fn avg_stu_score(row: StuScore) -> StuAvg {",
            "src/functions.rs: pub fn verify_stu(row: &StuScore) -> bool {",
        ],
    );

    let hover = server.hover(&Place::find("src/lib.rs", "    verify|_stu(row)"));
    assert!(hover.contains("Keeps only students of this school."), "{hover}");

    // A body that does not parse still knows its arguments.
    let items = server.completions(&Place::find("src/functions.rs", "let id = row.|"));
    for field in ["stu_id", "score_1"] {
        assert!(
            items.iter().any(|item| item == field),
            "{field} is not offered: {items:?}"
        );
    }
}
