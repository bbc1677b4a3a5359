//! From text to types, with errors that name the setting, its value and where it was written.

use super::ConfigError;
use super::layers::{Layers, Origin};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

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

    pub(super) fn list(&self, key: &str, separator: char) -> Vec<String> {
        self.raw(key)
            .0
            .split(separator)
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
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

    pub(super) fn invalid(&self, key: &str, reason: &str) -> ConfigError {
        let (value, origin) = self.raw(key);
        let secret = super::SETTINGS.iter().any(|setting| setting.key == key && setting.secret);
        let value = if secret { "****".to_owned() } else { value.to_owned() };
        ConfigError::Invalid {
            key: key.to_owned(),
            value,
            origin: origin.to_string(),
            reason: reason.to_owned(),
        }
    }
}
