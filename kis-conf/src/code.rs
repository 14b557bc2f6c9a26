//! Every error code once: its number, its title and the page that explains it.

use std::fmt;

macro_rules! codes {
    ($($name:ident = $text:literal, $title:literal;)+) => {
        /// The number of a fault, as `KIS0102`. `app explain KIS0102` prints its [page](Code::page).
        ///
        /// `00xx`: a file cannot be read as configuration. `01xx`: the parts do not fit. `02xx`: faults of a run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!($text, ": ", $title, ".")] $name,)+
        }

        impl Code {
            /// Every code, in the order of their numbers.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];

            /// The code as it is printed: `KIS0102`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)+ }
            }

            /// What the code means, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)+ }
            }

            /// The page that explains the code: Markdown with a bad and a good example.
            pub const fn page(self) -> &'static str {
                match self { $(Code::$name => include_str!(concat!("codes/", $text, ".md")),)+ }
            }
        }
    };
}

codes! {
    NotYaml = "KIS0001", "the file is not YAML";
    EmptyDocument = "KIS0002", "there is nothing to read";
    UnknownKistype = "KIS0003", "the kind of document is unknown or missing";
    UnknownKey = "KIS0004", "unknown key";
    DuplicateKey = "KIS0005", "a key is given twice";
    WrongType = "KIS0006", "a value has the wrong type";
    OutOfRange = "KIS0007", "a number is out of range";
    MissingKey = "KIS0008", "a key is missing";
    NotUtf8 = "KIS0009", "the file is not UTF-8";
    Unreadable = "KIS0010", "a file or folder cannot be read";
    TooLarge = "KIS0011", "the file is too large, too deep or repeats too much";
    UnknownWord = "KIS0012", "a key has an unknown word";
    EnvNotSet = "KIS0013", "an environment variable is not set";
    ValueFileUnreadable = "KIS0014", "the file of a ${file:..} cannot be read";
    IllegalName = "KIS0015", "a name is not legal";
    UnknownFunction = "KIS0101", "unknown function";
    FieldMissing = "KIS0102", "a step needs a field that is not handed on";
    FieldKind = "KIS0103", "a field has another kind";
    ModeDiffers = "KIS0104", "the file says another mode than the function";
    NothingHandedOn = "KIS0105", "a step stands behind one that hands on nothing";
    ConnMissing = "KIS0106", "a step needs a connector";
    ConnKind = "KIS0107", "the connector is of another kind";
    MustField = "KIS0108", "a field that `must` names is unknown";
    OrderField = "KIS0109", "a field that `order` or `event_time` names is unknown";
    UnknownParam = "KIS0110", "unknown param";
    ParamRange = "KIS0111", "a param is out of range";
    ParamMissing = "KIS0112", "a param is missing";
    ParamType = "KIS0113", "a param has the wrong type";
    JumpTarget = "KIS0114", "a jump leads to a step that is not in the flow";
    JumpCycle = "KIS0115", "jumps form a cycle without a bound";
    DuplicateName = "KIS0116", "two documents have one name";
    DuplicateStep = "KIS0117", "two steps of a flow have one name";
    UnknownConn = "KIS0118", "unknown connector";
    UnknownFlow = "KIS0119", "unknown flow";
    NeedsFeature = "KIS0120", "a kind needs a feature that is off";
    AfterCycle = "KIS0121", "flows wait for each other";
    UnknownKind = "KIS0122", "unknown kind of connector or source";
    UnknownRow = "KIS0123", "unknown row type";
    TableNeverSaved = "KIS0124", "a table is loaded but never saved";
    NotAvailable = "KIS0125", "not available in this version";
    UnknownStep = "KIS0126", "unknown step";
    ActionsOnBatches = "KIS0127", "what a flow computes depends on how rows fall into batches";
    StateWithoutKey = "KIS0128", "a step keeps state, but its rows carry no key";
    AfterOff = "KIS0129", "a flow waits for one that is off";
    DeliveryNotHeld = "KIS0130", "the flow cannot promise what `delivery` asks for";
    ConnOfOneFlow = "KIS0131", "a connector that serves one flow is used by two";
    ExtMissing = "KIS0132", "a step takes a value that the app does not put in";
    JumpAcross = "KIS0133", "a jump leads over a change of lanes";
    StateUnnamed = "KIS0134", "a function with state is used twice without names";
    UnknownVariant = "KIS0136", "no step fails with the error that `by_variant` names";
    KeyTwiceInBatch = "KIS0138", "rows of one key in one batch all load what was there before";
    StateChanged = "KIS0201", "the stored state is not what the program keeps";
    StateGone = "KIS0202", "the store holds state of a step that is not there";
}

impl Code {
    /// The code with this number; case and surrounding space do not matter.
    ///
    /// ```
    /// use kis_conf::Code;
    /// assert_eq!(Code::parse("kis0102"), Some(Code::FieldMissing));
    /// assert_eq!(Code::parse("KIS9999"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Code> {
        let text = text.trim();
        Code::ALL
            .iter()
            .copied()
            .find(|code| code.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
