//! What is wrong with compose files, Kubernetes manifests and pipelines.

use rigor::commands::Commands;
use rigor::form;
use serde_json::Value;

use crate::check::{Problem, problem};
use crate::image::unpinned;

/// What the scope asks for.
#[derive(Clone, Copy)]
pub(crate) struct Strict {
    /// Images need digests.
    pub(crate) digests: bool,
    /// Containers need limits.
    pub(crate) limits: bool,
}

/// Everything that a compose file does wrong.
pub(crate) fn compose(path: &str, text: &str, document: &Value, strict: Strict) -> Vec<Problem> {
    let mut problems = Vec::new();
    let Some(services) = document.get("services").and_then(Value::as_object) else {
        problems.push(problem("config-parses", path, 1, "there are no `services`"));
        return problems;
    };
    for (name, service) in services {
        let line = form::line_of(text, &format!("{name}:"));
        if let Some(image) = service.get("image").and_then(Value::as_str)
            && let Some(why) = unpinned(image, strict.digests)
        {
            problems.push(problem("images-pinned", path, image_line(text, image), &why));
        }
        if service.get("image").is_none() && service.get("build").is_none() {
            problems.push(problem(
                "config-parses",
                path,
                line,
                &format!("service {name} has neither `image` nor `build`"),
            ));
        }
        if service.get("privileged") == Some(&Value::Bool(true)) {
            problems.push(problem(
                "no-privileged",
                path,
                form::line_of(text, "privileged"),
                &format!("service {name} is privileged"),
            ));
        }
        for (field, bad) in [("network_mode", "host"), ("pid", "host"), ("ipc", "host")] {
            if service.get(field).and_then(Value::as_str) == Some(bad) {
                problems.push(problem(
                    "no-privileged",
                    path,
                    form::line_of(text, field),
                    &format!("service {name} has {field}: {bad}"),
                ));
            }
        }
        problems.extend(texts(service.get("cap_add")).into_iter().filter(|cap| is_strong(cap)).map(|cap| {
            problem(
                "no-privileged",
                path,
                form::line_of(text, &cap),
                &format!("service {name} adds the capability {cap}"),
            )
        }));
        let mounts = texts(service.get("volumes"));
        if mounts.iter().any(|mount| mount.contains("docker.sock")) {
            problems.push(problem(
                "no-privileged",
                path,
                form::line_of(text, "docker.sock"),
                &format!("service {name} may command the whole machine through docker.sock"),
            ));
        }
        if let Some(user) = service.get("user") {
            let user = user.as_str().map_or_else(|| user.to_string(), str::to_owned);
            if matches!(user.split(':').next(), Some("root" | "0")) {
                problems.push(problem(
                    "non-root",
                    path,
                    form::line_of(text, "user:"),
                    &format!("service {name} runs as root"),
                ));
            }
        }
        let limited =
            service.pointer("/deploy/resources/limits").is_some() || service.get("mem_limit").is_some();
        if strict.limits && !limited {
            problems.push(problem(
                "limits-set",
                path,
                line,
                &format!("service {name} has no limits (`deploy.resources.limits`)"),
            ));
        }
    }
    problems
}

/// Everything that a Kubernetes manifest does wrong.
pub(crate) fn kubernetes(path: &str, text: &str, document: &Value, strict: Strict) -> Vec<Problem> {
    let mut problems = Vec::new();
    for field in ["hostNetwork", "hostPID", "hostIPC", "privileged", "allowPrivilegeEscalation"] {
        if form::members(document, field).contains(&&Value::Bool(true)) {
            problems.push(problem(
                "no-privileged",
                path,
                form::line_of(text, &format!("{field}: true")),
                &format!("{field} is true"),
            ));
        }
    }
    for cap in form::members(document, "add")
        .into_iter()
        .flat_map(|list| texts(Some(list)))
        .filter(|cap| is_strong(cap))
    {
        problems.push(problem(
            "no-privileged",
            path,
            form::line_of(text, &cap),
            &format!("the capability {cap} is added"),
        ));
    }
    let pods: Vec<&Value> = pod_specs(document);
    for pod in pods {
        let pod_non_root = pod.pointer("/securityContext/runAsNonRoot") == Some(&Value::Bool(true));
        for list in ["containers", "initContainers"] {
            for container in pod.get(list).and_then(Value::as_array).into_iter().flatten() {
                let name = container.get("name").and_then(Value::as_str).unwrap_or("without a name");
                let line = form::line_of(text, &format!("name: {name}"));
                match container.get("image").and_then(Value::as_str) {
                    None => problems.push(problem(
                        "config-parses",
                        path,
                        line,
                        &format!("container {name} has no image"),
                    )),
                    Some(image) => {
                        if let Some(why) = unpinned(image, strict.digests) {
                            problems.push(problem("images-pinned", path, image_line(text, image), &why));
                        }
                    }
                }
                let own = container.pointer("/securityContext/runAsNonRoot");
                if own != Some(&Value::Bool(true)) && !(own.is_none() && pod_non_root) {
                    problems.push(problem(
                        "non-root",
                        path,
                        line,
                        &format!("container {name} has no `runAsNonRoot: true`"),
                    ));
                }
                let limited = |what: &str| container.pointer(&format!("/resources/limits/{what}")).is_some();
                if strict.limits && !limited("memory") {
                    problems.push(problem(
                        "limits-set",
                        path,
                        line,
                        &format!("container {name} has no limit of memory"),
                    ));
                }
            }
        }
    }
    problems
}

