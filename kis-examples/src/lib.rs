//! The examples of KIS flow are the programs in `src/bin`; each has a README that says what it shows and how to run it.

#[cfg(doctest)]
mod book;
