//! `dlq stats`: how many dead letters there are of each kind.

use kis_conn::store::Letter;
use serde::{Deserialize, Serialize};

use super::{
    super::{refused::Refused, table::table},
    Done, Letters,
    args::Stats,
    office::{Ask, Found},
    view::{age, now_ms},
};
use crate::observe::show::count;

/// Letters of one flow, step, class and code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Group {
    flow: String,
    step: String,
    class: String,
    code: String,
    letters: u64,
    /// Those of them that were sent in again.
    sent_again: u64,
    oldest_ms: u64,
    newest_ms: u64,
}

impl Group {
    /// Counts a letter in its group.
    pub(super) fn count(groups: &mut Vec<Group>, letter: Letter) {
        let own = |group: &&mut Group| {
            group.flow == letter.flow
                && group.step == letter.step
                && group.class == letter.class
                && group.code == letter.code
        };
        let again = u64::from(letter.replays > 0);
        match groups.iter_mut().find(own) {
            Some(group) => {
                group.letters += 1;
                group.sent_again += again;
                group.oldest_ms = group.oldest_ms.min(letter.first_ms);
                group.newest_ms = group.newest_ms.max(letter.last_ms);
            }
            None => groups.push(Group {
                flow: letter.flow,
                step: letter.step,
                class: letter.class,
                code: letter.code,
                letters: 1,
                sent_again: again,
                oldest_ms: letter.first_ms,
                newest_ms: letter.last_ms,
            }),
        }
    }
}

/// `dlq stats`.
pub(super) fn stats(letters: &Letters, stats: &Stats) -> Done {
    let mut groups = Vec::new();
    let ask = Ask::Stats {
        filter: stats.filter.clone(),
    };
    let done = letters.ask(ask, |found| {
        if let Found::Group(group) = found {
            groups.push(group);
        }
    });
    done.map_err(Some)?;
    groups.sort_by(|a, b| (&a.flow, b.letters, &a.step).cmp(&(&b.flow, a.letters, &b.step)));
    if stats.json {
        let lines = groups
            .iter()
            .map(|group| Ok(serde_json::to_string(group)? + "\n"));
        let text: Result<String, serde_json::Error> = lines.collect();
        return text.map_err(|error| Some(Refused::failed(error.to_string())));
    }
    if groups.is_empty() {
        return Ok("no dead letters\n".to_owned());
    }
    let now = now_ms();
    let rows = groups.iter().map(|group| {
        vec![
            group.flow.clone(),
            group.step.clone(),
            group.class.clone(),
            group.code.clone(),
            count(group.letters),
            count(group.sent_again),
            age(group.oldest_ms, now),
            age(group.newest_ms, now),
        ]
    });
    let heading = [
        "flow",
        "step",
        "class",
        "code",
        "letters",
        "sent again",
        "oldest",
        "newest",
    ];
    let mut text = table(&heading, &[4, 5, 6, 7], rows);
    if groups.len() > 1 {
        let all: u64 = groups.iter().map(|group| group.letters).sum();
        text.push_str(&format!("\n{} in all\n", super::office::number_of(all)));
    }
    Ok(text)
}
