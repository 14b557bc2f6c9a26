//! Whether given params fit a shape: `const fn`s, so that building and running print the same text.

use crate::suggest::nearest;
use crate::text::Text;
use crate::{
    Code, Given, GivenOwned, GivenValue, Msg, Param, ParamKind, ParamShape, ParamsShape, Place, Problem,
};

/// The name of a param for a message: `ttl`, `retry.attempts`, `columns[2]`.
type Path = Text<128>;

/// What is wrong with one given param: unknown, of the wrong type, out of range. `owner` is the step's name.
///
/// ```
/// use kis_conf::{Code, Given, GivenValue, ParamKind, ParamShape, ParamsShape, check_param};
/// const SHAPE: ParamsShape = ParamsShape { name: "AvgParams", params: &[ParamShape {
///     name: "window_days", kind: ParamKind::Int { min: 1, max: 366 }, required: true, default: None, doc: "" }] };
/// const GIVEN: Given<'static> = Given { key: "windw_days", place: "conf/a.yml:7:5", value: GivenValue::Null };
/// let msg = check_param("avg", &SHAPE, &GIVEN).unwrap();
/// assert_eq!(msg.as_str(), "unknown param windw_days of avg; did you mean window_days? (known: window_days)");
/// ```
pub const fn check_param(owner: &str, shape: &ParamsShape, given: &Given<'_>) -> Option<Msg> {
    check_key(owner, shape, given, Path::new())
}

