//! Commands that the project's files define, and whether a text names others: targets of a Makefile, scripts of a package, services of a
//! compose file, files that are run.

use std::collections::BTreeSet;

use serde_json::Value;
use skep_sdk::Result;

use crate::{form, paths, project};

/// What can be run here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commands {
    /// Of Makefiles.
    pub targets: BTreeSet<String>,
    /// Of package.json files.
    pub scripts: BTreeSet<String>,
    /// Of compose files.
    pub services: BTreeSet<String>,
    /// Every file.
    pub files: BTreeSet<String>,
    makefile: bool,
    package: bool,
    compose: bool,
}

/// Reads the files that define commands.
///
/// # Errors
/// When the workspace cannot be read.
pub fn known(all: &[String]) -> Result<Commands> {
    let mut known = Commands { files: all.iter().cloned().collect(), ..Commands::default() };
    for (path, text) in project::texts(all, 40, |path| {
        is_makefile(path) || is_compose(path) || paths::name(path) == "package.json"
    })? {
        if is_makefile(&path) {
            known.makefile = true;
            known.targets.extend(targets(&text));
        } else if is_compose(&path) {
            known.compose = true;
            for document in form::yaml(&text).unwrap_or_default() {
                let services = document.get("services").and_then(Value::as_object);
                known.services.extend(services.into_iter().flat_map(|services| services.keys().cloned()));
            }
        } else if let Ok(package) = form::json(&text) {
            known.package = true;
            let scripts = package.get("scripts").and_then(Value::as_object);
            known.scripts.extend(scripts.into_iter().flat_map(|scripts| scripts.keys().cloned()));
        }
    }
    Ok(known)
}

/// True for the files that `make` reads.
pub fn is_makefile(path: &str) -> bool {
    matches!(paths::name(path), "Makefile" | "makefile" | "GNUmakefile") || paths::ending(path) == "mk"
}

/// True for compose files.
pub fn is_compose(path: &str) -> bool {
    let name = paths::name(path);
    (name.starts_with("docker-compose") || name.starts_with("compose"))
        && matches!(paths::ending(path), "yml" | "yaml")
}

fn targets(text: &str) -> Vec<String> {
    let mut targets = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with(['\t', ' ', '#', '.'])) {
        let Some((names, rest)) = line.split_once(':') else { continue };
        // `A := b` sets a variable.
        if rest.starts_with('=') || names.contains(['=', '$', '(']) {
            continue;
        }
        targets.extend(names.split_whitespace().map(str::to_owned));
    }
    targets
}

impl Commands {
    /// What a line of a script or of a document runs and what is not there, each as one fragment. Only commands of the project itself
    /// are judged: what stands on the machine is not known here.
    pub fn missing(&self, line: &str) -> Vec<String> {
        let mut missing = Vec::new();
        for command in line.split(['|', ';', '&']) {
            let words: Vec<&str> = command
                .split_whitespace()
                .map(|word| word.trim_matches(['`', '"', '\'', '(', ')']))
                .collect();
            let words: Vec<&str> = words
                .into_iter()
                .skip_while(|word| {
                    matches!(*word, "sudo" | "exec" | "-" | "time" | "$") || is_assignment(word)
                })
                .collect();
            missing.extend(self.absent(&words));
        }
        missing
    }

