//! `kistype: job`: a flow that is started by a schedule.

use std::time::Duration;

use crate::fields::{Fields, about, wrong_type};
use crate::out::{Out, duration, text, word};
use crate::word::words;
use crate::{Node, Place, Placed};

words! {
    /// What happens to starts that were missed while the program did not run.
    pub enum Misfire {
        /// One run makes up for all of them.
        FireOnce = "fire_once",
        /// They are skipped.
        Skip = "skip",
    }
}

words! {
    /// What happens when a run is due while the last one is still running.
    pub enum Overlap {
        /// The new one is skipped.
        Skip = "skip",
        /// The new one waits.
        Queue = "queue",
        /// The running one is cancelled.
        CancelRunning = "cancel_running",
    }
}

/// A `kistype: job` document.
#[derive(Clone, Debug, PartialEq)]
pub struct JobDoc {
    /// Where the document begins.
    pub place: Place,
    /// `jname`.
    pub name: Placed<String>,
    /// When it starts: five fields, or six with seconds.
    pub cron: Placed<String>,
    /// The time zone of the schedule, such as `Asia/Shanghai`; without it, UTC.
    pub tz: Option<Placed<String>>,
    /// The flow that is started.
    pub flow: Placed<String>,
    /// What happens to missed starts.
    pub misfire: Misfire,
    /// What happens while the last run is still running.
    pub overlap: Overlap,
    /// How long a run may take.
    pub timeout: Option<Duration>,
}

impl JobDoc {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.node("kistype");
        let place = fields.place().clone();
        let name = fields.needed_name("jname");
        let cron = read_cron(fields);
        let tz = fields.text("tz");
        let flow = fields.needed_name("flow");
        let misfire = fields.word_or("misfire", Misfire::FireOnce);
        let overlap = fields.word_or("overlap", Overlap::Skip);
        let timeout = fields.get("timeout").map(|timeout| timeout.value);
        Some(Self {
            place,
            name: name?,
            cron: cron?,
            tz,
            flow: flow?,
            misfire,
            overlap,
            timeout,
        })
    }

    pub(crate) fn write(&self) -> Node {
        Out::document("job")
            .put("jname", text(&self.name))
            .put("cron", text(&self.cron))
            .put_if("tz", self.tz.as_ref().map(text))
            .put("flow", text(&self.flow))
            .put_diff("misfire", self.misfire, Misfire::FireOnce, |misfire| {
                word(misfire.as_str())
            })
            .put_diff("overlap", self.overlap, Overlap::Skip, |overlap| {
                word(overlap.as_str())
            })
            .put_if("timeout", self.timeout.map(duration))
            .into_node()
    }
}

fn read_cron(fields: &mut Fields<'_>) -> Option<Placed<String>> {
    let node = fields.needed("cron")?;
    let cron = fields.text("cron")?;
    if cron.written.is_none() && !is_cron(&cron) {
        let problem = about("cron", wrong_type(node, "a schedule such as \"0 2 * * *\""));
        fields
            .problems()
            .push(problem.help("its fields are minute, hour, day, month and weekday"));
        return None;
    }
    Some(cron)
}

/// Whether a text has the form of a schedule; whether its numbers fit is the scheduler's to say.
fn is_cron(cron: &str) -> bool {
    let field = |field: &str| {
        field
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "*,-/?#".contains(c))
    };
    (5..=6).contains(&cron.split_whitespace().count()) && cron.split_whitespace().all(field)
}
