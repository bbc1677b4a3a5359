//! Which files are the platform's.

use rigor::{commands, paths};

/// The kind of a file of the platform; none for all others.
pub(crate) fn kind(path: &str, text: &str) -> Option<&'static str> {
    let name = paths::name(path);
    if is_image(path) {
        return Some("image");
    }
    if commands::is_compose(path) {
        return Some("compose");
    }
    if is_pipeline(path) {
        return Some("pipeline");
    }
    match paths::ending(path) {
        "yaml" | "yml" if text.contains("apiVersion:") && text.contains("kind:") => Some("manifest"),
        "yaml" | "yml" | "toml" | "json" if is_platform_folder(path) => Some("settings"),
        _ if name == ".dockerignore" => Some("settings"),
        _ => None,
    }
}

/// True for files that may be the platform's, by path alone.
pub(crate) fn is_candidate(path: &str) -> bool {
    is_image(path)
        || is_pipeline(path)
        || matches!(paths::ending(path), "yaml" | "yml")
        || (is_platform_folder(path) && matches!(paths::ending(path), "toml" | "json"))
}

/// True for Dockerfiles.
pub(crate) fn is_image(path: &str) -> bool {
    let name = paths::name(path);
    name == "Containerfile"
        || name == "Dockerfile"
        || name.starts_with("Dockerfile.")
        || paths::ending(path) == "dockerfile"
}

fn is_pipeline(path: &str) -> bool {
    let yaml = matches!(paths::ending(path), "yaml" | "yml");
    yaml && (path.starts_with(".github/workflows/")
        || path.starts_with(".gitea/workflows/")
        || path.starts_with(".forgejo/workflows/")
        || path.starts_with(".gitlab-ci")
        || path.starts_with(".circleci/")
        || path.starts_with("azure-pipelines"))
}

fn is_platform_folder(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|part| {
        matches!(
            part,
            "deploy"
                | "k8s"
                | "kubernetes"
                | "manifests"
                | "helm"
                | "charts"
                | "infra"
                | "platform"
                | "docker"
        )
    })
}

/// Why this trade does not write a file; none if it does.
pub(crate) fn problem(path: &str, text: &str) -> Option<String> {
    let fits = kind(path, text).is_some()
        || (paths::is_document(path) && !is_image(path))
        || (is_platform_folder(path) && paths::ending(path) == "sh");
    (!fits).then(|| format!("`{path}` is no image, manifest or pipeline; the code of the project is not the platform's to change"))
}
