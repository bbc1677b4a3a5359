//! The checks of what was written: documents against the project's own files, scripts against the rules of the shell.

use rigor::commands::{self, Commands};
use rigor::maker::{edits_made, judged};
use rigor::{paths, project};
use skep_sdk::prelude::*;

use crate::details::{Facts, Measures, Operated};
use crate::facts::{is_script, ports};
use crate::shell;

/// A file that this personality wrote, as it is now.
struct Written {
    path: String,
    text: String,
}

/// What stands in a document as a command.
struct Command<'text> {
    line: usize,
    text: &'text str,
}

/// The checks of a review.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn gates(brief: &Brief, facts: &Facts, operated: &Operated) -> Result<Vec<Gate>> {
    let mut written = Vec::new();
    for change in &operated.changes {
        if let Some(text) = project::text(&change.path)? {
            written.push(Written { path: change.path.clone(), text });
        }
    }
    let all = project::paths()?;
    let known = commands::known(&all)?;
    let documents: Vec<&Written> = written.iter().filter(|file| paths::is_document(&file.path)).collect();
    let scripts: Vec<&Written> = written.iter().filter(|file| is_script(&file.path)).collect();
    let mut gates = vec![
        Gate::of(
            "runbook-written",
            !documents.is_empty(),
            format!("{} document(s), {} script(s)", documents.len(), scripts.len()),
        ),
        commands_exist(&written, &known),
        sections(brief, &documents),
        no_placeholders(&written),
        scripts_sound(&scripts),
    ];
    gates.push(ports_agree(facts, &written));
    if brief.scope() >= Scope::Mvp {
        gates.push(edits_made(&operated.unused));
    }
    if brief.scope() >= Scope::Product {
        gates.push(state_kept(facts, &written));
    }
    Ok(gates)
}

/// Lines that are run: all of a script, fenced blocks and inline code of a document.
fn commands(file: &Written) -> Vec<Command<'_>> {
    let mut found = Vec::new();
    if !paths::is_document(&file.path) {
        for (line, text) in (1..).zip(file.text.lines()) {
            if !text.trim_start().starts_with('#') {
                found.push(Command { line, text });
            }
        }
        return found;
    }
    let mut fenced = false;
    for (line, text) in (1..).zip(file.text.lines()) {
        if text.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            if !text.trim_start().starts_with('#') {
                found.push(Command { line, text: text.trim_start().trim_start_matches("$ ") });
            }
        } else {
            found.extend(text.split('`').skip(1).step_by(2).map(|text| Command { line, text }));
        }
    }
    found
}

fn commands_exist(written: &[Written], known: &Commands) -> Gate {
    let mut problems = Vec::new();
    let mut looked_at = 0;
    for file in written {
        for command in commands(file) {
            looked_at += 1;
            problems.extend(
                known
                    .missing(command.text)
                    .into_iter()
                    .map(|missing| format!("{}:{}: {missing}", file.path, command.line)),
            );
        }
    }
    judged("commands-exist", &problems, looked_at, "command")
}

/// What each runbook has to say; more at higher scopes.
fn sections(brief: &Brief, documents: &[&Written]) -> Gate {
    const VERIFY: (&str, &[&str]) = ("verification", &["verif", "check", "health", "confirm"]);
    const ROLLBACK: (&str, &[&str]) =
        ("rollback", &["rollback", "roll back", "undo", "restore", "revert", "recover"]);
    const CONTACT: (&str, &[&str]) = ("escalation", &["escalat", "contact", "on call", "on-call", "owner"]);
    let mut wanted = vec![VERIFY, ROLLBACK];
    if brief.scope() >= Scope::Product {
        wanted.push(CONTACT);
    }
    let mut problems = Vec::new();
    for document in documents {
        let headings: Vec<String> =
            document.text.lines().filter(|line| line.starts_with('#')).map(str::to_lowercase).collect();
        for (name, words) in &wanted {
            let at = headings.iter().find(|heading| words.iter().any(|word| heading.contains(word)));
            match at {
                None => problems.push(format!("{} has no section about {name}", document.path)),
                Some(heading) if is_empty_section(&document.text, heading) => {
                    problems.push(format!("{}: the section about {name} is empty", document.path));
                }
                Some(_) => {}
            }
        }
    }
    judged("runbook-sections", &problems, documents.len(), "runbook")
}

