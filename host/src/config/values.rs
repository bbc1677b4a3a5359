//! From text to types, with errors that name the setting, its value and where it was written.

use super::layers::{Layers, Origin};
use super::{ConfigError, SETTINGS};
use ipnet::IpNet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use url::Url;
use vault::key_file::KeyEncryptionKey;

impl Layers {
    fn raw(&self, key: &str) -> (&str, &Origin) {
        self.values.get(key).map_or(("", &Origin::Default), |(value, origin)| (value.as_str(), origin))
    }

    pub(super) fn text(&self, key: &str) -> String {
        self.raw(key).0.to_owned()
    }

    pub(super) fn optional(&self, key: &str) -> Option<String> {
        Some(self.text(key)).filter(|value| !value.is_empty())
    }

    pub(super) fn path(&self, key: &str) -> Result<PathBuf, ConfigError> {
        self.optional(key).map(PathBuf::from).ok_or_else(|| self.invalid(key, "write a folder"))
    }

    pub(super) fn list(&self, key: &str) -> Vec<String> {
        let separator = SETTINGS.iter().find(|setting| setting.key == key).and_then(|found| found.separator);
        let text = self.raw(key).0;
        let items: Vec<&str> = separator.map_or_else(|| vec![text], |letter| text.split(letter).collect());
        items.into_iter().map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// A list whose items are something; `parse` says what is wrong with one and what to write.
    pub(super) fn list_of<T>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, ConfigError> {
        let items = self.list(key).into_iter();
        items.map(|item| parse(&item).map_err(|reason| self.invalid(key, &reason))).collect()
    }

    /// The database's URL; none means SQLite in the data directory.
    pub(super) fn database(&self) -> Result<Option<String>, ConfigError> {
        let Some(url) = self.optional("database_url") else { return Ok(None) };
        match url.split_once(':') {
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => Ok(Some(url)),
            Some(("sqlite", "" | "//")) => Ok(None),
            Some(("sqlite", _)) => Err(self.invalid(
                "database_url",
                "the SQLite database lies in the data directory: set data_dir to its folder and write sqlite: without a path, or nothing",
            )),
            _ => Err(self.invalid("database_url", "write postgres://USER:PASSWORD@HOST/DATABASE, or nothing for SQLite")),
        }
    }

    /// A direct URL beside the main one.
    pub(super) fn listen_database(&self, main: Option<&String>) -> Result<Option<String>, ConfigError> {
        let Some(url) = self.optional("database_listen_url") else { return Ok(None) };
        if main.is_none() {
            return Err(self
                .invalid("database_listen_url", "it belongs to a PostgreSQL in database_url: set that too"));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Some(url))
        } else {
            Err(self.invalid("database_listen_url", "write postgres://USER:PASSWORD@HOST/DATABASE"))
        }
    }

    /// The key-encryption key that is given by itself. Its text is forgotten here; that it was there is not.
    pub(super) fn key(&mut self) -> Result<Option<KeyEncryptionKey>, ConfigError> {
        let is_file_chosen = *self.raw("key_file").1 != Origin::Default;
        let Some((value, _)) = self.values.get_mut("key").filter(|(value, _)| !value.is_empty()) else {
            return Ok(None);
        };
        let key = KeyEncryptionKey::take(std::mem::replace(value, "given".to_owned()));
        if is_file_chosen {
            return Err(
                self.invalid("key", "key_file is set too: give the key itself or the file that holds it")
            );
        }
        key.map(Some).map_err(|error| self.invalid("key", &error.to_string()))
    }

    pub(super) fn parse<T: FromStr>(&self, key: &str, reason: &str) -> Result<T, ConfigError> {
        self.raw(key).0.parse().map_err(|_| self.invalid(key, reason))
    }

    pub(super) fn milliseconds(&self, key: &str) -> Result<Duration, ConfigError> {
        let milliseconds: u64 = self.parse(key, "write a number of milliseconds")?;
        if milliseconds == 0 {
            return Err(self.invalid(key, "write more than 0 milliseconds"));
        }
        Ok(Duration::from_millis(milliseconds))
    }

