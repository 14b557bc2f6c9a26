//! JSON objects of flat rows: the usual form is cut into the texts of its fields, everything else is left to serde.

use super::{Kind, Row, Shape, Texts, csv::Span, texts::ColumnMap};

/// Reads JSON objects into one row type.
#[derive(Debug)]
pub(super) struct Objects {
    shape: &'static Shape,
    map: ColumnMap,
    spans: Vec<Span>,
}

/// Whether objects of this shape can be cut: every field holds a whole number, a truth value or a text.
const fn is_flat(shape: &Shape) -> bool {
    let mut i = 0;
    while i < shape.fields.len() {
        let kind = match shape.fields[i].kind {
            Kind::Opt(kind) => *kind,
            kind => kind,
        };
        if !matches!(
            kind,
            Kind::Int(8..=64) | Kind::UInt(8..=64) | Kind::Bool | Kind::Text
        ) {
            return false;
        }
        i += 1;
    }
    shape.fields.len() <= 64
}

impl Objects {
    /// A reader for `T`, if objects can be read into it without serde.
    pub(super) fn of<T: Row>() -> Option<Objects> {
        let flat = const { T::PLAIN && is_flat(T::SHAPE) };
        let spans = || {
            T::SHAPE
                .fields
                .iter()
                .map(|_| Span {
                    from: 0,
                    to: 0,
                    quoted: true,
                })
                .collect()
        };
        flat.then(|| Objects {
            shape: T::SHAPE,
            map: ColumnMap::in_order(T::SHAPE),
            spans: spans(),
        })
    }

    /// The row, if the object has the usual form: each field once, no other key, no escape in a text.
    #[inline]
    pub(super) fn read<T: Row>(&mut self, object: &[u8]) -> Option<T> {
        self.cut(object)?;
        let text = std::str::from_utf8(object).ok()?;
        T::from_texts(&Texts::new(text, &self.spans, &self.map)).ok()
    }

    fn cut(&mut self, object: &[u8]) -> Option<()> {
        let fields = self.shape.fields;
        let mut seen = 0u64;
        let mut expected = 0;
        let mut at = byte(object, space(object, 0), b'{')?;
        loop {
            at = byte(object, space(object, at), b'"')?;
            let (field, behind) = match fields.get(expected) {
                Some(field) if is_key(object, at, field.name) => (expected, at + field.name.len() + 1),
                _ => {
                    let end = text_end(object, at)?;
                    (
                        fields
                            .iter()
                            .position(|field| field.name.as_bytes() == &object[at..end])?,
                        end + 1,
                    )
                }
            };
            if seen & (1 << field) != 0 {
                return None;
            }
            seen |= 1 << field;
            expected = field + 1;
            let from = space(object, byte(object, space(object, behind), b':')?);
            let (kind, optional) = match fields[field].kind {
                Kind::Opt(kind) => (*kind, true),
                kind => (kind, false),
            };
            let null = optional && object[from..].starts_with(b"null");
            let (from, to, next) = match kind {
                _ if null => (from, from + 4, from + 4),
                Kind::Text => {
                    let from = byte(object, from, b'"')?;
                    let to = text_end(object, from)?;
                    (from, to, to + 1)
                }
                Kind::Bool => {
                    let rest = &object[from..];
                    let word: &[u8] = if rest.starts_with(b"true") {
                        b"true"
                    } else {
                        b"false"
                    };
                    let to = from + word.len();
                    (rest.starts_with(word)).then_some((from, to, to))?
                }
                _ => {
                    let to = number_end(object, from)?;
                    (from, to, to)
                }
            };
            self.spans[field] = Span {
                from: from as u32,
                to: to as u32,
                quoted: !null,
            };
            at = space(object, next);
            match object.get(at)? {
                b',' => at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        let whole = space(object, at + 1) == object.len() && seen.count_ones() as usize == fields.len();
        whole.then_some(())
    }
}

/// The place behind white space.
#[inline]
fn space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// The place behind this byte, if it stands here.
#[inline]
fn byte(text: &[u8], at: usize, wanted: u8) -> Option<usize> {
    (*text.get(at)? == wanted).then_some(at + 1)
}

/// Whether this key and its closing quote stand here.
#[inline]
fn is_key(text: &[u8], at: usize, key: &str) -> bool {
    text.get(at..at + key.len()) == Some(key.as_bytes()) && text.get(at + key.len()) == Some(&b'"')
}

/// The closing quote of a text without escapes and control characters.
#[inline]
fn text_end(text: &[u8], from: usize) -> Option<usize> {
    let end = from
        + text[from..]
            .iter()
            .position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f))?;
    (text[end] == b'"').then_some(end)
}

/// The end of a whole number as JSON writes it.
#[inline]
fn number_end(text: &[u8], from: usize) -> Option<usize> {
    let digits = from + usize::from(*text.get(from)? == b'-');
    let end = digits + text[digits..].iter().take_while(|b| b.is_ascii_digit()).count();
    // A zero in front is no JSON, minus zero is a float to serde, and what goes on behind the digits is one too.
    let usual = end > digits && (text[digits] != b'0' || (end == digits + 1 && digits == from));
    let ends = !matches!(text.get(end), Some(b'.' | b'e' | b'E'));
    (usual && ends).then_some(end)
}

#[cfg(test)]
mod tests;
