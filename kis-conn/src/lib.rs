//! kis-conn
