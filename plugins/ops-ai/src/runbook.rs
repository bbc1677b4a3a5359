//! The runbook that the project's own files give, for when the model gives none that can be used: every command in it exists.

use crate::details::Facts;

/// Where it is put.
pub(crate) const PATH: &str = "docs/runbooks/operations.md";

/// The document.
pub(crate) fn text(task: &str, facts: &Facts) -> String {
    let title = rigor::talk::cut(task.lines().next().unwrap_or_default(), 80);
    let mut text = format!("# Operations\n\nFor: {title}\n\nPut together from the files of the project.\n");
    let mut section = |title: &str, intro: &str, lines: &[String]| {
        text.push_str(&format!("\n## {title}\n\n{intro}\n"));
        for line in lines {
            text.push_str(&format!("- `{line}`\n"));
        }
    };
    let of = |words: &[&str]| -> Vec<String> {
        facts
            .commands
            .iter()
            .filter(|command| words.iter().any(|word| command.contains(word)))
            .cloned()
            .collect()
    };
    section("Commands", "What the project defines:", &facts.commands);
    if !facts.scripts.is_empty() {
        section("Scripts", "They are part of the project:", &facts.scripts);
    }
    let mut checks = of(&["test", "check", "health", "smoke", "verify"]);
    checks.extend(facts.ports.iter().map(|port| format!("curl -fsS http://localhost:{}/", port.port)));
    let intro = if checks.is_empty() {
        "The project defines no check of a running instance: look at its log after each start."
    } else {
        "After each start and each change:"
    };
    section("Verification", intro, &checks);
    section("Rollback", "Go back to the version before and start it again:", &["git revert HEAD".to_owned()]);
    if !facts.state.is_empty() {
        section(
            "Backup and restore",
            "What is kept stands here; save it before each change, and restore it after a rollback:",
            &facts.state,
        );
    }
    text
}
