//! The table `[plans]`: how many requests each plan admits in a clock hour and a clock minute.
//!
//! ```toml
//! [plans]
//! startup = { hour = 2000 }                  # what is left out keeps the documented number
//! enterprise = { hour = 50000, minute = 1000 }
//! ```

use super::layers::nearest;
use domain::plan::{Plan, PlanLimits, Plans};

/// What a plan's table may have.
const KEYS: [&str; 2] = ["hour", "minute"];

pub(super) fn parse(text: &str) -> Result<Plans, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let mut plans = Plans::default();
    for (name, value) in &table {
        let plan = Plan::parse(name)
            .ok_or_else(|| unknown("plan", name, Plan::ALL.iter().map(|plan| plan.as_str())))?;
        let limits =
            value.as_table().ok_or_else(|| format!("{name} must be a table with hour and minute"))?;
        if let Some(key) = limits.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(unknown(&format!("key {name}:"), key, KEYS.into_iter()));
        }
        let number = |key: &str, default: u32| match limits.get(key) {
            None => Ok(default),
            Some(value) => value
                .as_integer()
                .and_then(|number| u32::try_from(number).ok())
                .filter(|number| *number > 0)
                .ok_or_else(|| format!("{name}.{key} must be a whole number of requests, 1 or more")),
        };
        let documented = plan.limits();
        let limits = PlanLimits {
            per_hour: number("hour", documented.per_hour)?,
            per_minute: number("minute", documented.per_minute)?,
        };
        plans.set(plan, limits);
    }
    Ok(plans)
}

fn unknown<'a>(what: &str, word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = nearest(word, known).map(|near| format!("; did you mean {near:?}?"));
    format!("unknown {what} {word:?}{}", near.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_left_out_keeps_the_documented_number() {
        assert_eq!(parse("").unwrap(), Plans::default());
        let plans = parse("startup = { hour = 2000 }\n[scale]\nhour = 9\nminute = 3\n").unwrap();
        assert_eq!(plans.of(Plan::Startup), PlanLimits { per_hour: 2000, per_minute: 17 });
        assert_eq!(plans.of(Plan::Scale), PlanLimits { per_hour: 9, per_minute: 3 });
        assert_eq!(plans.of(Plan::Growth), Plan::Growth.limits());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("startupp = { hour = 1 }", "\"startup\""),
            ("startup = 5", "startup must be a table"),
            ("startup = { hours = 1 }", "\"hour\""),
            ("startup = { hour = 0 }", "startup.hour"),
            ("growth = { minute = \"many\" }", "growth.minute"),
            ("growth = { minute = 5000000000 }", "growth.minute"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