/// Whether the `index`-th param of the shape is required and not among those given.
pub const fn check_missing(
    owner: &str,
    shape: &ParamsShape,
    given: &[Given<'_>],
    index: usize,
) -> Option<Msg> {
    missing(owner, shape, given, index, Path::new())
}

/// Everything that is wrong with the params given to `owner`; `at` is the place that misses a required one.
pub fn check_params(owner: &str, shape: &ParamsShape, params: &[Param], at: &Place) -> Vec<Problem> {
    let owned: Vec<GivenOwned> = params.iter().map(Given::of).collect();
    GivenOwned::with_all(&owned, |given| {
        let wrong = given.iter().zip(params).filter_map(|(given, param)| {
            let place = &param.key.place;
            check_param(owner, shape, given).map(|msg| msg.into_problem(place.clone()))
        });
        let missing = (0..shape.params.len())
            .filter_map(|i| check_missing(owner, shape, given, i).map(|msg| msg.into_problem(at.clone())));
        wrong.chain(missing).collect()
    })
}

const fn check_key(owner: &str, shape: &ParamsShape, given: &Given<'_>, path: Path) -> Option<Msg> {
    match find(shape, given.key) {
        Some(param) => check_shape(owner, param, &given.value, path.add(given.key)),
        None => Some(unknown(owner, shape, path.add(given.key), given.key)),
    }
}

const fn check_shape(owner: &str, param: &ParamShape, value: &GivenValue<'_>, path: Path) -> Option<Msg> {
    match value {
        // `null` is "not given": fine where that is.
        GivenValue::Null if !param.required || matches!(param.kind, ParamKind::Text | ParamKind::Any) => None,
        _ => check_value(owner, &param.kind, value, path),
    }
}

const fn check_value(owner: &str, kind: &ParamKind, value: &GivenValue<'_>, path: Path) -> Option<Msg> {
    match (kind, value) {
        (ParamKind::Any, _) | (_, GivenValue::Deferred) => None,
        (ParamKind::List(_) | ParamKind::Map(_) | ParamKind::Text, GivenValue::Null) => None,
        (ParamKind::Nested(shape), GivenValue::Null) => check_map(owner, shape, &[], path),
        (ParamKind::Nested(shape), GivenValue::Map(given)) => check_map(owner, shape, given, path),
        (ParamKind::Map(kind), GivenValue::Map(given)) => {
            let mut i = 0;
            while i < given.len() {
                let path = path.add(".").add(given[i].key);
                if let Some(msg) = check_value(owner, kind, &given[i].value, path) {
                    return Some(msg);
                }
                i += 1;
            }
            None
        }
        (ParamKind::List(kind), GivenValue::List(items)) => {
            let mut i = 0;
            while i < items.len() {
                let path = path.add("[").add_int(i as i64).add("]");
                if let Some(msg) = check_value(owner, kind, &items[i], path) {
                    return Some(msg);
                }
                i += 1;
            }
            None
        }
        (_, GivenValue::Scalar { .. }) => check_scalar(owner, kind, value, path),
        (_, GivenValue::Null | GivenValue::List(_) | GivenValue::Map(_)) => {
            Some(wrong_type(owner, kind, value, path))
        }
    }
}

const fn check_scalar(owner: &str, kind: &ParamKind, value: &GivenValue<'_>, path: Path) -> Option<Msg> {
    let GivenValue::Scalar {
        text,
        shown,
        int,
        float,
        bool,
        duration_ns,
        bytes,
    } = value
    else {
        return None;
    };
    let fits = match kind {
        ParamKind::Bool => bool.is_some(),
        ParamKind::Int { min, max } => match int {
            Some(int) if *int < *min || *int > *max => {
                return Some(range_end(range(owner, shown, path), *min, *max));
            }
            int => int.is_some(),
        },
        ParamKind::Float { min, max } => match float {
            Some(float) if !(*float >= *min && *float <= *max) => {
                return Some(float_range_end(range(owner, shown, path), *min, *max));
            }
            float => float.is_some(),
        },
        ParamKind::Duration => duration_ns.is_some(),
        ParamKind::Bytes => bytes.is_some(),
        ParamKind::Choice(words) => {
            return if contains(words, text) {
                None
            } else {
                Some(no_such_word(owner, words, text, shown, path))
            };
        }
        ParamKind::Text | ParamKind::Any => true,
        ParamKind::List(_) | ParamKind::Map(_) | ParamKind::Nested(_) => false,
    };
    if fits {
        None
    } else {
        Some(wrong_type(owner, kind, value, path))
    }
}

const fn check_map(owner: &str, shape: &ParamsShape, given: &[Given<'_>], path: Path) -> Option<Msg> {
    let path = path.add(".");
    let mut i = 0;
    while i < given.len() {
        if let Some(msg) = check_key(owner, shape, &given[i], path) {
            return Some(msg);
        }
        i += 1;
    }
    let mut i = 0;
    while i < shape.params.len() {
        if let Some(msg) = missing(owner, shape, given, i, path) {
            return Some(msg);
        }
        i += 1;
    }
    None
}

const fn missing(
    owner: &str,
    shape: &ParamsShape,
    given: &[Given<'_>],
    index: usize,
    path: Path,
) -> Option<Msg> {
    let param = &shape.params[index];
    let mut i = 0;
    while i < given.len() {
        if same(given[i].key, param.name) {
            return None;
        }
        i += 1;
    }
    if !param.required || param.default.is_some() {
        return None;
    }
    let path = path.add(param.name);
    let msg = Msg::new(Code::ParamMissing)
        .text(owner)
        .text(" needs param ")
        .text(path.as_str());
    Some(
        msg.text(": ")
            .text(param.kind.describe())
            .text(", which is not given"),
    )
}

const fn find<'a>(shape: &'a ParamsShape, key: &str) -> Option<&'a ParamShape> {
    let mut i = 0;
    while i < shape.params.len() {
        if same(shape.params[i].name, key) {
            return Some(&shape.params[i]);
        }
        i += 1;
    }
    None
}

const fn unknown(owner: &str, shape: &ParamsShape, path: Path, key: &str) -> Msg {
    let msg = Msg::new(Code::UnknownParam)
        .text("unknown param ")
        .text(path.as_str())
        .text(" of ")
        .text(owner);
    if shape.params.is_empty() {
        return msg.help("it takes no params");
    }
    let mut names = [""; 64];
    let mut count = 0;
    while count < shape.params.len() && count < names.len() {
        names[count] = shape.params[count].name;
        count += 1;
    }
    did_you_mean(msg, key, names.split_at(count).0)
}

const fn no_such_word(owner: &str, words: &[&str], text: &str, shown: &str, path: Path) -> Msg {
    let msg = Msg::new(Code::ParamType)
        .text("param ")
        .text(path.as_str())
        .text(" of ")
        .text(owner);
    did_you_mean(
        msg.text(" is ")
            .text(shown)
            .text(", which is not one of its words"),
        text,
        words,
    )
}

const fn did_you_mean(msg: Msg, word: &str, known: &[&str]) -> Msg {
    let (mut msg, end) = match nearest(word, known) {
        Some(i) => (msg.help("did you mean ").text(known[i]).text("? (known: "), ")"),
        None => (msg.help("known: "), ""),
    };
    let mut i = 0;
    while i < known.len() {
        if i > 0 {
            msg = msg.text(", ");
        }
        msg = msg.text(known[i]);
        i += 1;
    }
    msg.text(end)
}

const fn wrong_type(owner: &str, kind: &ParamKind, value: &GivenValue<'_>, path: Path) -> Msg {
    let msg = Msg::new(Code::ParamType)
        .text("param ")
        .text(path.as_str())
        .text(" of ")
        .text(owner)
        .text(" is ");
    let msg = match value {
        GivenValue::Null => msg.text("null"),
        GivenValue::Deferred => msg.text("not known yet"),
        GivenValue::Scalar { shown, .. } if shown.is_empty() => msg.text("empty"),
        GivenValue::Scalar { shown, .. } => msg.text(shown),
        GivenValue::List(_) => msg.text("a list"),
        GivenValue::Map(_) => msg.text("a map"),
    };
    msg.text(", expected ").text(kind.describe())
}

const fn range(owner: &str, shown: &str, path: Path) -> Msg {
    let msg = Msg::new(Code::ParamRange)
        .text("param ")
        .text(path.as_str())
        .text(" of ")
        .text(owner);
    msg.text(" is ").text(shown).text(", allowed is ")
}

const fn range_end(msg: Msg, min: i64, max: i64) -> Msg {
    match (min == i64::MIN, max == i64::MAX) {
        (false, true) => msg.num(min).text(" or more"),
        (true, false) => msg.num(max).text(" or less"),
        _ => msg.num(min).text(" to ").num(max),
    }
}

const fn float_range_end(msg: Msg, min: f64, max: f64) -> Msg {
    match (min < f64::MIN, max > f64::MAX) {
        (true, true) => msg.text("any number"),
        (false, true) => msg.float(min).text(" or more"),
        (true, false) => msg.float(max).text(" or less"),
        (false, false) => msg.float(min).text(" to ").float(max),
    }
}

const fn contains(words: &[&str], word: &str) -> bool {
    let mut i = 0;
    while i < words.len() {
        if same(words[i], word) {
            return true;
        }
        i += 1;
    }
    false
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
