//! File, environment, flags: each later layer overrides the earlier ones, and each value remembers where it came from.

use super::settings::{DATA_DIR, SETTINGS, Setting, TABLES};
use super::{ConfigError, ModelsConfig, plans};
use domain::plan::Plans;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// What the command line says. Keys are those of [`SETTINGS`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    /// `--config`.
    pub(crate) config: Option<PathBuf>,
    /// The rest, by key.
    pub(crate) values: BTreeMap<&'static str, String>,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody said otherwise.
    Default,
    /// The file.
    File(PathBuf),
    /// A variable.
    Environment(&'static str),
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Environment(variable) => formatter.write_str(variable),
            Self::Flag => formatter.write_str("command line"),
        }
    }
}

/// A setting as it is in force.
#[derive(Debug, Clone)]
pub(crate) struct Effective {
    /// Which.
    pub(crate) setting: Setting,
    /// Its value; `****` for secrets.
    pub(crate) shown: String,
    /// Where it came from.
    pub(crate) origin: Origin,
}

/// Values by key.
pub(super) struct Layers {
    pub(super) values: BTreeMap<&'static str, (String, Origin)>,
}

impl Layers {
    pub(super) fn read(flags: &Flags) -> Result<Self, ConfigError> {
        let mut layers = Self { values: BTreeMap::new() };
        for setting in SETTINGS {
            layers.set(setting.key, setting.default.to_owned(), Origin::Default);
        }
        layers.set("data_dir", default_data_dir(), Origin::Default);
        if let Some(path) = config_file(flags) {
            layers.read_file(&path)?;
        }
        layers.read_environment()?;
        for (key, value) in &flags.values {
            layers.set(key, value.clone(), Origin::Flag);
        }
        layers.place_defaults();
        Ok(layers)
    }

    /// Defaults in the data directory, once it is known where that is. An empty value is none, so the default holds for it too.
    fn place_defaults(&mut self) {
        let data_dir = self.values.get("data_dir").map(|(value, _)| value.clone()).unwrap_or_default();
        for setting in SETTINGS.iter().filter(|setting| setting.default.starts_with(DATA_DIR)) {
            if let Some((value, origin)) = self.values.get_mut(setting.key)
                && (*origin == Origin::Default || value.is_empty())
            {
                *value = setting.default.replacen(DATA_DIR, &data_dir, 1);
                *origin = Origin::Default;
            }
        }
    }

    fn set(&mut self, key: &'static str, value: String, origin: Origin) {
        self.values.insert(key, (value, origin));
    }

    fn read_file(&mut self, path: &std::path::Path) -> Result<(), ConfigError> {
        let unreadable =
            |reason: String| ConfigError::Unreadable { path: path.display().to_string(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        let table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| unreadable(error.to_string()))?;
        for (key, value) in table {
            let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
                let keys = SETTINGS.iter().map(|setting| setting.key);
                return Err(ConfigError::Unknown {
                    suggestion: nearest(&key, keys),
                    key,
                    place: path.display().to_string(),
                });
            };
            let origin = Origin::File(path.to_owned());
            let text = text_of(setting, &value).map_err(|reason| ConfigError::Invalid {
                key,
                value: if setting.secret { "****".to_owned() } else { value.to_string() },
                origin: origin.to_string(),
                reason,
            })?;
            self.set(setting.key, text, origin);
        }
        Ok(())
    }

    fn read_environment(&mut self) -> Result<(), ConfigError> {
        /// Variables that are not settings of the host: the file's own, the command line's, the model child's, the tests', the build
        /// command's.
        const OTHERS: [&str; 5] =
            ["SKEP_CONFIG", "SKEP_URL", "SKEP_API_KEY", "SKEP_CACHE", "SKEP_MODEL_TOKEN"];
        const PREFIXES: [&str; 5] =
            ["SKEP_TEST_", "SKEP_BUILD_", "SKEP_BENCH_", "SKEP_FAILPOINT", "SKEP_FENCING"];
        for (name, value) in std::env::vars() {
            if !name.starts_with("SKEP_")
                || OTHERS.contains(&name.as_str())
                || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            {
                continue;
            }
            match SETTINGS.iter().find(|setting| setting.variable == name) {
                Some(setting) => self.set(setting.key, value, Origin::Environment(setting.variable)),
                None => {
                    let variables = SETTINGS.iter().map(|setting| setting.variable);
                    return Err(ConfigError::Unknown {
                        suggestion: nearest(&name, variables),
                        key: name,
                        place: "the environment".to_owned(),
                    });
                }
            }
        }
        Ok(())
    }

