//! Flows that a program builds and runs itself: push rows, run, fork, append, export.
#![expect(clippy::print_stdout, reason = "the program says what it does")]

use std::thread;

use kis_core::{
    prelude::*,
    program::{Flow, block_on},
};

pub mod functions;

use functions::{Average, Score, mean, possible, print_average};

fn main() -> Result<()> {
    block_on(async {
        let mut flow = build_and_run().await?;
        fork(&flow)?;
        append(&mut flow).await?;
        export_and_import(&flow).await?;
        mistake().await
    })
}

/// A run is one batch: everything that was pushed since the last one.
async fn build_and_run() -> Result<Flow> {
    let mut flow = Flow::builder("averages")
        .link::<possible>()
        .param("highest", 50)
        .link::<mean>()
        .build()
        .await?;

    flow.push(score(1, 40, 50))?;
    flow.push_all(vec![score(2, 10, 20), score(3, 50, 60)])?;
    let report = flow.run().await?;

    println!("{} rows in, {} out", report.rows_in, report.rows_out);
    for Average { student, average } in report.rows::<Average>() {
        println!("student {student} has {average}");
    }
    for letter in &report.dead {
        println!("dead letter: {}", letter.message);
    }
    Ok(flow)
}

/// A fork is an independent copy with rows, meta and cache of its own, so forks may run at the same time.
fn fork(flow: &Flow) -> Result<()> {
    let mut forks = Vec::new();
    for class in 1..=3 {
        let mut fork = flow.fork()?;
        fork.meta().flow().set("class", format!("class {class}"));
        fork.append::<print_average>()?;
        fork.push(score(10 * class, 10 * class, 20))?;
        forks.push(thread::spawn(move || block_on(fork.run())));
    }
    let mut rows_out = 0;
    for fork in forks {
        rows_out += fork
            .join()
            .map_err(|_| Error::fatal("a fork panicked"))??
            .rows_out;
    }
    println!("the forks handed on {rows_out} rows");
    Ok(())
}

/// A step that is added counts from the next run on.
async fn append(flow: &mut Flow) -> Result<()> {
    flow.append::<print_average>()?;
    flow.push(score(4, 30, 30))?;
    flow.run().await?;
    Ok(())
}

/// What a program built can be written down, and read again.
async fn export_and_import(flow: &Flow) -> Result<()> {
    let yaml = flow.to_yaml();
    print!("{yaml}");
    let mut again = Flow::from_yaml(&yaml)?.build().await?;
    again.push(score(5, 20, 20))?;
    again.run().await?;
    Ok(())
}

/// A flow whose steps do not fit is refused with the words of the compiler.
async fn mistake() -> Result<()> {
    match Flow::builder("wrong")
        .link::<mean>()
        .link::<possible>()
        .build()
        .await
    {
        Ok(_) => Err(Error::fatal("the steps fit")),
        Err(error) => {
            println!("{error}");
            Ok(())
        }
    }
}

fn score(student: i64, maths: i64, music: i64) -> Score {
    Score {
        student,
        maths,
        music,
    }
}
