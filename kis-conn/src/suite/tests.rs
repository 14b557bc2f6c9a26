//! The suite finds what is broken.
