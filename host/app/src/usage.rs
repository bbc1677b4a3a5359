//! `GET /api/v1/users/{user}/usage`: tokens of a month, as they were charged when the models answered.

use crate::context::App;
use crate::fields::invalid;
use crate::ports::usage::UsageRow;
use crate::references;
use crate::rights::{self, Action};
use domain::agent::Agent;
use domain::caller::Caller;
use domain::effect::model::Usage;
use domain::error::Error;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The tokens of a month (`2026-02`), this one if none is given, in all, by agent and by model. `limit` is the sum of the budgets of those
/// agents that have one: each is refused its next model call once it has used its own.
///
/// # Errors
/// 404; 403 for an agent key; 400 for a month that is none.
pub async fn get(app: &App, caller: &Caller, user: &str, month: Option<&str>) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ReadUsage)?;
    let month = match month {
        Some(month) if is_month(month) => month.to_owned(),
        Some(_) => return Err(invalid("month", "must be a month as 2026-02")),
        None => app.ports.clock.now().rfc3339().chars().take(7).collect(),
    };
    let rows = app.ports.usage.list_usage(scoped.user.id, &month).await?;
    let agents = app.ports.agents.list_agents(scoped.user.id).await?;
    let total = sum(rows.iter());
    let limit = agents.iter().filter_map(budget).reduce(u64::saturating_add);
    let mut answer = tokens(total);
    answer.extend([
        ("month".to_owned(), json!(month)),
        ("limit".to_owned(), json!(limit)),
        ("byAgent".to_owned(), by_agent(&rows, &agents)),
        ("byModel".to_owned(), by_model(&rows)),
    ]);
    Ok(Value::Object(answer))
}

fn by_agent(rows: &[UsageRow], agents: &[Agent]) -> Value {
    let mut sums: BTreeMap<String, (Usage, Option<u64>)> = BTreeMap::new();
    for row in rows {
        let agent = agents.iter().find(|agent| agent.id == row.agent);
        // One that was deleted has its id only.
        let name = agent.map_or_else(|| row.agent.to_string(), |agent| agent.name.clone());
        let entry = sums.entry(name).or_insert((Usage::default(), agent.and_then(budget)));
        entry.0 = plus(entry.0, row.usage);
    }
    let shown = |(name, (usage, limit)): (String, (Usage, Option<u64>))| {
        let mut entry = tokens(usage);
        entry.extend([("agent".to_owned(), json!(name)), ("limit".to_owned(), json!(limit))]);
        Value::Object(entry)
    };
    sums.into_iter().map(shown).collect()
}

fn by_model(rows: &[UsageRow]) -> Value {
    let mut sums: BTreeMap<&str, Usage> = BTreeMap::new();
    for row in rows {
        let entry = sums.entry(&row.model).or_default();
        *entry = plus(*entry, row.usage);
    }
    let shown = |(model, usage): (&str, Usage)| {
        let mut entry = tokens(usage);
        entry.insert("model".to_owned(), json!(model));
        Value::Object(entry)
    };
    sums.into_iter().map(shown).collect()
}

fn tokens(usage: Usage) -> Map<String, Value> {
    Map::from_iter([
        ("inputTokens".to_owned(), json!(usage.input_tokens)),
        ("outputTokens".to_owned(), json!(usage.output_tokens)),
        ("totalTokens".to_owned(), json!(usage.total())),
    ])
}

fn sum<'a>(rows: impl Iterator<Item = &'a UsageRow>) -> Usage {
    rows.fold(Usage::default(), |sum, row| plus(sum, row.usage))
}

fn plus(one: Usage, other: Usage) -> Usage {
    Usage {
        input_tokens: one.input_tokens.saturating_add(other.input_tokens),
        output_tokens: one.output_tokens.saturating_add(other.output_tokens),
    }
}

fn budget(agent: &Agent) -> Option<u64> {
    agent.configuration().ok().and_then(|config| config.budget)
}

/// `2026-02`.
fn is_month(text: &str) -> bool {
    let Some((year, month)) = text.split_once('-') else { return false };
    let digits =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(year, 4) && digits(month, 2) && (1..=12).contains(&month.parse::<u8>().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::is_month;

    #[test]
    fn a_month_is_a_year_and_a_month() {
        assert!(is_month("2026-02") && is_month("1999-12"));
        for text in ["", "2026", "2026-00", "2026-13", "2026-2", "26-02", "2026-02-01", "2026-0x", "٢٠٢٦-02"]
        {
            assert!(!is_month(text), "{text}");
        }
    }
}
