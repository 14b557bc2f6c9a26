//! What stands on a terminal after live lines, log lines and a step's own prints.

use std::{io::Write, sync::Arc};

use parking_lot::Mutex;

use super::Screen;

/// A stream that keeps what is written.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    pub(crate) fn screen(&self) -> Screen {
        Screen::new(Box::new(self.clone()), || 40)
    }

    pub(crate) fn wide_screen(&self) -> Screen {
        Screen::new(Box::new(self.clone()), || 120)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().clone()).unwrap()
    }

    /// What a terminal shows of it: a minimal emulation of the control sequences that are used.
    pub(crate) fn shown(&self) -> String {
        let mut rows: Vec<Vec<char>> = vec![Vec::new()];
        let (mut row, mut column) = (0, 0);
        let text = self.text();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\r' => column = 0,
                '\n' => {
                    (row, column) = (row + 1, 0);
                    if row == rows.len() {
                        rows.push(Vec::new());
                    }
                }
                '\x1b' => {
                    let sequence: String = chars
                        .by_ref()
                        .skip(1)
                        .take_while(|c| !c.is_ascii_alphabetic())
                        .collect();
                    match sequence.parse::<usize>() {
                        Ok(up) => row -= up,
                        Err(_) => {
                            rows.truncate(row + 1);
                            rows[row].truncate(column);
                        }
                    }
                }
                c => {
                    if rows[row].len() <= column {
                        rows[row].resize(column + 1, ' ');
                    }
                    rows[row][column] = c;
                    column += 1;
                }
            }
        }
        let lines: Vec<String> = rows.into_iter().map(|row| row.into_iter().collect()).collect();
        lines.join("\n")
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn log_lines_stand_above_the_live_ones() {
    let kept = Kept::default();
    let screen = kept.screen();
    screen.print("first\n");
    screen.draw(|| vec!["a 1".to_owned(), "b 1".to_owned()]);
    screen.print("second\n");
    screen.draw(|| vec!["a 2".to_owned(), "b 2".to_owned()]);
    assert_eq!(kept.shown(), "first\nsecond\n\na 2\nb 2");
    screen.clear();
    assert_eq!(kept.shown(), "first\nsecond\n");
}

#[test]
fn what_a_step_prints_stays() {
    let kept = Kept::default();
    let screen = kept.screen();
    screen.draw(|| vec!["live line one".to_owned(), "live line two".to_owned()]);
    kept.clone().0.lock().write_all(b"AA\n").unwrap();
    screen.draw(|| vec!["live line one".to_owned()]);
    assert_eq!(kept.shown(), "AA\n\nlive line one");
    screen.clear();
    assert_eq!(kept.shown(), "AA\n");
}

#[test]
fn long_lines_are_cut() {
    let kept = Kept::default();
    kept.screen().draw(|| vec!["x".repeat(100)]);
    assert_eq!(kept.shown(), format!("\n{}…", "x".repeat(38)));
}

#[test]
fn nothing_is_written_for_nothing() {
    let kept = Kept::default();
    kept.screen().clear();
    kept.screen().draw(Vec::new);
    assert_eq!(kept.text(), "");
}
