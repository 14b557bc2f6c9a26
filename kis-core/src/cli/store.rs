//! The embedded store, for commands that look into it while the flows are stopped.

use std::path::{Path, PathBuf};

use clap::Args;
use kis_conn::Store;

use super::{
    App, Exit,
    args::Common,
    load::{Loaded, load},
    refused::Refused,
    streams::Streams,
};

/// Where the store is.
#[derive(Debug, Default, Args)]
pub(super) struct At {
    /// The folder of the embedded store; else `store: { path: .. }` says it
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

impl At {
    /// The store's folder.
    pub(super) fn dir<'a>(&'a self, loaded: &'a Loaded) -> &'a Path {
        self.store.as_ref().unwrap_or(&loaded.plan.global.store_path)
    }

    /// Opens the store that is there.
    ///
    /// # Errors
    /// There is none, another process has it open, or it is broken.
    pub(super) fn open(&self, loaded: &Loaded, streams: &Streams) -> Result<Store, Exit> {
        let dir = self.dir(loaded);
        let store = match Store::is_in(dir) {
            true => Store::open(dir).map_err(|error| error.to_string()),
            false => Err(format!(
                "there is no store in {}; it is made by the first run, or say where it is by --store DIR",
                dir.display()
            )),
        };
        store.map_err(|error| {
            streams.error(error);
            Exit::Failed
        })
    }

    /// Loads the configuration, opens the store, and prints what `work` finds there.
    pub(super) fn with(
        &self,
        (app, common): (&App, &Common),
        streams: &mut Streams,
        work: impl FnOnce(&Loaded, &Store) -> Result<String, Refused>,
    ) -> Exit {
        let loaded = match load(app, common, streams) {
            Ok(loaded) => loaded,
            Err(exit) => return exit,
        };
        let store = match self.open(&loaded, streams) {
            Ok(store) => store,
            Err(exit) => return exit,
        };
        match work(&loaded, &store) {
            Ok(text) => streams.result(&text),
            Err(Refused { exit, text }) => {
                streams.error(text);
                exit
            }
        }
    }
}
