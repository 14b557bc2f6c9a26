//! YAML text as trees: the only module that knows the parser.

mod interpolate;
mod merge;
mod syntax;
mod tree;

use std::sync::Arc;

use granit_parser::{Event, Marker, Parser};

use crate::read::ReadOptions;
use crate::{Node, Place, Problem, Problems};

use self::tree::{Stop, Tree};

/// Collections within collections; every reader of a tree may recurse this deep.
const MAX_DEPTH: usize = 64;

/// Reads all documents of a file. A broken one is reported and left out; the others are still read.
pub(crate) fn documents(
    file: &Arc<str>,
    text: &str,
    options: &ReadOptions,
    problems: &mut Problems,
) -> Vec<Node> {
    let place = |mark: &Marker| Place::new(file.clone(), count(mark.line()), count(mark.col() + 1));
    let limits = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut parser = Parser::new_from_str_with_options(text, limits);
    let mut tree = Tree::new(options, problems);
    while let Some(next) = parser.next_event() {
        let stop = match next {
            Ok((Event::StreamEnd, _)) => break,
            Ok((event, span)) => tree.event(event, place(&span.start)).err(),
            Err(error) => {
                let problem = syntax::problem(&error, text, &place(error.marker()));
                tree.broken(problem);
                Some(Stop::Document)
            }
        };
        match stop {
            Some(Stop::Document) if matches!(parser.proceed_next_document(), Ok(true)) => {}
            Some(Stop::Document | Stop::File) => break,
            None => {}
        }
    }
    tree.finish()
}

/// Reads one value, for the default of a param.
pub(crate) fn value(text: &str, at: &Place) -> Result<Node, Problem> {
    let mut problems = Problems::new();
    let options = ReadOptions {
        values: crate::read::Values::Defer,
        ..ReadOptions::default()
    };
    let node = documents(&at.file, text, &options, &mut problems)
        .into_iter()
        .next();
    match problems.into_iter().next() {
        Some(problem) => Err(Problem {
            place: Some(at.clone()),
            ..problem
        }),
        None => Ok(node.unwrap_or_else(|| Node::null(at.clone()))),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
