//! What a function does to the world: the five modes.

use crate::word::words;

words! {
    /// What a function does to the world.
    pub enum Mode {
        /// Filters, validates, removes doubles.
        Verify = "Verify",
        /// Writes to a connector.
        Save = "Save",
        /// Reads from a connector.
        Load = "Load",
        /// Computes, and touches nothing outside.
        Calculate = "Calculate",
        /// Any other effect: notify, print, delete.
        Expand = "Expand",
    }
}

impl Mode {
    /// The mode of a word: any case, KisFlow's one-letter names, and `Extension` for `Expand`.
    ///
    /// ```
    /// use kis_conf::Mode;
    /// assert_eq!(Mode::parse("verify"), Some(Mode::Verify));
    /// assert_eq!(Mode::parse("C"), Some(Mode::Calculate));
    /// assert_eq!(Mode::parse("Guess"), None);
    /// ```
    pub fn parse(word: &str) -> Option<Mode> {
        match word.to_ascii_lowercase().as_str() {
            "verify" | "v" => Some(Mode::Verify),
            "save" | "s" => Some(Mode::Save),
            "load" | "l" => Some(Mode::Load),
            "calculate" | "c" => Some(Mode::Calculate),
            "expand" | "extension" | "e" => Some(Mode::Expand),
            _ => None,
        }
    }
}
