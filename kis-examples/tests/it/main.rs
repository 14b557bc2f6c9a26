//! The examples do what their pages say.

mod book;
mod flights;
mod gallery;
mod package;
mod page;
mod readmes;
