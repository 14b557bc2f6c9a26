//! `dlq skip`: lets a row that stops its flow become a dead letter at the next start.

use serde_json::{Value, json};

use super::{
    super::refused::Refused,
    Done, Letters,
    args::Skip,
    office::{Ask, Office},
};

/// `dlq skip`.
pub(super) fn skip(letters: &Letters, skip: &Skip) -> Done {
    let ask = Ask::Skip {
        flow: skip.flow.clone(),
        row: skip.row.clone(),
    };
    let done = letters.ask(ask, |_| {}).map_err(Some)?;
    let origin = done["origin"].as_str().unwrap_or_default();
    Ok(format!(
        "the row {origin} of flow {} becomes a dead letter at the next start if it would stop the flow\n",
        skip.flow
    ))
}

/// Notes the row in the store.
pub(super) fn mark(office: &Office, flow: &str, row: &[String]) -> Result<Value, Refused> {
    let Some(plan) = office.flows.iter().find(|plan| *plan.name == *flow) else {
        let known: Vec<&str> = office.flows.iter().map(|flow| &*flow.name).collect();
        return Err(Refused::unknown(format!("there is no flow {flow}"), flow, &known));
    };
    if office.desk.as_ref().is_some_and(|desk| desk.is_running(flow)) {
        return Err(Refused::failed(format!(
            "flow {flow} is running; a row can be skipped while it is stopped"
        )));
    }
    let origin = match row {
        [partition, position] => {
            // The source's name may stand before the partition.
            let of_source = plan.sources.iter().find_map(|source| {
                let rest = partition.strip_prefix(&*source.name)?;
                rest.strip_prefix('/')
            });
            format!("{}:{position}", of_source.unwrap_or(partition))
        }
        other => other.join(" "),
    };
    office.store.skip(flow, &origin)?;
    Ok(json!({ "origin": origin }))
}
