//! Rows as JSON: structs, numbers and texts are written here, their names without a look at each byte; everything else
//! is left to serde_json, and so are all errors.

use std::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{self, Impossible, SerializeStruct, Serializer};

/// Appends a row as serde_json writes it. After an error some of it may be there.
#[inline]
pub(super) fn write<R: Serialize + ?Sized>(row: &R, to: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let before = to.len();
    if row.serialize(Json { to }).is_ok() {
        return Ok(());
    }
    to.truncate(before);
    serde_json::to_writer(to, row)
}

/// A value that is left to serde_json.
#[derive(Debug)]
struct Other;

impl Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("left to serde_json")
    }
}

impl std::error::Error for Other {}

impl ser::Error for Other {
    fn custom<T: Display>(_: T) -> Self {
        Other
    }
}

/// Writes one value.
struct Json<'a> {
    to: &'a mut Vec<u8>,
}

/// Writes the fields of a struct.
struct Fields<'a> {
    to: &'a mut Vec<u8>,
    first: bool,
}

impl Json<'_> {
    #[inline]
    fn put(self, text: &str) {
        self.to.extend_from_slice(text.as_bytes());
    }

    #[inline]
    fn by_serde<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Other> {
        serde_json::to_writer(self.to, value).map_err(|_| Other)
    }
}

/// Whether a text stands in JSON as it is.
#[inline(always)]
fn is_plain(text: &str) -> bool {
    // All bytes are looked at, so that many can be at a time.
    let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    !text.bytes().fold(false, |any, byte| any | special(byte))
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Other;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Other> {
        if !is_plain(key) {
            return Err(Other);
        }
        let open = if std::mem::take(&mut self.first) {
            b"{\""
        } else {
            b",\""
        };
        self.to.extend_from_slice(open);
        self.to.extend_from_slice(key.as_bytes());
        self.to.extend_from_slice(b"\":");
        let before = self.to.len();
        if value.serialize(Json { to: self.to }).is_ok() {
            return Ok(());
        }
        self.to.truncate(before);
        Json { to: self.to }.by_serde(value)
    }

    #[inline]
    fn end(self) -> Result<(), Other> {
        let close: &[u8] = if self.first { b"{}" } else { b"}" };
        self.to.extend_from_slice(close);
        Ok(())
    }
}

/// Numbers, as `$method: $type`.
macro_rules! whole_numbers {
    ($($method:ident: $type:ty;)+) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<(), Other> {
            self.put(itoa::Buffer::new().format(value));
            Ok(())
        }
    )+};
}

/// What is left to serde_json, as `$method($argument types) -> $result`.
macro_rules! others {
    ($($method:ident($($type:ty),*) -> $ok:ty;)+) => {$(
        #[inline]
        fn $method(self, $(_: $type),*) -> Result<$ok, Other> {
            Err(Other)
        }
    )+};
}

impl<'a> Serializer for Json<'a> {
    type Ok = ();
    type Error = Other;
    type SerializeSeq = Impossible<(), Other>;
    type SerializeTuple = Impossible<(), Other>;
    type SerializeTupleStruct = Impossible<(), Other>;
    type SerializeTupleVariant = Impossible<(), Other>;
    type SerializeMap = Impossible<(), Other>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Impossible<(), Other>;

    #[inline]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'a>, Other> {
        // serde_json gives its own types such names, and writes them in its own way.
        if name.starts_with('$') {
            return Err(Other);
        }
        Ok(Fields {
            to: self.to,
            first: true,
        })
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Other> {
        if !is_plain(text) {
            return self.by_serde(text);
        }
        self.to.push(b'"');
        self.to.extend_from_slice(text.as_bytes());
        self.to.push(b'"');
        Ok(())
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Other> {
        self.put(if value { "true" } else { "false" });
        Ok(())
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<(), Other> {
        self.by_serde(&value)
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), Other> {
        self.by_serde(&value)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Other> {
        self.put("null");
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Other> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Other> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Other> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Other> {
        Err(Other)
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Result<(), Other> {
        Err(Other)
    }

    whole_numbers! {
        serialize_i8: i8;
        serialize_i16: i16;
        serialize_i32: i32;
        serialize_i64: i64;
        serialize_u8: u8;
        serialize_u16: u16;
        serialize_u32: u32;
        serialize_u64: u64;
    }

    others! {
        serialize_i128(i128) -> ();
        serialize_u128(u128) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

#[cfg(test)]
mod tests;
