//! `dlq ls` and `dlq show`.

use std::fmt::Write as _;

use super::{
    super::{Exit, refused::Refused, table::table},
    Done, Letters,
    args::{Ls, Show},
    office::{Ask, Found, number_of},
    view::{View, age, moment, now_ms},
};

/// How much of a message, an origin and an id a table shows.
const MESSAGE: usize = 60;
const ORIGIN: usize = 40;
const ID: usize = 8;

/// `dlq ls`.
pub(super) fn list(letters: &Letters, ls: &Ls) -> Done {
    let mut views = Vec::new();
    let ask = Ask::Letters {
        filter: ls.filter.clone(),
        limit: ls.limit,
    };
    let done = letters.ask(ask, |found| {
        if let Found::Letter(view) = found {
            views.push(*view);
        }
    });
    let more = done.map_err(Some)?["more"].as_u64().unwrap_or_default();
    if ls.json {
        return lines(&views);
    }
    if views.is_empty() {
        return Ok("no dead letters\n".to_owned());
    }
    let now = now_ms();
    let rows = views.iter().map(|view| {
        vec![
            cut(&view.id, ID, ""),
            view.flow.clone(),
            view.step.clone(),
            view.class.clone(),
            view.code.clone(),
            cut(&view.origin, ORIGIN, "…"),
            age(view.first_ms, now),
            view.replays.to_string(),
            cut(&view.message, MESSAGE, "…"),
        ]
    });
    let heading = [
        "id", "flow", "step", "class", "code", "origin", "age", "replays", "message",
    ];
    let mut text = table(&heading, &[6, 7], rows);
    if more > 0 {
        let _ = writeln!(text, "\nand {} more; --limit 0 lists all", number_of(more));
    }
    Ok(text)
}

/// `dlq show`.
pub(super) fn one(letters: &Letters, show: &Show) -> Done {
    let mut views = Vec::new();
    let ask = Ask::Letter { id: show.id.clone() };
    let done = letters.ask(ask, |found| {
        if let Found::Letter(view) = found {
            views.push(*view);
        }
    });
    done.map_err(Some)?;
    let refuse = |text| {
        Err(Some(Refused {
            exit: Exit::Failed,
            text,
        }))
    };
    match views.as_slice() {
        [] => refuse(format!("there is no dead letter {}", show.id)),
        [view] if show.json => lines(std::slice::from_ref(view)),
        [view] => Ok(whole(view)),
        several => refuse(format!(
            "{} begin with {}; write more of the id",
            number_of(several.len() as u64),
            show.id
        )),
    }
}

fn whole(view: &View) -> String {
    let replays = match view.replays {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let mut facts = vec![
        ("id", view.id.clone()),
        ("flow", view.flow.clone()),
        ("step", format!("{} ({})", view.step, view.stage)),
        ("error", format!("{} {}: {}", view.class, view.code, view.message)),
        ("attempts", view.attempts.to_string()),
        ("sent again", replays),
        ("origin", view.origin.clone()),
    ];
    facts.extend(view.key.clone().map(|key| ("key", key)));
    facts.push(("first", moment(view.first_ms)));
    facts.push(("last", moment(view.last_ms)));
    let kept = match (view.format.as_str(), view.row_type.as_str()) {
        ("none", _) => "was not kept".to_owned(),
        (format, "raw") => format!("{format}, as its source delivered it"),
        (_, name) => format!("{name} {{ {} }}", view.shape.replace('\n', ", ")),
    };
    facts.push(("row", kept));
    let mut text = String::new();
    for (name, value) in facts {
        let value = value.replace('\n', &format!("\n{:12}", ""));
        let _ = writeln!(text, "{name:12}{value}");
    }
    let row = match &view.row {
        serde_json::Value::Null => return text,
        serde_json::Value::String(row) => row.clone(),
        row => serde_json::to_string_pretty(row).unwrap_or_else(|_| row.to_string()),
    };
    let _ = writeln!(text, "\n{}", row.trim_end());
    text
}

fn lines(views: &[View]) -> Done {
    let mut text = String::new();
    for view in views {
        let line = serde_json::to_string(view)
            .map_err(|error| Some(Refused::failed(format!("letter {} is no JSON: {error}", view.id))))?;
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}

/// The beginning of a text, on one line, with `end` where something is left out.
fn cut(text: &str, most: usize, end: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}{end}", &line[..at]),
        None => line,
    }
}
