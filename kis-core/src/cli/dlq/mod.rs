//! `dlq`: dead letters, looked at, sent in again and removed, through the process that runs the flows or without one.

mod args;
mod filter;
mod office;
mod redrive;
mod show;
mod skip;
mod stats;
mod view;

pub(super) use self::{
    args::Dlq,
    office::{Ask, Office},
};

use kis_conn::{Store, store::StoreError};
use serde_json::Value;

use self::{office::Found, redrive::Redriving};
use super::{
    App, Exit,
    args::Common,
    control::{self, Request},
    load::{Loaded, load},
    refused::Refused,
    store::At,
    streams::Streams,
};

/// Does what the command says.
pub(super) fn dlq(app: App, common: &Common, command: &Dlq, streams: &mut Streams) -> Exit {
    let loaded = match load(&app, common, streams) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let done = Letters::open(command.at(), &loaded, streams).and_then(|letters| match command {
        Dlq::Ls(ls) => show::list(&letters, ls),
        Dlq::Stats(stats) => stats::stats(&letters, stats),
        Dlq::Show(show) => show::one(&letters, show),
        Dlq::Purge(purge) => office::purge(&letters, purge),
        Dlq::Skip(skip) => skip::skip(&letters, skip),
        Dlq::Redrive(redrive) => Redriving {
            app,
            loaded: &loaded,
            redrive,
        }
        .run(letters),
    });
    match done {
        Ok(text) => streams.result(&text),
        Err(Some(Refused { exit, text })) => {
            streams.error(text);
            exit
        }
        Err(None) => Exit::Failed,
    }
}

/// The letters of a store: ours while the command runs, or those of the process that has it open.
enum Letters {
    Own(Office),
    Of(control::Client),
}

/// What came of a command: the text to print, or why there is none. Nothing, if that is told already.
type Done = Result<String, Option<Refused>>;

impl Letters {
    fn open(at: &At, loaded: &Loaded, streams: &Streams) -> Result<Letters, Option<Refused>> {
        let dir = at.dir(loaded);
        if !Store::is_in(dir) {
            // The text is the same as that of other commands.
            return match at.open(loaded, streams) {
                Ok(store) => Ok(Letters::Own(Office::alone(loaded, store))),
                Err(_) => Err(None),
            };
        }
        match Store::open(dir) {
            Ok(store) => Ok(Letters::Own(Office::alone(loaded, store))),
            Err(error @ StoreError::Locked { .. }) => match control::Client::connect(dir) {
                Ok(client) => Ok(Letters::Of(client)),
                Err(why) => Err(Some(Refused::failed(format!("{error}; {why}")))),
            },
            Err(error) => Err(Some(error.into())),
        }
    }

    /// Asks whoever has the letters. Hands over what is found, and returns what was done.
    fn ask(&self, ask: Ask, mut each: impl FnMut(Found)) -> Result<Value, Refused> {
        match self {
            Letters::Own(office) => office.answer(&ask, &mut each),
            Letters::Of(client) => client.ask(&Request::Dlq(ask), |item| {
                let found = serde_json::from_value(item).map_err(|error| {
                    Refused::failed(format!("the answer of the process is none: {error}"))
                })?;
                each(found);
                Ok(())
            }),
        }
    }
}
