//! How answers are shown: JSON for programs, tables for people.

use super::{Common, Failure};
use serde_json::Value;

impl Common {
    /// The answer as JSON under `--json`, else as `people` prints it.
    pub(crate) fn show(&self, answer: &Value, people: impl FnOnce(&Value)) {
        if self.json { println!("{answer}") } else { people(answer) }
    }
}

/// Rows with these fields as columns, each as wide as it needs.
pub(crate) fn table(rows: &[Value], fields: &[&str]) {
    let cell = |row: &Value, field: &str| match row.get(field) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_str().unwrap_or("-")).collect::<Vec<_>>().join(",")
        }
        Some(other) => other.to_string(),
    };
    let widths: Vec<usize> = fields
        .iter()
        .map(|field| {
            let cells = rows.iter().map(|row| cell(row, field).chars().count());
            cells.chain([field.len()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        println!("{}", padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    line(fields.iter().map(|field| (*field).to_owned()).collect());
    for row in rows {
        line(fields.iter().map(|field| cell(row, field)).collect());
    }
}

/// Refuse what has no way back unless it was confirmed on the command line.
pub(crate) fn confirm(yes: bool, what: &str) -> Result<(), Failure> {
    if yes {
        Ok(())
    } else {
        Err(Failure::new(format!("this {what}; there is no way back: give --yes to do it")))
    }
}
