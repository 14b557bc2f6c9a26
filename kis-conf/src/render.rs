//! Problems as rustc would print them, with the lines they stand in.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::{FileText, Place, Problem, Severity};

/// Lines shown before and after the one at fault.
const AROUND: usize = 1;

pub(crate) fn render<'a>(problems: impl Iterator<Item = &'a Problem>, files: &[FileText]) -> String {
    let renderer = Renderer::plain();
    problems
        .map(|problem| renderer.render(&report(problem, files)) + "\n")
        .collect()
}

fn report<'a>(problem: &'a Problem, files: &'a [FileText]) -> Vec<Group<'a>> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(
        level
            .primary_title(problem.message.as_str())
            .id(problem.code.as_str()),
    );
    let label = problem.label.as_deref().unwrap_or("");
    if let Some(place) = &problem.place {
        group = match Lines::of(place, files) {
            Some(lines) => group.element(lines.snippet(AnnotationKind::Primary, label)),
            None => group.element(annotate_snippets::Origin::path(place.to_string())),
        };
    }
    for (place, note) in &problem.notes {
        group = match Lines::of(place, files) {
            Some(lines) => group.element(lines.snippet(AnnotationKind::Context, note)),
            None => group.element(Level::NOTE.message(format!("{note}: {place}"))),
        };
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    vec![group]
}

/// The lines around a place.
struct Lines<'a> {
    file: &'a str,
    text: &'a str,
    first: usize,
    /// The bytes of `text` to underline.
    span: std::ops::Range<usize>,
}

impl<'a> Lines<'a> {
    fn of(place: &Place, files: &'a [FileText]) -> Option<Self> {
        let file = files.iter().find(|file| *file.name == *place.file)?;
        let line = (place.line as usize).checked_sub(1)?;
        let first = line.saturating_sub(AROUND);
        let starts = std::iter::once(0).chain(file.text.match_indices('\n').map(|(at, _)| at + 1));
        let starts: Vec<usize> = starts.skip(first).take(line - first + AROUND + 2).collect();
        let start = *starts.get(line - first)?;
        let end = starts
            .get(line - first + AROUND + 1)
            .map_or(file.text.len(), |next| next - 1);
        let text = file.text.get(starts[0]..end)?;
        let at_line = file.text.get(start..)?.lines().next().unwrap_or("");
        let column = (place.column as usize).saturating_sub(1);
        let from = at_line
            .char_indices()
            .nth(column)
            .map_or(at_line.len(), |(at, _)| at);
        let offset = start - starts[0];
        let span = offset + from..offset + from + word_len(&at_line[from..]);
        Some(Self {
            file: &file.name,
            text,
            first: first + 1,
            span,
        })
    }

    fn snippet(self, kind: AnnotationKind, label: &'a str) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let mut annotation = kind.span(self.span);
        if !label.is_empty() {
            annotation = annotation.label(label);
        }
        Snippet::source(self.text)
            .line_start(self.first)
            .path(self.file)
            .annotation(annotation)
    }
}

/// How much to underline: a quoted text, or a word up to what ends it.
fn word_len(line: &str) -> usize {
    let mut chars = line.char_indices();
    match chars.next() {
        Some((_, quote @ ('"' | '\''))) => chars
            .find(|(_, c)| *c == quote)
            .map_or(line.len(), |(at, _)| at + 1),
        Some(_) => {
            let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}');
            let word = line.find(ends).unwrap_or(line.len()).max(1);
            let word = line.get(..word).unwrap_or(line);
            // The colon behind a key is not part of it.
            word.strip_suffix(':')
                .filter(|key| !key.is_empty())
                .unwrap_or(word)
                .len()
        }
        None => 0,
    }
}
