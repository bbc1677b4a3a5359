//! `skep plugins`: what is live, held and broken on a running host.

use super::client::Client;
use super::{Common, Failure};
use serde_json::Value;

pub(crate) async fn run(common: &Common) -> Result<(), Failure> {
    let answer = Client::new(common)?.get("/v1/admin/plugins").await?;
    if common.json {
        println!("{answer}");
        return Ok(());
    }
    let rows = |key: &str| answer.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
    let id = |row: &Value| format!("{}@{}", text(row, "name"), text(row, "version"));
    for row in rows("live") {
        println!(
            "live    {:<12} {:<28} {:<6} {}",
            text(&row, "kind"),
            id(&row),
            text(&row, "profile"),
            text(&row, "digest")
        );
    }
    for row in rows("held") {
        let missing = row.get("missing").map(Value::to_string).unwrap_or_default();
        println!(
            "held    {:<12} {:<28} {}\n        missing grants: {missing}",
            text(&row, "kind"),
            id(&row),
            text(&row, "digest")
        );
    }
    for row in rows("broken") {
        println!("broken  {}\n        {}", text(&row, "path"), text(&row, "reason"));
    }
    Ok(())
}
