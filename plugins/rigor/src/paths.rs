//! What a path says about its file. No file is read.

const BINARY: [&str; 32] = [
    "png", "jpg", "jpeg", "gif", "webp", "ico", "bmp", "pdf", "zip", "gz", "tgz", "xz", "bz2", "7z", "tar",
    "jar", "wasm", "so", "dylib", "dll", "exe", "o", "a", "pyc", "class", "woff", "woff2", "ttf", "mp3",
    "mp4", "sqlite", "db",
];
const GENERATED: [&str; 12] = [
    "node_modules",
    "target",
    "dist",
    "build",
    ".git",
    "__pycache__",
    ".venv",
    "venv",
    "vendor",
    ".idea",
    ".next",
    "coverage",
];
const LOCKS: [&str; 6] =
    ["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "Cargo.lock", "poetry.lock", "uv.lock"];
const DOCUMENTS: [&str; 5] = ["md", "txt", "rst", "adoc", "markdown"];

/// Without blanks and `./` before it.
pub fn tidy(path: &str) -> &str {
    let mut path = path.trim();
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    path
}

/// Why this is not a path that a change may have; none if it is fine.
pub fn problem(path: &str) -> Option<String> {
    let plain = path.contains(char::is_alphanumeric)
        && path.len() <= 300
        && !path.starts_with('/')
        && !path.contains('\\')
        && path.get(1..2) != Some(":")
        && !path.chars().any(char::is_control)
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && part.trim() == part);
    if !plain {
        return Some(format!("`{path}` is not a plain path inside the project"));
    }
    let inside =
        path.split('/').find(|part| GENERATED.contains(part) && *part != "build" && *part != "vendor");
    inside.map(|folder| format!("`{path}` is inside `{folder}`, which is not written by hand"))
}

/// True if the path stands in a text as a word of its own: `todo.py` is not named by `test_todo.py`.
pub fn is_named(text: &str, path: &str) -> bool {
    let inside = |letter: char| letter.is_alphanumeric() || "_-./".contains(letter);
    text.match_indices(path).any(|(start, _)| {
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let after = text.get(start + path.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(inside) && !after.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

/// The part after the last `/`.
pub fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The name without its last ending.
pub fn stem(path: &str) -> &str {
    let name = name(path);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// The last ending, empty if there is none.
pub fn ending(path: &str) -> &str {
    match name(path).rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => ending,
        _ => "",
    }
}

/// True if people write it: no pictures, archives, lock files or generated folders.
pub fn is_text(path: &str) -> bool {
    !BINARY.contains(&ending(path).to_ascii_lowercase().as_str())
        && !LOCKS.contains(&name(path))
        && !path.split('/').any(|part| GENERATED.contains(&part))
        && !name(path).ends_with(".min.js")
}

/// True for prose.
pub fn is_document(path: &str) -> bool {
    DOCUMENTS.contains(&ending(path).to_ascii_lowercase().as_str())
        || matches!(name(path), "LICENSE" | "NOTICE" | "AUTHORS")
}

/// True for tests, by the names that common test runners look for.
pub fn is_test(path: &str) -> bool {
    let stem = stem(path).to_ascii_lowercase();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let in_folder =
        folder.split('/').any(|part| matches!(part, "test" | "tests" | "__tests__" | "spec" | "specs"));
    let named = stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with(".test")
        || stem.ends_with("-test")
        || stem.ends_with(".spec")
        || stem.ends_with("_spec")
        || stem == "test"
        || stem == "tests";
    (in_folder || named) && !is_document(path)
}

/// What an artifact of this path is called.
pub fn kind(path: &str) -> &'static str {
    if is_document(path) {
        "document"
    } else if is_test(path) {
        "test"
    } else {
        "code"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_may_change() {
        for path in ["a.py", "src/main.rs", "docs/a b.md", ".github/workflows/ci.yml", "build/make.py"] {
            assert_eq!(problem(path), None, "{path}");
        }
        for path in [
            "",
            "…",
            "/etc/passwd",
            "../a",
            "a/../b",
            "a//b",
            "a\\b",
            "C:x",
            "a\nb",
            " a",
            ".git/config",
            "node_modules/x.js",
        ] {
            assert!(problem(path).is_some(), "{path}");
        }
    }

    #[test]
    fn tests_are_told_by_their_names() {
        for path in [
            "test_todo.py",
            "slug.test.js",
            "tests/a.py",
            "pkg/todo_test.go",
            "src/__tests__/a.jsx",
            "a.spec.ts",
        ] {
            assert!(is_test(path), "{path}");
        }
        for path in ["todo.py", "latest.py", "tests/README.md", "contest.js"] {
            assert!(!is_test(path), "{path}");
        }
    }

    #[test]
    fn a_path_is_named_only_as_a_word_of_its_own() {
        for text in ["todo.py: line 2", "content:todo.py", "see `todo.py`.", "it is todo.py."] {
            assert!(is_named(text, "todo.py"), "{text}");
        }
        for text in ["test_todo.py", "src/todo.py", "todo.pyc", "todo"] {
            assert!(!is_named(text, "todo.py"), "{text}");
        }
    }

    #[test]
    fn kinds_endings_and_stems() {
        assert_eq!([kind("README.md"), kind("test_a.py"), kind("a.py")], ["document", "test", "code"]);
        assert_eq!([ending("a.tar.gz"), ending("Makefile"), ending(".env")], ["gz", "", ""]);
        assert_eq!([stem("src/todo.py"), stem(".env"), tidy(" ././a.py")], ["todo", ".env", "a.py"]);
        assert!(
            is_text("Makefile")
                && !is_text("a.PNG")
                && !is_text("node_modules/a.js")
                && !is_text("yarn.lock")
        );
    }
}
