//! "Did you mean": the known word that is nearest to an unknown one, also in a `const`.

/// Words longer than this many bytes get no suggestion.
const LONGEST: usize = 64;

/// More known words than these are not searched through, so that a thousand mistakes stay cheap.
const MOST: usize = 1000;

/// The index of the known word that is nearest to `word`, if one is near enough to be meant.
///
/// Near means: the words differ in at most a third of their bytes; case does not count.
///
/// ```
/// use kis_conf::suggest::nearest;
/// const NEAREST: Option<usize> = nearest("windw_days", &["size", "window_days"]);
/// assert_eq!(NEAREST, Some(1));
/// assert_eq!(nearest("colour", &["size", "window_days"]), None);
/// ```
pub const fn nearest(word: &str, known: &[&str]) -> Option<usize> {
    let mut best = None;
    let mut best_distance = usize::MAX;
    let mut i = 0;
    while i < known.len() {
        let distance = distance(word.as_bytes(), known[i].as_bytes());
        if distance <= allowed(word.len(), known[i].len()) && distance < best_distance {
            best = Some(i);
            best_distance = distance;
        }
        i += 1;
    }
    best
}

/// What to say about an unknown word: `did you mean lanes? (known: after, lanes)`. Of many known words
/// the nearest [`SHOWN`] are listed, nearest first.
///
/// ```
/// use kis_conf::suggest::did_you_mean;
/// assert_eq!(did_you_mean("lans", &["after", "lanes"]), "did you mean lanes? (known: after, lanes)");
/// assert_eq!(did_you_mean("x", &["after", "lanes"]), "known: after, lanes");
/// ```
pub fn did_you_mean<S: AsRef<str>>(word: &str, known: &[S]) -> String {
    let all = known.len();
    let known: Vec<&str> = known.iter().take(MOST).map(AsRef::as_ref).collect();
    match (nearest(word, &known), known.is_empty()) {
        (Some(i), _) => format!("did you mean {}? (known: {})", known[i], list(word, &known, all)),
        (None, false) => format!("known: {}", list(word, &known, all)),
        (None, true) => "none is known".to_owned(),
    }
}

/// How many known words are listed where there are many.
pub const SHOWN: usize = 12;

/// Whether a list of as many known words is cut. Two or three words more than [`SHOWN`] are listed too.
pub const fn is_cut(known: usize) -> bool {
    known > SHOWN + 3
}

/// A list of known words that stays readable: all of them in their order, or those that are nearest to `word`.
fn list(word: &str, known: &[&str], all: usize) -> String {
    if !is_cut(all) {
        return known.join(", ");
    }
    let mut nearest = known.to_vec();
    nearest.sort_by_key(|known| distance(word.as_bytes(), known.as_bytes()));
    nearest.truncate(SHOWN);
    format!("{} and {} more", nearest.join(", "), all - SHOWN)
}

/// How many edits two words may differ in and still be near.
const fn allowed(a: usize, b: usize) -> usize {
    let longer = if a > b { a } else { b };
    if longer < 3 {
        longer.saturating_sub(1)
    } else {
        longer / 3
    }
}

/// Edits (insert, remove, replace, swap two neighbours) from one word to the other.
const fn distance(a: &[u8], b: &[u8]) -> usize {
    if a.len() > LONGEST || b.len() > LONGEST {
        return usize::MAX;
    }
    // Three rows of the table: the one before the last, the last, and this one.
    let mut before = [0; LONGEST + 1];
    let mut last = [0; LONGEST + 1];
    let mut row = [0; LONGEST + 1];
    let mut j = 0;
    while j <= b.len() {
        last[j] = j;
        j += 1;
    }
    let mut i = 1;
    while i <= a.len() {
        row[0] = i;
        let mut j = 1;
        while j <= b.len() {
            let same = a[i - 1].eq_ignore_ascii_case(&b[j - 1]);
            let mut cost = last[j - 1] + if same { 0 } else { 1 };
            cost = min(cost, min(last[j], row[j - 1]) + 1);
            let swapped = i > 1
                && j > 1
                && a[i - 1].eq_ignore_ascii_case(&b[j - 2])
                && a[i - 2].eq_ignore_ascii_case(&b[j - 1]);
            if swapped {
                cost = min(cost, before[j - 2] + 1);
            }
            row[j] = cost;
            j += 1;
        }
        before = last;
        last = row;
        i += 1;
    }
    last[b.len()]
}

const fn min(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests;
