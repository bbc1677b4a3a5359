//! `skep doctor`: the effective configuration, where each value came from, and what works on this machine.

mod checks;

use super::{Common, Failure};
use crate::config::Config;
use checks::Check;
use serde_json::{Value, json};

pub(crate) async fn run(common: &Common) -> Result<(), Failure> {
    let config = common.config()?;
    let checks = checks::all(&config).await;
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
