//! `skep doctor`: the effective configuration, where each value came from, and what works on this machine.

use super::{Common, Failure};
use crate::config::{Config, TierConfig};
use serde_json::{Value, json};

/// One thing that was looked at.
struct Check {
    name: &'static str,
    good: bool,
    finding: String,
}

pub(crate) async fn run(common: &Common) -> Result<(), Failure> {
    let config = common.config()?;
    let checks = checks(&config);
    if common.json {
        println!("{}", report(&config, &checks));
    } else {
        show(&config, &checks);
    }
    let failed = checks.iter().filter(|check| !check.good).count();
    if failed == 0 {
        Ok(())
    } else {
        Err(Failure::new(format!("{failed} check(s) failed; see above")).answered())
    }
}

fn show(config: &Config, checks: &[Check]) {
    for effective in &config.effective {
        let shown = if effective.shown.is_empty() { "-" } else { &effective.shown };
        println!("{:<20} {shown:<44} {}", effective.setting.key, effective.origin);
    }
    println!();
    for check in checks {
        println!("{} {:<16} {}", if check.good { "ok  " } else { "FAIL" }, check.name, check.finding);
    }
}

fn report(config: &Config, checks: &[Check]) -> Value {
    let settings: Vec<Value> = config
        .effective
        .iter()
        .map(|effective| {
            json!({
                "key": effective.setting.key,
                "variable": effective.setting.variable,
                "value": effective.shown,
                "default": effective.setting.default,
                "origin": effective.origin.to_string(),
                "meaning": effective.setting.meaning,
            })
        })
        .collect();
    let checks: Vec<Value> = checks
        .iter()
        .map(|check| json!({ "name": check.name, "good": check.good, "finding": check.finding }))
        .collect();
    json!({ "settings": settings, "checks": checks })
}

fn checks(config: &Config) -> Vec<Check> {
    vec![data_directory(config), git(), runtime_check(config), models(config)]
}

fn data_directory(config: &Config) -> Check {
    let path = &config.data_dir;
    let finding = match std::fs::metadata(path) {
        Ok(metadata) if metadata.permissions().readonly() => {
            Err(format!("{} cannot be written", path.display()))
        }
        Ok(_) => Ok(format!("{} is there", path.display())),
        Err(_) => Ok(format!("{} is not there yet; `skep up` makes it", path.display())),
    };
    check("data directory", finding)
}

fn git() -> Check {
    let found = std::process::Command::new("git").arg("--version").output();
    check(
        "git",
        match found {
            Ok(output) if output.status.success() => {
                Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
            }
            _ => Err("git was not found: sources with a git URL will fail; install it".to_owned()),
        },
    )
}

fn runtime_check(config: &Config) -> Check {
    let runtime = crate::wiring::own_executable().and_then(|command| {
        runtime::Runtime::new(runtime::Options {
            cache: None,
            ..runtime::Options::new(&config.data_dir, command)
        })
        .map_err(|error| Failure::new(error.to_string()))
    });
    check(
        "runtime",
        runtime
            .map(|runtime| crate::wiring::describe(runtime.allocation()))
            .map_err(|failure| failure.to_string()),
    )
}

fn models(config: &Config) -> Check {
    if !config.models.needs_embedded() {
        let names = config.models.tiers.iter().filter_map(|tier| match tier {
            TierConfig::OpenAi(provider) => Some(format!("{} at {}", provider.model, provider.url)),
            TierConfig::Embedded => None,
        });
        return check("models", Ok(names.collect::<Vec<_>>().join(", ")));
    }
    check("models", super::model::installed(config))
}

fn check(name: &'static str, finding: Result<String, String>) -> Check {
    match finding {
        Ok(finding) => Check { name, good: true, finding },
        Err(finding) => Check { name, good: false, finding },
    }
}