    fn absent(&self, words: &[&str]) -> Option<String> {
        let (program, rest) = words.split_first()?;
        let plain = || rest.iter().copied().filter(|word| !word.starts_with('-') && !is_assignment(word));
        match *program {
            "make" => {
                // `make -C folder` is judged by the Makefiles of all folders.
                let folders = rest.iter().position(|word| *word == "-C").map(|at| at + 1);
                let targets = (0..).zip(rest).filter(|(at, word)| {
                    !word.starts_with('-') && Some(*at) != folders && !is_assignment(word)
                });
                let unknown = targets
                    .map(|(_, word)| *word)
                    .find(|word| is_word(word) && !self.targets.contains(*word))?;
                Some(if self.makefile {
                    format!("`make {unknown}`: the Makefile has no such target")
                } else {
                    format!("`make {unknown}`: there is no Makefile")
                })
            }
            "npm" | "pnpm" | "yarn" | "bun" => {
                let mut words = plain();
                let verb = words.next()?;
                let script = match verb {
                    "run" | "run-script" => words.next()?,
                    "test" | "start" => verb,
                    _ => return None,
                };
                (is_word(script) && !self.scripts.contains(script)).then(|| {
                    let why = if self.package {
                        "package.json has no such script"
                    } else {
                        "there is no package.json"
                    };
                    format!("`{program} run {script}`: {why}")
                })
            }
            "docker-compose" => self.absent_service(rest),
            "docker" | "podman" if rest.first() == Some(&"compose") => {
                self.absent_service(rest.get(1..).unwrap_or_default())
            }
            "bash" | "sh" | "python" | "python3" | "node" | "ruby" | "source" | "." => {
                let file = plain()
                    .next()
                    .filter(|_| !rest.contains(&"-c") && !rest.contains(&"-m") && !rest.contains(&"-e"))?;
                self.absent_file(file)
            }
            program if program.starts_with("./") => self.absent_file(program),
            _ => None,
        }
    }

    fn absent_service(&self, rest: &[&str]) -> Option<String> {
        const VERBS: [&str; 11] =
            ["up", "start", "stop", "restart", "logs", "exec", "run", "ps", "kill", "pull", "build"];
        let verb = rest.iter().position(|word| VERBS.contains(word))?;
        let named = rest
            .iter()
            .skip(verb + 1)
            .find(|word| !word.starts_with('-') && !word.chars().all(|letter| letter.is_ascii_digit()))?;
        if !self.compose {
            return Some(format!("`compose {} {named}`: there is no compose file", rest.get(verb)?));
        }
        (is_word(named) && !self.services.contains(*named))
            .then(|| format!("`compose … {named}`: the compose file has no such service"))
    }

    fn absent_file(&self, file: &str) -> Option<String> {
        let tidy = paths::tidy(file);
        let judged = paths::problem(tidy).is_none()
            && tidy.contains(['.', '/'])
            && !tidy.contains(['$', '*', '<', '{']);
        // A script may be run from its own folder.
        let here =
            self.files.contains(tidy) || self.files.iter().any(|path| path.ends_with(&format!("/{tidy}")));
        (judged && !here).then(|| format!("`{file}`: there is no such file"))
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

/// A name that stands there as it is: no variable, no placeholder.
fn is_word(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || "_-.:/".contains(letter))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use skep_sdk::testing::Host;

    fn commands() -> Commands {
        let _host = Host::new()
            .file("Makefile", "PORT := 80\n.PHONY: run\nrun test: build\n\tpython app.py\n")
            .file("web/package.json", "{\"scripts\":{\"build\":\"vite\"}}")
            .file("compose.yaml", "services:\n  db:\n    image: postgres:17.2\n")
            .file("scripts/backup.sh", "echo\n");
        known(&project::paths().unwrap()).unwrap()
    }

    #[test]
    fn what_the_project_defines_is_known() {
        let known = commands();
        assert_eq!(known.targets.iter().map(String::as_str).collect::<Vec<_>>(), ["run", "test"]);
        assert!(known.scripts.contains("build") && known.services.contains("db"));
    }

    #[test]
    fn commands_that_are_not_there_are_named_and_others_are_left_alone() {
        let known = commands();
        for line in [
            "make run",
            "PORT=1 make test",
            "npm run build && make run",
            "docker compose up -d db",
            "./scripts/backup.sh",
            "bash scripts/backup.sh",
            "curl -f http://localhost",
            "make $TARGET",
            "python -m unittest",
            "docker compose logs -f --tail 5 db",
        ] {
            assert_eq!(known.missing(line), Vec::<String>::new(), "{line}");
        }
        for (line, part) in [
            ("make deploy", "`make deploy`"),
            ("cd x && make -C web deploy", "deploy"),
            ("npm run lint", "no such script"),
            ("npm test", "npm run test"),
            ("docker compose restart cache", "no such service"),
            ("./deploy.sh --now", "no such file"),
            ("sudo bash scripts/restore.sh", "no such file"),
        ] {
            let missing = known.missing(line);
            assert!(
                missing.len() == 1 && missing.iter().all(|text| text.contains(part)),
                "{line}: {missing:?}"
            );
        }
    }
}
