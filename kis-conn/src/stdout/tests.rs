//! Printing: whole lines, and what is said when nobody reads them.

use super::*;
use crate::Store;
use crate::suite::cases::{Text, run};
use crate::suite::{ConnectorUnderTest, check_connector};

struct Into(Arc<Mutex<Vec<u8>>>, Option<ErrorKind>);

impl Write for Into {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(kind) = self.1 {
            return Err(kind.into());
        }
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn client(format: RowFormat, error: Option<ErrorKind>) -> (StdoutClient, Arc<Mutex<Vec<u8>>>) {
    let text = Arc::new(Mutex::new(Vec::new()));
    let out: Box<dyn Write + Send> = Box::new(Into(Arc::clone(&text), error));
    (
        StdoutClient {
            out: Arc::new(Mutex::new(out)),
            format,
        },
        text,
    )
}

#[test]
fn rows_are_lines() {
    let (json, text) = client(RowFormat::Json, None);
    json.write(&serde_json::json!({ "a": 1 })).unwrap();
    json.write_all(&[1, 2]).unwrap();
    json.line("done").unwrap();
    assert_eq!(String::from_utf8_lossy(&text.lock()), "{\"a\":1}\n1\n2\ndone\n");
    let (csv, text) = client(
        RowFormat::Csv {
            delimiter: b',',
            na: String::new(),
        },
        None,
    );
    csv.write(&serde_json::json!({ "a": 1, "b": null })).unwrap();
    assert_eq!(String::from_utf8_lossy(&text.lock()), "1,\n");
}

#[test]
fn a_closed_output_is_named() {
    let (closed, _) = client(RowFormat::Json, Some(ErrorKind::BrokenPipe));
    let error = closed.write(&1).unwrap_err();
    assert_eq!(error.class, crate::ErrorClass::Fatal);
    assert_eq!(
        error.message,
        "the standard output is closed: the program that read it has ended"
    );
}

/// An output that outlives the processes which print to it.
#[derive(Default)]
struct Paper {
    text: Arc<Mutex<Vec<u8>>>,
}

impl ConnectorUnderTest for Paper {
    type Connector = Stdout;

    async fn open(&self, _: &str, _: &Store) -> Result<Arc<Stdout>, ConnError> {
        let out: Box<dyn Write + Send> = Box::new(Into(Arc::clone(&self.text), None));
        Ok(Arc::new(Stdout {
            out: Arc::new(Mutex::new(out)),
            format: RowFormat::Json,
        }))
    }

    async fn write(&self, client: &StdoutClient, rows: &[&str]) -> Result<(), ConnError> {
        client.write_all(&Text::all(rows))
    }

    async fn rows(&self, _: &Stdout) -> Result<Vec<String>, ConnError> {
        let text = String::from_utf8_lossy(&self.text.lock()).replace('"', "");
        Ok(text.lines().map(str::to_owned).collect())
    }

    fn refused(&self) -> Option<&str> {
        Some(Text::REFUSED)
    }
}

#[test]
fn it_passes_the_suite() {
    run(check_connector(async |_: &Store| Paper::default())).assert_passed();
}