/// The line of `image: NAME`: a name alone may stand anywhere.
fn image_line(text: &str, image: &str) -> usize {
    let found =
        text.lines().position(|line| line.split_once("image:").is_some_and(|(_, rest)| rest.contains(image)));
    found.map_or_else(|| form::line_of(text, image), |index| index + 1)
}

/// Every object with containers.
fn pod_specs(value: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    if value.get("containers").is_some_and(Value::is_array) {
        found.push(value);
    }
    match value {
        Value::Object(object) => found.extend(object.values().flat_map(pod_specs)),
        Value::Array(items) => found.extend(items.iter().flat_map(pod_specs)),
        _ => {}
    }
    found
}

/// Everything that a pipeline does wrong.
pub(crate) fn pipeline(
    path: &str,
    text: &str,
    document: &Value,
    known: &Commands,
    strict: Strict,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut run: Vec<&Value> = Vec::new();
    for field in ["run", "script", "before_script", "after_script", "command"] {
        run.extend(form::members(document, field));
    }
    for script in run.into_iter().flat_map(|value| texts(Some(value))) {
        for line in script.lines().filter(|line| !line.trim_start().starts_with('#')) {
            for missing in known.missing(line) {
                problems.push(problem("ci-steps-exist", path, form::line_of(text, line.trim()), &missing));
            }
        }
    }
    for uses in form::members(document, "uses").into_iter().filter_map(Value::as_str) {
        if uses.starts_with("./") || uses.starts_with("docker://") {
            continue;
        }
        let version = uses.split_once('@').map(|(_, version)| version);
        let pinned = version.is_some_and(|version| {
            version.len() == 40 && version.chars().all(|letter| letter.is_ascii_hexdigit())
        });
        let why = match version {
            None => format!("`{uses}` has no version"),
            Some("main" | "master" | "latest" | "HEAD" | "develop") => {
                format!("`{uses}` is another action tomorrow")
            }
            Some(_) if strict.digests && !pinned => {
                format!("`{uses}` has no commit, which production asks for")
            }
            Some(_) => continue,
        };
        problems.push(problem("images-pinned", path, form::line_of(text, uses), &why));
    }
    for image in form::members(document, "image") {
        let image = image.as_str().or_else(|| image.get("name").and_then(Value::as_str));
        if let Some(why) = image.and_then(|image| unpinned(image, strict.digests)) {
            problems.push(problem("images-pinned", path, image_line(text, image.unwrap_or_default()), &why));
        }
    }
    if path.contains("/workflows/") {
        if document.get("jobs").and_then(Value::as_object).is_none_or(serde_json::Map::is_empty) {
            problems.push(problem("config-parses", path, 1, "there are no `jobs`"));
        }
        let everything = document.get("permissions").and_then(Value::as_str) == Some("write-all");
        if everything {
            problems.push(problem(
                "no-privileged",
                path,
                form::line_of(text, "write-all"),
                "the pipeline may write everything",
            ));
        }
    }
    problems
}

fn is_strong(cap: &str) -> bool {
    matches!(cap, "ALL" | "SYS_ADMIN" | "NET_ADMIN" | "SYS_PTRACE" | "CAP_SYS_ADMIN" | "SYS_MODULE")
}

/// A text, or the texts of a list.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(|item| item.as_str().or_else(|| item.get("source").and_then(Value::as_str)))
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}