    pub(super) fn days(&self, key: &str) -> Result<Duration, ConfigError> {
        let days: u32 = self.parse(key, "write a number of days")?;
        Ok(Duration::from_secs(u64::from(days) * 24 * 3600))
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        match self.raw(key).0 {
            "true" | "on" | "1" => Ok(true),
            "false" | "off" | "0" => Ok(false),
            _ => Err(self.invalid(key, "write true or false")),
        }
    }

    pub(super) fn choice(&self, key: &str, allowed: &[&str]) -> Result<String, ConfigError> {
        let value = self.text(key);
        if allowed.contains(&value.as_str()) {
            Ok(value)
        } else {
            Err(self.invalid(key, &format!("write one of {}", allowed.join(", "))))
        }
    }

    pub(super) fn url(&self, key: &str) -> Result<Option<Url>, ConfigError> {
        let wrong = |_| self.invalid(key, "write a URL, such as https://skep.example.com");
        self.optional(key).map(|text| Url::parse(&text)).transpose().map_err(wrong)
    }

    pub(super) fn invalid(&self, key: &str, reason: &str) -> ConfigError {
        let (value, origin) = self.raw(key);
        let secret = SETTINGS.iter().any(|setting| setting.key == key && setting.secret);
        let value = if secret { "****".to_owned() } else { value.to_owned() };
        ConfigError::Invalid {
            key: key.to_owned(),
            value,
            origin: origin.to_string(),
            reason: reason.to_owned(),
        }
    }
}

/// An origin as browsers send it. A star or a path would match none.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let origin = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && matches!(url.path(), "/" | "")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    let wrong = || {
        format!(
            "{text:?} is no origin: write SCHEME://HOST or SCHEME://HOST:PORT for each, such as https://app.example.com"
        )
    };
    Ok(origin.ok_or_else(wrong)?.origin().ascii_serialization())
}

/// One address or a range of them.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
        format!("{text:?} is no address: write addresses or ranges, such as 10.0.0.5 or 10.0.0.0/8")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        for (text, sent) in [
            ("https://app.example.com", "https://app.example.com"),
            ("https://App.Example.com:443/", "https://app.example.com"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(origin(text).unwrap(), sent);
        }
        for text in [
            "app.example.com",
            "https://",
            "https://a/b",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "ftp://a",
            "*",
            "null",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_proxy_is_an_address_or_a_range() {
        for (text, holds) in
            [("10.0.0.5", "10.0.0.5"), ("10.0.0.0/8", "10.9.9.9"), ("::1", "::1"), ("fd00::/8", "fd12::3")]
        {
            assert!(network(text).unwrap().contains(&holds.parse::<IpAddr>().unwrap()), "{text}");
        }
        for text in ["proxy", "10.0.0.0/33", "10.0.0", ""] {
            assert!(network(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_is_taken_out_of_the_layers_and_stays_a_given_one() {
        let text = "07".repeat(32);
        let mut layers = Layers { values: std::collections::BTreeMap::new() };
        assert_eq!(layers.key().unwrap(), None);
        layers.values.insert("key", (text.clone(), Origin::Environment("SKEP_KEY")));
        assert_eq!(layers.key().unwrap(), Some(KeyEncryptionKey::parse(&text).unwrap()));
        assert_eq!(layers.text("key"), "given");
        let shown = layers.effective();
        assert!(shown.iter().any(|row| row.setting.key == "key" && row.shown == "****"));
        // Beside a file that somebody chose it is one too many.
        layers.values.insert("key", (text, Origin::Environment("SKEP_KEY")));
        layers.values.insert("key_file", ("elsewhere".to_owned(), Origin::Flag));
        assert!(layers.key().unwrap_err().to_string().contains("key_file is set too"));
    }
}
