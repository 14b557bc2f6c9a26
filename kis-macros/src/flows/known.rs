//! The names of the functions in a package's sources, for "did you mean".
//!
//! The compiler alone decides whether a function is there. This look at the text only makes its answer helpful, and
//! what it does not find (functions of other crates, functions made by macros) costs a hint and nothing else.

use std::{fs, path::Path};

use kis_conf::suggest::did_you_mean;

/// A function as the sources show it.
pub(super) struct Known {
    name: String,
    at: String,
}

/// All functions with the attribute below `src`.
pub(super) fn functions(package: &Path) -> Vec<Known> {
    let mut known = Vec::new();
    walk(&package.join("src"), package, &mut known, 0);
    known.sort_by(|a, b| a.name.cmp(&b.name));
    known.dedup_by(|a, b| a.name == b.name);
    known
}

/// What to do about a function that the compiler does not find.
pub(super) fn hint(known: &[Known], name: &str, homes: &str) -> String {
    if let Some(found) = known.iter().find(|known| known.name == name) {
        return format!("{} has one; make it `pub` and reachable in {homes}", found.at);
    }
    let names: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
    if names.is_empty() {
        return format!("write `#[kis_function(mode = \"..\")] pub fn {name}(..)` in {homes}");
    }
    did_you_mean(name, &names)
}

fn walk(dir: &Path, package: &Path, known: &mut Vec<Known>, depth: usize) {
    const DEEPEST: usize = 16;
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && depth < DEEPEST {
            walk(&path, package, known, depth + 1);
        } else if path.extension().is_some_and(|ext| ext == "rs")
            && let Ok(text) = fs::read_to_string(&path)
        {
            let file = path.strip_prefix(package).unwrap_or(&path).display().to_string();
            scan(&text, &file, known);
        }
    }
}

fn scan(text: &str, file: &str, known: &mut Vec<Known>) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("#[kis_function(") {
            let first = text[..start].matches('\n').count() + 1;
            known.extend(item(&text[start..], file, first));
        }
        start += line.len();
    }
}

/// The function whose attribute `text` begins with, on line `first`.
fn item(text: &str, file: &str, first: usize) -> Option<Known> {
    let at = text.find("fn ")?;
    let words = &text[..at];
    let own: String = text[at + 3..]
        .trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let given = words
        .find("name = \"")
        .and_then(|i| words[i + 8..].split('"').next());
    let name = given.unwrap_or(&own).to_owned();
    let line = first + words.matches('\n').count();
    (!name.is_empty()).then(|| Known {
        name,
        at: format!("{file}:{line}"),
    })
}

#[cfg(test)]
mod tests {
    use super::{Known, hint, scan};

    #[test]
    fn functions_are_found_by_their_attribute() {
        let text = [
            "#[kis_function(mode = \"Save\")]\npub async fn save_avg(rows: &[A]) {}\n",
            "    #[kis_function(mode = \"Verify\", name = \"订单\")]\n    fn orders(row: &A) {}",
            "/// #[kis_function(mode = \"Save\")]\nfn other() {}\n",
        ]
        .join("\n");
        let mut known: Vec<Known> = Vec::new();
        scan(&text, "src/f.rs", &mut known);
        let found: Vec<String> = known.iter().map(|k| format!("{} {}", k.name, k.at)).collect();
        assert_eq!(found, ["save_avg src/f.rs:2", "订单 src/f.rs:5"]);
        assert_eq!(
            hint(&known, "save_avgg", "crate::f"),
            "did you mean save_avg? (known: save_avg, 订单)"
        );
        assert_eq!(
            hint(&known, "save_avg", "crate::f"),
            "src/f.rs:2 has one; make it `pub` and reachable in crate::f"
        );
        assert_eq!(
            hint(&[], "f", "crate::f"),
            "write `#[kis_function(mode = \"..\")] pub fn f(..)` in crate::f"
        );
    }
}
