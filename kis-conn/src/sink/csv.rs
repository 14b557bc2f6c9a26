//! Rows as CSV records through serde: the fields of a struct or map, in order.

use std::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{self, Impossible, SerializeMap, SerializeStruct, Serializer};

/// Appends the fields of a row, without a line end.
pub(super) fn record<R: Serialize + ?Sized>(
    row: &R,
    delimiter: u8,
    na: &str,
    to: &mut Vec<u8>,
) -> Result<(), CsvError> {
    let out = Out { to, delimiter, na };
    row.serialize(RowSerializer {
        visit: Fields { out, first: true },
    })
}

/// The names of a row's fields.
pub(super) fn columns<R: Serialize + ?Sized>(row: &R) -> Result<Vec<String>, CsvError> {
    let mut names = Vec::new();
    row.serialize(RowSerializer {
        visit: Columns { names: &mut names },
    })?;
    Ok(names)
}

/// Why a row is no record.
#[derive(Debug)]
pub(super) struct CsvError(String);

impl Display for CsvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CsvError {}

impl ser::Error for CsvError {
    fn custom<T: Display>(message: T) -> Self {
        CsvError(message.to_string())
    }
}

/// What is done with each field of a row.
trait Visit {
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), CsvError>;
}

struct Columns<'a> {
    names: &'a mut Vec<String>,
}

impl Visit for Columns<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, _: &T) -> Result<(), CsvError> {
        self.names.push(name.to_owned());
        Ok(())
    }
}

struct Fields<'a> {
    out: Out<'a>,
    first: bool,
}

impl Visit for Fields<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), CsvError> {
        if !std::mem::replace(&mut self.first, false) {
            self.out.to.push(self.out.delimiter);
        }
        value.serialize(FieldSerializer {
            name,
            out: &mut self.out,
        })
    }
}

struct Out<'a> {
    to: &'a mut Vec<u8>,
    delimiter: u8,
    na: &'a str,
}

impl Out<'_> {
    /// A text, in quotes where it would be read as something else without.
    fn text(&mut self, text: &str) {
        let special = |byte: u8| byte == self.delimiter || matches!(byte, b'"' | b'\n' | b'\r');
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
        let bytes = text.as_bytes();
        let quote = text == self.na
            || bytes.is_empty()
            || edge(bytes.first())
            || edge(bytes.last())
            || bytes.iter().any(|&byte| special(byte));
        if !quote {
            self.to.extend_from_slice(bytes);
            return;
        }
        self.to.push(b'"');
        for (i, part) in text.split('"').enumerate() {
            if i > 0 {
                self.to.extend_from_slice(b"\"\"");
            }
            self.to.extend_from_slice(part.as_bytes());
        }
        self.to.push(b'"');
    }

    fn missing(&mut self) {
        self.to.extend_from_slice(self.na.as_bytes());
    }

    fn number(&mut self, number: impl Serialize) -> Result<(), CsvError> {
        serde_json::to_writer(&mut *self.to, &number).map_err(|error| CsvError(error.to_string()))
    }
}

struct RowSerializer<V> {
    visit: V,
}

impl<V: Visit> SerializeStruct for RowSerializer<V> {
    type Ok = ();
    type Error = CsvError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), CsvError> {
        self.visit.field(key, value)
    }

    fn end(self) -> Result<(), CsvError> {
        Ok(())
    }
}

struct MapRow<V> {
    visit: V,
    key: String,
}

impl<V: Visit> SerializeMap for MapRow<V> {
    type Ok = ();
    type Error = CsvError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CsvError> {
        let mut text = Vec::new();
        // A delimiter that no text holds, so that the key is not put in quotes for it.
        let mut out = Out {
            to: &mut text,
            delimiter: 0,
            na: "",
        };
        key.serialize(FieldSerializer {
            name: "key",
            out: &mut out,
        })?;
        self.key = String::from_utf8_lossy(&text).into_owned();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CsvError> {
        let key = std::mem::take(&mut self.key);
        self.visit.field(&key, value)
    }

    fn end(self) -> Result<(), CsvError> {
        Ok(())
    }
}

/// Refuses what is no row: `$method: $argument types => what it is called`.
macro_rules! refuse {
    ($say:expr; $($method:ident($($type:ty),*) -> $ok:ty = $what:literal;)+) => {$(
        fn $method(self, $(_: $type),*) -> Result<$ok, CsvError> {
            Err($say(&self, $what))
        }
    )+};
}

fn no_row<S>(_: &S, what: &str) -> CsvError {
    CsvError(format!("{what} has no named fields"))
}

impl<V: Visit> Serializer for RowSerializer<V> {
    type Ok = ();
    type Error = CsvError;
    type SerializeSeq = Impossible<(), CsvError>;
    type SerializeTuple = Impossible<(), CsvError>;
    type SerializeTupleStruct = Impossible<(), CsvError>;
    type SerializeTupleVariant = Impossible<(), CsvError>;
    type SerializeMap = MapRow<V>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), CsvError>;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, CsvError> {
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<MapRow<V>, CsvError> {
        Ok(MapRow {
            visit: self.visit,
            key: String::new(),
        })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), CsvError> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CsvError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), CsvError> {
        Err(no_row(&self, "an enum"))
    }

