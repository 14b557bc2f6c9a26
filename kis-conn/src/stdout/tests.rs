//! Printing: whole lines, and what is said when nobody reads them.

use super::*;

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
