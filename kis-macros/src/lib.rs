//! kis-macros
