//! What the project's own files say about running it: commands, ports, health, state. Computed, so that a runbook can be held against it.

use rigor::commands::{self, Commands};
use rigor::{paths, project};
use skep_sdk::prelude::*;

use crate::details::{Facts, Port};

/// Of each list.
const MOST: usize = 40;

/// Looks through the project.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn gather() -> Result<Facts> {
    let all = project::paths()?;
    let known = commands::known(&all)?;
    let mut facts = Facts { commands: named(&known), ..Facts::default() };
    facts.scripts = all.iter().filter(|path| is_script(path)).take(MOST).cloned().collect();
    facts.runbooks = all.iter().filter(|path| is_runbook(path)).take(MOST).cloned().collect();
    for (path, text) in project::texts(&all, 60, is_settings)? {
        facts.ports.extend(ports(&path, &text));
        facts.state.extend(state(&path, &text));
    }
    facts.ports.truncate(MOST);
    facts.state.truncate(MOST);
    if !all.is_empty() {
        for line in files::search(r#"["'`/](?:healthz?|readyz?|livez|ping|status)["'`/?]"#, "", 40)? {
            if paths::is_text(&line.path) && !paths::is_document(&line.path) && facts.health.len() < 10 {
                facts.health.push(format!(
                    "{}:{}: {}",
                    line.path,
                    line.line,
                    rigor::talk::cut(&line.text, 100)
                ));
            }
        }
    }
    Ok(facts)
}

fn named(known: &Commands) -> Vec<String> {
    let mut named: Vec<String> = known.targets.iter().map(|target| format!("make {target}")).collect();
    named.extend(known.scripts.iter().map(|script| format!("npm run {script}")));
    named.extend(known.services.iter().map(|service| format!("docker compose up -d {service}")));
    named.truncate(MOST);
    named
}

/// True for shell scripts.
pub(crate) fn is_script(path: &str) -> bool {
    matches!(paths::ending(path), "sh" | "bash")
}

/// True for documents about running the project, by path.
pub(crate) fn is_runbook(path: &str) -> bool {
    const WORDS: [&str; 9] =
        ["runbook", "operation", "deploy", "rollback", "backup", "restore", "incident", "oncall", "playbook"];
    let low = path.to_lowercase();
    paths::is_document(path) && WORDS.iter().any(|word| low.contains(word))
}

/// Files in which a project says on which port it listens.
pub(crate) fn is_settings(path: &str) -> bool {
    let name = paths::name(path);
    name.starts_with("Dockerfile")
        || name.starts_with(".env")
        || commands::is_compose(path)
        || commands::is_makefile(path)
        || matches!(paths::ending(path), "yml" | "yaml" | "toml" | "ini" | "conf" | "env" | "properties")
        || name == "package.json"
}

/// Ports that a file of settings names: `EXPOSE 80`, `"8080:80"`, `PORT=80`, `port: 80`, `--port 80`, `listen 80`.
pub(crate) fn ports(path: &str, text: &str) -> Vec<Port> {
    let mut ports = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split(" #").next().unwrap_or_default();
        let low = line.to_lowercase();
        let trimmed = low.trim_start();
        if trimmed.starts_with('#') {
            continue;
        }
        let mut found: Vec<u32> = Vec::new();
        if trimmed.starts_with("expose ") || low.contains("port") || low.contains("listen") {
            found.extend(numbers(&low));
        } else if commands::is_compose(path) && trimmed.starts_with("- ") && low.contains(':') {
            let mapping = trimmed.trim_start_matches("- ").trim_matches(['"', '\'', ' ']);
            let plain = mapping.chars().all(|letter| letter.is_ascii_digit() || ".:/tcpud".contains(letter));
            found.extend(if plain { numbers(mapping) } else { Vec::new() });
        }
        for port in found {
            if !ports.iter().any(|known: &Port| known.port == port) {
                ports.push(Port { port, place: format!("{path}:{number}") });
            }
        }
    }
    ports
}

/// Whole numbers that can be ports.
fn numbers(text: &str) -> Vec<u32> {
    let parts = text.split(|letter: char| !letter.is_ascii_digit() && letter != '.');
    parts
        .filter(|part| !part.contains('.'))
        .filter_map(|part| part.parse().ok())
        .filter(|port| (2..=65_535).contains(port))
        .collect()
}

/// Volumes and database files.
fn state(path: &str, text: &str) -> Vec<String> {
    let mut state = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim();
        let is_volume = commands::is_compose(path) && trimmed.starts_with("- ") && trimmed.contains(":/");
        let is_database = [".sqlite", ".db\"", "DATABASE_URL"].iter().any(|word| trimmed.contains(word));
        if is_volume || is_database || trimmed.starts_with("VOLUME ") {
            // The value may be a secret.
            let named = trimmed.split('=').next().unwrap_or_default();
            state.push(format!("{path}:{number}: {}", rigor::talk::cut(named, 100)));
        }
    }
    state
}
