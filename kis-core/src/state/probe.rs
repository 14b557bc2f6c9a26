//! Finds out what a type reads: its `Deserialize` is run with a deserializer that goes one way into the type, notes what
//! it is asked for at the end of that way, and stops.
//!
//! No value is made, so a type that accepts only some values tells its form too.

use std::fmt;

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
        value::BorrowedStrDeserializer,
    },
};

use super::{
    blank::Blank,
    form::{Form, UNIT},
};

/// Deeper forms are not looked into.
const DEPTH: usize = 24;

/// The form of `T`.
pub(super) fn form<T: DeserializeOwned>() -> Form {
    explore::<T>(&mut Vec::new(), &mut Vec::new())
}

fn explore<T: DeserializeOwned>(way: &mut Vec<usize>, inside: &mut Vec<(&'static str, usize)>) -> Form {
    let mut found = None;
    let probe = Probe {
        way,
        found: &mut found,
    };
    // It always fails: what it was asked for is in `found`.
    let _ = T::deserialize(probe);
    let mut go = |turn: usize, inside: &mut Vec<_>| {
        way.push(turn);
        let form = explore::<T>(way, inside);
        way.pop();
        form
    };
    let unknown = Form::Leaf("?");
    match found {
        None => unknown,
        Some(Node::Leaf(text)) => Form::Leaf(text),
        Some(_) if inside.len() > DEPTH => unknown,
        Some(Node::Option) => Form::Option(Box::new(go(0, inside))),
        Some(Node::Seq) => Form::Seq(Box::new(go(0, inside))),
        Some(Node::Map) => Form::Map(Box::new(go(0, inside)), Box::new(go(1, inside))),
        Some(Node::Tuple(len)) => Form::Tuple((0..len).map(|i| go(i, inside)).collect()),
        Some(Node::Named { name, of, is_enum }) => {
            let id = (name, of.as_ptr().addr());
            if inside.contains(&id) {
                return Form::Again(name);
            }
            inside.push(id);
            let parts = of
                .iter()
                .enumerate()
                .map(|(i, part)| (*part, go(i, inside)))
                .collect();
            inside.pop();
            if is_enum {
                Form::Enum(parts)
            } else {
                Form::Struct(parts)
            }
        }
    }
}

/// What a type asks for.
enum Node {
    Leaf(&'static str),
    Option,
    Seq,
    Map,
    Tuple(usize),
    Named {
        name: &'static str,
        of: &'static [&'static str],
        is_enum: bool,
    },
}

/// Goes on along `way`: the number of the element, field or variant at each turn.
struct Probe<'p> {
    way: &'p [usize],
    found: &'p mut Option<Node>,
}

/// The end of every probe.
#[derive(Debug)]
pub(super) struct Stopped;

impl<'p> Probe<'p> {
    /// Notes what is here if the way ends, else gives the turn and the probe behind it.
    fn turn(self, node: Node) -> Result<(usize, Probe<'p>), Stopped> {
        match self.way.split_first() {
            None => {
                *self.found = Some(node);
                Err(Stopped)
            }
            Some((turn, way)) => Ok((
                *turn,
                Probe {
                    way,
                    found: self.found,
                },
            )),
        }
    }

    fn leaf<T>(self, text: &'static str) -> Result<T, Stopped> {
        self.turn(Node::Leaf(text)).and(Err(Stopped))
    }
}

macro_rules! leaves {
    ($($method:ident $text:literal;)+) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stopped> {
            self.leaf($text)
        }
    )+};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Stopped;

    leaves! {
        deserialize_any "any";
        deserialize_bool "bool";
        deserialize_i8 "i8";
        deserialize_i16 "i16";
        deserialize_i32 "i32";
        deserialize_i64 "i64";
        deserialize_i128 "i128";
        deserialize_u8 "u8";
        deserialize_u16 "u16";
        deserialize_u32 "u32";
        deserialize_u64 "u64";
        deserialize_u128 "u128";
        deserialize_f32 "f32";
        deserialize_f64 "f64";
        deserialize_char "char";
        deserialize_str "String";
        deserialize_string "String";
        deserialize_bytes "bytes";
        deserialize_byte_buf "bytes";
        deserialize_unit "()";
        deserialize_identifier "any";
        deserialize_ignored_any "any";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        let (_, inner) = self.turn(Node::Option)?;
        visitor.visit_some(inner)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, _: V) -> Result<V::Value, Stopped> {
        self.leaf(UNIT)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        let (_, inner) = self.turn(Node::Seq)?;
        visitor.visit_seq(Nth(0, Some(inner)))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stopped> {
        let (nth, inner) = self.turn(Node::Tuple(len))?;
        visitor.visit_seq(Nth(nth, Some(inner)))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        let (part, inner) = self.turn(Node::Map)?;
        visitor.visit_map(Entry {
            key: (part == 1).then_some(Key::Blank),
            probe: Some(inner),
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        of: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        let (nth, inner) = self.turn(Node::Named {
            name,
            of,
            is_enum: false,
        })?;
        visitor.visit_map(Entry {
            key: Some(Key::Field(of[nth])),
            probe: Some(inner),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        of: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        let (nth, inner) = self.turn(Node::Named {
            name,
            of,
            is_enum: true,
        })?;
        visitor.visit_enum(Variant(of[nth], inner))
    }

    /// As the store reads.
    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Elements without meaning, and then the one to look at.
struct Nth<'p>(usize, Option<Probe<'p>>);

impl<'de> SeqAccess<'de> for Nth<'_> {
    type Error = Stopped;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stopped> {
        if self.0 > 0 {
            self.0 -= 1;
            return seed.deserialize(Blank).map(Some);
        }
        seed.deserialize(self.1.take().ok_or(Stopped)?).map(Some)
    }
}

/// One entry whose key or value is looked at.
struct Entry<'p> {
    /// Nothing when the key is what is looked at.
    key: Option<Key>,
    probe: Option<Probe<'p>>,
}

enum Key {
    Field(&'static str),
    Blank,
}

impl<'de> MapAccess<'de> for Entry<'_> {
    type Error = Stopped;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stopped> {
        match self.key.take() {
            Some(Key::Field(name)) => seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some),
            Some(Key::Blank) => seed.deserialize(Blank).map(Some),
            None => seed.deserialize(self.probe.take().ok_or(Stopped)?).map(Some),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stopped> {
        seed.deserialize(self.probe.take().ok_or(Stopped)?)
    }
}

/// A variant that is looked into.
struct Variant<'p>(&'static str, Probe<'p>);

impl<'de, 'p> EnumAccess<'de> for Variant<'p> {
    type Error = Stopped;
    type Variant = Probe<'p>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Probe<'p>), Stopped> {
        let variant = seed.deserialize(BorrowedStrDeserializer::<Stopped>::new(self.0))?;
        Ok((variant, self.1))
    }
}

impl<'de> VariantAccess<'de> for Probe<'_> {
    type Error = Stopped;

    fn unit_variant(self) -> Result<(), Stopped> {
        self.leaf(UNIT)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Stopped> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stopped> {
        self.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        of: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        self.deserialize_struct("", of, visitor)
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the probe is at its end")
    }
}

impl std::error::Error for Stopped {}

impl de::Error for Stopped {
    fn custom<T: fmt::Display>(_: T) -> Stopped {
        Stopped
    }
}