    pub(super) fn models(&self) -> Result<ModelsConfig, ConfigError> {
        let (text, origin) = self.values.get("models").cloned().unwrap_or((String::new(), Origin::Default));
        ModelsConfig::parse(&text).map_err(|reason| ConfigError::Invalid {
            key: "models".to_owned(),
            // The table may hold keys of providers.
            value: "…".to_owned(),
            origin: origin.to_string(),
            reason,
        })
    }

    pub(super) fn plans(&self) -> Result<Plans, ConfigError> {
        plans::parse(&self.text("plans")).map_err(|reason| self.invalid("plans", &reason))
    }

    pub(super) fn effective(&self) -> Vec<Effective> {
        let shown = |setting: &Setting, value: &str| match (setting.secret, value) {
            (_, "") => String::new(),
            (true, _) => "****".to_owned(),
            (false, _) if setting.key == "models" => "(table; keys of providers are not shown)".to_owned(),
            (false, value) => value.to_owned(),
        };
        SETTINGS
            .iter()
            .filter_map(|setting| {
                let (value, origin) = self.values.get(setting.key)?;
                Some(Effective { setting: *setting, shown: shown(setting, value), origin: origin.clone() })
            })
            .collect()
    }
}

/// What the file says, as the environment would say it.
fn text_of(setting: &Setting, value: &toml::Value) -> Result<String, String> {
    match (value, setting.separator) {
        (toml::Value::String(text), _) => Ok(text.clone()),
        (toml::Value::Array(items), Some(separator)) => {
            let item = |item: &toml::Value| match item.as_str() {
                None => Err("write a list of texts, such as [\"one\", \"two\"]".to_owned()),
                Some(text) if text.contains(separator) => {
                    Err(format!("an item must not contain {separator:?}, which separates items"))
                }
                Some(text) => Ok(text.to_owned()),
            };
            Ok(items.iter().map(item).collect::<Result<Vec<_>, _>>()?.join(&separator.to_string()))
        }
        (_, Some(_)) => Err("write a list of texts, such as [\"one\", \"two\"]".to_owned()),
        (toml::Value::Table(table), None) if TABLES.contains(&setting.key) => Ok(table.to_string()),
        (toml::Value::Table(_) | toml::Value::Array(_), None) => {
            Err("write one value, not a table or a list".to_owned())
        }
        (_, None) if TABLES.contains(&setting.key) => Err(format!("write a table [{}]", setting.key)),
        (single, None) => Ok(single.to_string()),
    }
}

/// `--config`, `SKEP_CONFIG`, or `skep.toml` here when it is there.
fn config_file(flags: &Flags) -> Option<PathBuf> {
    let named = flags.config.clone().or_else(|| std::env::var_os("SKEP_CONFIG").map(PathBuf::from));
    named.or_else(|| Some(PathBuf::from("skep.toml")).filter(|path| path.is_file()))
}

/// The platform's data directory (XDG).
fn default_data_dir() -> String {
    let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share")));
    base.unwrap_or_else(|| PathBuf::from(".")).join("skep").display().to_string()
}

/// The key that the writer probably meant.
pub(super) fn nearest<'a>(key: &str, keys: impl Iterator<Item = &'a str>) -> Option<String> {
    let best = keys
        .map(|known| (strsim::jaro_winkler(key, known), known))
        .max_by(|left, right| left.0.total_cmp(&right.0));
    best.filter(|(similarity, _)| *similarity > 0.8).map(|(_, known)| known.to_owned())
}
