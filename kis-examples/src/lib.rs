//! kis-examples
