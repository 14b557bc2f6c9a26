//! Sets up the program's log: text or JSON on the standard error stream, above live progress lines.

use std::str::FromStr;

use tracing_subscriber::EnvFilter;

use super::Screen;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// What is logged, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// How lines are written.
    pub format: LogFormat,
    /// What is logged, as `tracing-subscriber` writes filters: `info`, or `warn,kis_core=debug`.
    pub filter: Option<String>,
    /// Whether text is coloured.
    pub colours: bool,
}

impl LogOptions {
    /// What the environment says: `KIS_LOG_FORMAT` (`text` or `json`), `KIS_LOG`, else `RUST_LOG`, and `NO_COLOR`.
    ///
    /// # Errors
    /// If a variable says something unknown.
    pub fn from_env(get: impl Fn(&str) -> Option<String>) -> Result<LogOptions, String> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let format = match get("KIS_LOG_FORMAT") {
            Some(word) => word.parse().map_err(|error| format!("KIS_LOG_FORMAT: {error}"))?,
            None => LogFormat::default(),
        };
        let filter = get("KIS_LOG").map(|filter| ("KIS_LOG", filter));
        let filter = filter.or_else(|| get("RUST_LOG").map(|filter| ("RUST_LOG", filter)));
        if let Some((name, filter)) = &filter {
            EnvFilter::try_new(filter).map_err(|error| {
                format!("{name}={filter}: {error}; write a level (error, warn, info, debug, trace) or target=level, separated by commas")
            })?;
        }
        let colours = Screen::is_terminal() && get("NO_COLOR").is_none();
        Ok(LogOptions {
            format,
            filter: filter.map(|(_, filter)| filter),
            colours,
        })
    }
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<LogFormat, String> {
        match word {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("unknown log format {word}; known: text, json")),
        }
    }
}

/// Sends the program's log to `screen`. A program that has set up a log of its own keeps it.
pub fn init(options: &LogOptions, screen: Screen) {
    let filter = options.filter.as_deref().unwrap_or("info");
    let filter = EnvFilter::builder().parse_lossy(filter);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(screen);
    // An error means that the program has set up its own log, which is its right.
    let _ = match options.format {
        LogFormat::Text => {
            let log = log.with_ansi(options.colours).with_target(false);
            tracing::subscriber::set_global_default(log.compact().finish())
        }
        LogFormat::Json => {
            let log = log.json().flatten_event(true).with_span_list(false);
            tracing::subscriber::set_global_default(log.finish())
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(vars: &[(&str, &str)]) -> Result<(LogFormat, Option<String>), String> {
        let get = |name: &str| {
            vars.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        LogOptions::from_env(get).map(|options| (options.format, options.filter))
    }

    #[test]
    fn the_environment_says_what_and_how() {
        assert_eq!(check(&[]), Ok((LogFormat::Text, None)));
        assert_eq!(check(&[("KIS_LOG_FORMAT", "json")]), Ok((LogFormat::Json, None)));
        let both = [("RUST_LOG", "warn"), ("KIS_LOG", "warn,kis_core=debug")];
        assert_eq!(
            check(&both),
            Ok((LogFormat::Text, Some("warn,kis_core=debug".to_owned())))
        );
        assert_eq!(
            check(&[("KIS_LOG", ""), ("RUST_LOG", "debug")]),
            Ok((LogFormat::Text, Some("debug".to_owned())))
        );
    }

    #[test]
    fn unknown_words_are_refused() {
        let unknown = "KIS_LOG_FORMAT: unknown log format xml; known: text, json";
        assert_eq!(check(&[("KIS_LOG_FORMAT", "xml")]), Err(unknown.to_owned()));
        let wrong = check(&[("KIS_LOG", "kis_core=loud")]).unwrap_err();
        assert!(wrong.starts_with("KIS_LOG=kis_core=loud: "), "{wrong}");
        assert!(
            wrong.ends_with(
                "write a level (error, warn, info, debug, trace) or target=level, separated by commas"
            ),
            "{wrong}"
        );
    }
}