    refuse! { no_row;
        serialize_bool(bool) -> () = "a bool";
        serialize_i8(i8) -> () = "a number";
        serialize_i16(i16) -> () = "a number";
        serialize_i32(i32) -> () = "a number";
        serialize_i64(i64) -> () = "a number";
        serialize_i128(i128) -> () = "a number";
        serialize_u8(u8) -> () = "a number";
        serialize_u16(u16) -> () = "a number";
        serialize_u32(u32) -> () = "a number";
        serialize_u64(u64) -> () = "a number";
        serialize_u128(u128) -> () = "a number";
        serialize_f32(f32) -> () = "a number";
        serialize_f64(f64) -> () = "a number";
        serialize_char(char) -> () = "a character";
        serialize_str(&str) -> () = "a text";
        serialize_bytes(&[u8]) -> () = "bytes";
        serialize_none() -> () = "nothing";
        serialize_unit() -> () = "nothing";
        serialize_unit_struct(&'static str) -> () = "a struct without fields";
        serialize_unit_variant(&'static str, u32, &'static str) -> () = "an enum";
        serialize_seq(Option<usize>) -> Self::SerializeSeq = "a list";
        serialize_tuple(usize) -> Self::SerializeTuple = "a tuple";
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct = "a tuple";
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant = "an enum";
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant = "an enum";
    }
}

struct FieldSerializer<'a, 'b> {
    name: &'a str,
    out: &'a mut Out<'b>,
}

fn no_field(field: &FieldSerializer<'_, '_>, what: &str) -> CsvError {
    CsvError(format!(
        "field {} is {what}, and CSV holds plain values only; use format: json",
        field.name
    ))
}

/// Writes numbers as JSON does.
macro_rules! numbers {
    ($($method:ident($type:ty);)+) => {$(
        fn $method(self, value: $type) -> Result<(), CsvError> {
            self.out.number(value)
        }
    )+};
}

impl Serializer for FieldSerializer<'_, '_> {
    type Ok = ();
    type Error = CsvError;
    type SerializeSeq = Impossible<(), CsvError>;
    type SerializeTuple = Impossible<(), CsvError>;
    type SerializeTupleStruct = Impossible<(), CsvError>;
    type SerializeTupleVariant = Impossible<(), CsvError>;
    type SerializeMap = Impossible<(), CsvError>;
    type SerializeStruct = Impossible<(), CsvError>;
    type SerializeStructVariant = Impossible<(), CsvError>;

    numbers! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
    }

    fn serialize_f32(self, value: f32) -> Result<(), CsvError> {
        if value.is_finite() {
            self.out.number(value)
        } else {
            self.serialize_none()
        }
    }

    fn serialize_f64(self, value: f64) -> Result<(), CsvError> {
        if value.is_finite() {
            self.out.number(value)
        } else {
            self.serialize_none()
        }
    }

    fn serialize_char(self, value: char) -> Result<(), CsvError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), CsvError> {
        self.out.text(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), CsvError> {
        self.out.missing();
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CsvError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), CsvError> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), CsvError> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), CsvError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), CsvError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), CsvError> {
        Err(no_field(&self, "an enum with values"))
    }

    refuse! { no_field;
        serialize_bytes(&[u8]) -> () = "bytes";
        serialize_seq(Option<usize>) -> Self::SerializeSeq = "a list";
        serialize_tuple(usize) -> Self::SerializeTuple = "a tuple";
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct = "a tuple";
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant = "an enum with values";
        serialize_map(Option<usize>) -> Self::SerializeMap = "a map";
        serialize_struct(&'static str, usize) -> Self::SerializeStruct = "a struct";
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant = "an enum with values";
    }
}

#[cfg(test)]
mod tests;
