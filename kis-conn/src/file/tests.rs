//! Files as source and sink: formats, packings, replaced and broken files, full disks.

mod sink;
mod source;
