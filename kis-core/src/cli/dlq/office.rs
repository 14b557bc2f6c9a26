//! Who answers questions about dead letters: the command itself, or the process that runs the flows.

use std::sync::Arc;

use kis_conn::store::{Letter, LetterId, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    super::{load::Loaded, refused::Refused},
    Done, Letters,
    args::Purge,
    filter::Filter,
    redrive,
    stats::Group,
    view::View,
};
use crate::{engine::Desk, flow::FlowPlan, observe::show::count};

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(in crate::cli) enum Ask {
    /// The letters, the oldest first; done says how many there are more.
    Letters { filter: Filter, limit: u64 },
    /// The letter whose id begins so.
    Letter { id: String },
    /// How many there are of each kind.
    Stats { filter: Filter },
    /// Remove them, or count them.
    Purge { filter: Filter, dry_run: bool },
    /// Send them in again.
    Redrive { filter: Filter, how: redrive::How },
    /// Let a row be a letter.
    Skip { flow: String, row: Vec<String> },
}

/// What is found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::cli) enum Found {
    Letter(Box<View>),
    Group(Group),
    Redriven(redrive::Told),
}

/// The letters of a store that is open here.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Office {
    pub(super) store: Store,
    pub(super) flows: Vec<Arc<FlowPlan>>,
    /// Flows that are turned off.
    pub(super) off: Vec<String>,
    /// The flows that run in this process.
    pub(super) desk: Option<Desk>,
}

impl Office {
    /// Nothing runs.
    pub(super) fn alone(loaded: &Loaded, store: Store) -> Office {
        Office {
            store,
            flows: loaded.plan.flows.clone(),
            off: loaded.plan.off.clone(),
            desk: None,
        }
    }

    /// The flows run.
    pub(in crate::cli) fn open(loaded: &Loaded, desk: Desk) -> Office {
        Office {
            desk: Some(desk.clone()),
            ..Office::alone(loaded, desk.store().clone())
        }
    }

    /// Answers what needs no waiting. Blocks while it reads.
    pub(in crate::cli) fn answer(&self, ask: &Ask, each: &mut dyn FnMut(Found)) -> Result<Value, Refused> {
        match ask {
            Ask::Letters { filter, limit } => {
                let limit = if *limit == 0 { u64::MAX } else { *limit };
                let mut found = 0;
                self.each(filter, |letter| {
                    found += 1;
                    if found <= limit {
                        each(Found::Letter(Box::new(letter.into())));
                    }
                })?;
                Ok(json!({ "more": found.saturating_sub(limit) }))
            }
            Ask::Letter { id } => {
                let filter = Filter {
                    ids: vec![id.to_lowercase()],
                    ..Filter::default()
                };
                self.each(&filter, |letter| each(Found::Letter(Box::new(letter.into()))))?;
                Ok(Value::Null)
            }
            Ask::Stats { filter } => {
                let mut groups = Vec::new();
                self.each(filter, |letter| Group::count(&mut groups, letter))?;
                groups.into_iter().for_each(|group| each(Found::Group(group)));
                Ok(Value::Null)
            }
            Ask::Purge { filter, dry_run } => self.purge(filter, *dry_run),
            Ask::Redrive { filter, how } => redrive::dry_run(self, filter, how, each),
            Ask::Skip { flow, row } => super::skip::mark(self, flow, row),
        }
    }

    /// Hands over the letters that the filter means, flow by flow, the oldest first.
    pub(super) fn each(&self, filter: &Filter, mut each: impl FnMut(Letter)) -> Result<(), Refused> {
        for flow in self.flows_of(filter)? {
            for id in self.store.letter_ids(&flow)? {
                // A letter may be gone since its id was read.
                if let Some(letter) = self.store.letter(&flow, id)?
                    && filter.fits(&letter)
                {
                    each(letter);
                }
            }
        }
        Ok(())
    }

    /// The flows that the filter means and that have letters.
    pub(super) fn flows_of(&self, filter: &Filter) -> Result<Vec<String>, Refused> {
        let mut flows = self.store.flows_with_letters()?;
        let Some(wanted) = &filter.flow else {
            return Ok(flows);
        };
        let known: Vec<&str> = flows
            .iter()
            .map(String::as_str)
            .chain(self.flows.iter().map(|flow| &*flow.name))
            .collect();
        if !known.contains(&wanted.as_str()) {
            let mut known = known;
            known.sort_unstable();
            known.dedup();
            return Err(Refused::unknown(
                format!("there is no flow {wanted}"),
                wanted,
                &known,
            ));
        }
        flows.retain(|flow| flow == wanted);
        Ok(flows)
    }

    fn purge(&self, filter: &Filter, dry_run: bool) -> Result<Value, Refused> {
        let mut ids: Vec<(String, Vec<LetterId>)> = Vec::new();
        self.each(filter, |letter| match ids.last_mut() {
            Some((flow, ids)) if *flow == letter.flow => ids.push(letter.id),
            _ => ids.push((letter.flow, vec![letter.id])),
        })?;
        let mut removed = 0;
        for (flow, ids) in ids {
            removed += match &self.desk {
                _ if dry_run => ids.len() as u64,
                Some(desk) => desk
                    .purge(&flow, &ids)
                    .map_err(|fault| Refused::failed(fault.to_string()))?,
                None => self.store.remove_letters(&flow, &ids)?,
            };
        }
        Ok(json!({ "removed": removed }))
    }
}

/// `dlq purge`.
pub(super) fn purge(letters: &Letters, purge: &Purge) -> Done {
    if purge.filter.is_empty() && !purge.all {
        let text = "say which letters: by --flow, --step, --class, --code, --where or --id; or --all";
        return Err(Some(Refused::usage(text.to_owned())));
    }
    let counting = purge.dry_run || !purge.yes;
    let ask = Ask::Purge {
        filter: purge.filter.clone(),
        dry_run: counting,
    };
    let answer = letters.ask(ask, |_| {}).map_err(Some)?;
    let removed = number_of(answer["removed"].as_u64().unwrap_or_default());
    if purge.dry_run {
        return Ok(format!("would remove {removed}\n"));
    }
    if counting {
        let text = format!("this would remove {removed} for good; say --yes to do it");
        return Err(Some(Refused::usage(text)));
    }
    Ok(format!("removed {removed}\n"))
}

/// So many letters, for people.
pub(super) fn number_of(letters: u64) -> String {
    match letters {
        1 => "1 dead letter".to_owned(),
        n => format!("{} dead letters", count(n)),
    }
}
