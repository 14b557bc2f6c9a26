//! The control socket as a Unix socket.

use std::{
    fs, io,
    io::{BufRead as _, Write as _},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        net,
    },
    path::{Path, PathBuf},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::JoinHandle,
};

use super::{
    super::{dlq::Office, refused::Refused},
    Reply, Request,
};

/// The socket in the store's folder.
const FILE: &str = "control.sock";

/// How many lines of an answer wait for a reader that is slower.
const AHEAD: usize = 64;

/// Serves the socket until it is dropped.
pub(in crate::cli) struct Control {
    listening: JoinHandle<()>,
    path: PathBuf,
}

impl Control {
    /// Serves from now on. The caller holds the store in `dir`, so a socket that lies there is of nobody any more.
    ///
    /// # Errors
    /// If the system refuses.
    pub(in crate::cli) fn serve(dir: &Path, office: Office) -> io::Result<Control> {
        let path = dir.join(FILE);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        let owner = fs::metadata(&path)?.uid();
        let listening = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    // The mode keeps others out; where a system does not heed it, this does.
                    Ok((stream, _))
                        if stream
                            .peer_cred()
                            .is_ok_and(|peer| [owner, 0].contains(&peer.uid())) =>
                    {
                        tokio::spawn(talk(stream, office.clone()));
                    }
                    Ok(_) => {
                        tracing::warn!("somebody else than the store's owner came to the control socket");
                    }
                    Err(error) => {
                        tracing::warn!("the control socket is gone: {error}");
                        return;
                    }
                }
            }
        });
        Ok(Control { listening, path })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.listening.abort();
        // A socket that stays is of nobody, and the next process removes it.
        let _ = fs::remove_file(&self.path);
    }
}

/// Answers one request after the other until the other side goes away.
async fn talk(stream: UnixStream, office: Office) {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let answered = match serde_json::from_str(&line) {
            Ok(Request::Dlq(ask)) if ask.waits() => {
                let mut found = Vec::new();
                let done = office
                    .redrive(&ask, gone(&mut lines), |item| found.push(item))
                    .await;
                let items = found.into_iter().map(item).chain([end(done)]);
                let mut sent = Ok(());
                for line in items {
                    if sent.is_ok() {
                        sent = send(&mut writing, &line).await;
                    }
                }
                sent
            }
            Ok(Request::Dlq(ask)) => {
                let (lines, mut answer) = mpsc::channel(AHEAD);
                let office = office.clone();
                tokio::task::spawn_blocking(move || {
                    // Nobody may be listening any more.
                    let done = office.answer(&ask, &mut |found| drop(lines.blocking_send(item(found))));
                    drop(lines.blocking_send(end(done)));
                });
                let mut sent = Ok(());
                while let Some(line) = answer.recv().await {
                    sent = send(&mut writing, &line).await;
                    if sent.is_err() {
                        break;
                    }
                }
                sent
            }
            Err(error) => {
                let text =
                    format!("the process does not know this request: {error}; is it of another version?");
                send(&mut writing, &end(Err(Refused::failed(text)))).await
            }
        };
        if answered.is_err() {
            return;
        }
    }
}

/// Ready when the other side has gone away; it says nothing while it waits for an answer.
async fn gone(lines: &mut Lines<BufReader<OwnedReadHalf>>) {
    while let Ok(Some(_)) = lines.next_line().await {}
}

fn item(found: impl serde::Serialize) -> Reply {
    match serde_json::to_value(found) {
        Ok(value) => Reply::Item(value),
        Err(error) => Refused::failed(format!("an answer is no JSON: {error}")).into(),
    }
}

fn end(done: Result<Value, Refused>) -> Reply {
    done.map_or_else(Reply::from, Reply::Done)
}

async fn send(to: &mut OwnedWriteHalf, reply: &Reply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply).map_err(io::Error::other)?;
    line.push(b'\n');
    to.write_all(&line).await
}

/// Asks the process that holds a store.
pub(in crate::cli) struct Client {
    stream: net::UnixStream,
}

impl Client {
    /// Connects to the process that holds the store in `dir`.
    ///
    /// # Errors
    /// Why it cannot be asked, for people.
    pub(in crate::cli) fn connect(dir: &Path) -> Result<Client, String> {
        let path = dir.join(FILE);
        match net::UnixStream::connect(&path) {
            Ok(stream) => Ok(Client { stream }),
            Err(error) => Err(format!("nor can it be asked by {}: {error}", path.display())),
        }
    }

    /// Asks, hands over what is found, and returns the end of the answer.
    ///
    /// # Errors
    /// Why the other side does not do it, or that it is gone.
    pub(in crate::cli) fn ask(
        &self,
        request: &Request,
        mut each: impl FnMut(Value) -> Result<(), Refused>,
    ) -> Result<Value, Refused> {
        let gone = |error: io::Error| {
            Refused::failed(format!(
                "the process that runs the flows went away before it answered: {error}"
            ))
        };
        let mut line = serde_json::to_vec(request).map_err(|error| gone(error.into()))?;
        line.push(b'\n');
        (&self.stream).write_all(&line).map_err(gone)?;
        for line in io::BufReader::new(&self.stream).lines() {
            let reply = serde_json::from_str(&line.map_err(gone)?).map_err(|error| gone(error.into()))?;
            match reply {
                Reply::Item(item) => each(item)?,
                Reply::Done(done) => return Ok(done),
                Reply::Refused { exit, text } => return Err(Reply::refused(exit, text)),
            }
        }
        Err(gone(io::ErrorKind::UnexpectedEof.into()))
    }
}