/// True if nothing stands between a heading and the next one of its rank.
fn is_empty_section(text: &str, heading: &str) -> bool {
    let rank = |line: &str| line.chars().take_while(|letter| *letter == '#').count();
    let mut lines = text.lines().skip_while(|line| line.to_lowercase() != heading);
    let own = lines.next().map_or(0, rank);
    !lines
        .take_while(|line| rank(line) == 0 || rank(line) > own)
        .any(|line| rank(line) == 0 && !line.trim().is_empty())
}

fn no_placeholders(written: &[Written]) -> Gate {
    const WORDS: [&str; 14] = [
        "example.com",
        "example.org",
        "your-",
        "your_",
        "<host",
        "<server",
        "<your",
        "<user",
        "<ip",
        "todo",
        "fixme",
        "1.2.3.4",
        "changeme",
        "lorem ipsum",
    ];
    let mut problems = Vec::new();
    for file in written {
        for (number, line) in (1..).zip(file.text.lines()) {
            let low = line.to_lowercase();
            let is_word = |word: &&&str| **word != "todo" || line.contains("TODO");
            if let Some(word) = WORDS.iter().filter(is_word).find(|word| low.contains(**word)) {
                problems.push(format!("{}:{number}: `{word}` is a placeholder", file.path));
            }
        }
    }
    judged("no-placeholders", &problems, written.len(), "file")
}

fn scripts_sound(scripts: &[&Written]) -> Gate {
    let problems: Vec<String> = scripts
        .iter()
        .flat_map(|script| {
            shell::problems(&script.text).into_iter().map(|problem| format!("{}:{problem}", script.path))
        })
        .collect();
    judged("scripts-sound", &problems, scripts.len(), "script")
}

/// Ports that commands speak to are ports that the project's settings name.
fn ports_agree(facts: &Facts, written: &[Written]) -> Gate {
    let name = "ports-agree";
    if facts.ports.is_empty() {
        return Gate::not_run(name, "the project's settings name no port");
    }
    let known: Vec<String> = facts.ports.iter().map(|port| port.port.to_string()).collect();
    let mut problems = Vec::new();
    let mut looked_at = 0;
    for file in written {
        for command in commands(file) {
            for port in spoken(command.text) {
                looked_at += 1;
                if !facts.ports.iter().any(|other| other.port == port) {
                    problems.push(format!(
                        "{}:{}: port {port}, the settings have {}",
                        file.path,
                        command.line,
                        known.join(", ")
                    ));
                }
            }
        }
    }
    judged(name, &problems, looked_at, "port")
}

/// Ports after the name of this machine, and those that options name.
fn spoken(text: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for host in ["localhost:", "127.0.0.1:", "0.0.0.0:"] {
        found.extend(text.match_indices(host).filter_map(|(at, _)| number(text.get(at + host.len()..)?)));
    }
    if found.is_empty() && text.contains("port") {
        found.extend(ports("command", text).into_iter().map(|port| port.port));
    }
    found
}

fn number(text: &str) -> Option<u32> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// A project that keeps something needs to say how it is saved and brought back.
fn state_kept(facts: &Facts, written: &[Written]) -> Gate {
    let name = "state-kept";
    if facts.state.is_empty() {
        return Gate::not_run(name, "the project's settings name nothing that it keeps");
    }
    let low: String = written.iter().map(|file| file.text.to_lowercase()).collect();
    let holds = low.contains("backup") && low.contains("restor");
    let evidence =
        if holds { "backup and restore are described" } else { "no file describes both backup and restore" };
    Gate::of(name, holds, format!("{evidence}; kept: {}", facts.state.join("; ")))
}

/// What the documents speak of.
pub(crate) fn measures(facts: &Facts, operated: &Operated, texts: &str) -> Measures {
    let count = |wanted: fn(&str) -> bool| {
        let files = operated.changes.iter().filter(|change| wanted(&change.path));
        u32::try_from(files.count()).unwrap_or(u32::MAX)
    };
    let unnamed =
        facts.commands.iter().filter(|command| !texts.contains(command.as_str())).cloned().collect();
    Measures { runbooks: count(paths::is_document), scripts: count(is_script), unnamed }
}
