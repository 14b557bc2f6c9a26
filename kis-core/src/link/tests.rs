//! The texts of the checks, through the loader's entry.
