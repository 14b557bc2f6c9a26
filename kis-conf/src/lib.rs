//! kis-conf
