//! Values without meaning, for the elements that stand before the one that is looked at.

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, Visitor,
        value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

use super::probe::Stopped;

/// Gives ones, since zero is not always a number that is taken, empty texts and lists, and `None`.
pub(super) struct Blank;

macro_rules! values {
    ($($method:ident $visit:ident($value:expr);)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
            visitor.$visit($value)
        }
    )+};
}

impl<'de> Deserializer<'de> for Blank {
    type Error = Stopped;

    values! {
        deserialize_bool visit_bool(false);
        deserialize_i8 visit_i8(1);
        deserialize_i16 visit_i16(1);
        deserialize_i32 visit_i32(1);
        deserialize_i64 visit_i64(1);
        deserialize_i128 visit_i128(1);
        deserialize_u8 visit_u8(1);
        deserialize_u16 visit_u16(1);
        deserialize_u32 visit_u32(1);
        deserialize_u64 visit_u64(1);
        deserialize_u128 visit_u128(1);
        deserialize_f32 visit_f32(0.0);
        deserialize_f64 visit_f64(0.0);
        deserialize_char visit_char('0');
        deserialize_str visit_borrowed_str("");
        deserialize_string visit_borrowed_str("");
        deserialize_bytes visit_borrowed_bytes(b"");
        deserialize_byte_buf visit_borrowed_bytes(b"");
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<()>()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stopped> {
        visitor.visit_seq(Blanks(len))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        visitor.visit_seq(Blanks(len))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        visitor.visit_map(MapDeserializer::new(std::iter::empty::<((), ())>()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        visitor.visit_seq(Blanks(fields.len()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        let first = variants.first().ok_or(Stopped)?;
        visitor.visit_enum(BorrowedStrDeserializer::new(first))
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! { unit unit_struct identifier ignored_any }
}

/// So many of them.
struct Blanks(usize);

impl<'de> serde::de::SeqAccess<'de> for Blanks {
    type Error = Stopped;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stopped> {
        if self.0 == 0 {
            return Ok(None);
        }
        self.0 -= 1;
        seed.deserialize(Blank).map(Some)
    }
}
