//! kis-core
