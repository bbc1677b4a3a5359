#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use std::process::Command;
use std::sync::Mutex;
use tokio::io::AsyncWriteExt as _;

/// A bare repository with two branches, a symbolic link, a hook and attributes that would change what a checkout writes.
struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Self { folder };
        let work = made.folder.path().join("work");
        std::fs::create_dir_all(work.join("src")).unwrap();
        std::fs::write(work.join("src/main.py"), "print(1)\r\n").unwrap();
        std::fs::write(work.join(".gitignore"), "*.log\n").unwrap();
        std::fs::write(work.join(".gitattributes"), "* text eol=lf\nsecret.txt export-ignore\n").unwrap();
        std::fs::write(work.join("kept.log"), "tracked although ignored").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", work.join("link")).unwrap();
        made.git(&["init", "--quiet", "--initial-branch=main", "work"]);
        made.git(&["-C", "work", "add", "--force", "."]);
        made.git(&["-C", "work", "commit", "--quiet", "--message=first"]);
        made.git(&["-C", "work", "checkout", "--quiet", "-b", "other"]);
        std::fs::write(work.join("only-here"), "x").unwrap();
        made.git(&["-C", "work", "add", "."]);
        made.git(&["-C", "work", "commit", "--quiet", "--message=second"]);
        made.git(&["-C", "work", "checkout", "--quiet", "main"]);
        made.git(&["clone", "--quiet", "--bare", "work", "bare.git"]);
        made
    }

    fn git(&self, arguments: &[&str]) {
        let status = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.autocrlf=false"])
            .args(arguments)
            .current_dir(self.folder.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "git {arguments:?}");
    }

    fn url(&self) -> String {
        format!("file://{}", self.folder.path().join("bare.git").display())
    }
}

fn sources(settings: SourceSettings) -> GuardedSources {
    GuardedSources::new(Arc::default(), settings)
}

/// Starts git without limits, which `tests/limits` shows.
fn web() -> SourceSettings {
    let arguments = ["-c", "shift 3; exec \"$@\"", "sh"].map(Into::into).into();
    let launcher = Some(Launcher { command: "/bin/sh".into(), arguments });
    SourceSettings { launcher, search_path: std::env::var_os("PATH"), ..SourceSettings::default() }
}

fn local() -> SourceSettings {
    SourceSettings { allow_file: true, ..web() }
}

#[tokio::test]
async fn a_repository_is_cloned_as_it_is_stored_without_links() {
    let repository = Repository::new();
    let cloned = sources(local()).clone_git(&repository.url(), None).await.unwrap();
    assert_eq!(cloned.commit.len(), 40);
    let paths: Vec<_> = cloned.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [".gitattributes", ".gitignore", "kept.log", "src/main.py"]);
    // Attributes did nothing: neither a filter nor an end of line.
    assert_eq!(cloned.files[3].content.last_chunk::<1>(), Some(b"\n"));
    let other = sources(local()).clone_git(&repository.url(), Some("other")).await.unwrap();
    assert!(other.files.iter().any(|file| file.path == "only-here"));
    assert_ne!(other.commit, cloned.commit);
}

#[tokio::test]
async fn a_file_url_needs_the_policy() {
    let repository = Repository::new();
    let closed = sources(SourceSettings::default());
    let error = closed.check_git(&repository.url()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.contains("allow_file"), "{error}");
    assert_eq!(closed.clone_git(&repository.url(), None).await.unwrap_err(), error);
    assert_eq!(sources(local()).check_git(&repository.url()), Ok(()));
}

#[tokio::test]
async fn a_missing_branch_or_repository_is_said_with_the_source() {
    let repository = Repository::new();
    let error = sources(local()).clone_git(&repository.url(), Some("nowhere")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permanent);
    assert!(error.message.contains("nowhere") && error.message.contains("bare.git"), "{error}");
    let missing = format!("{}x", repository.url());
    let error = sources(local()).clone_git(&missing, None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permanent);
    assert!(error.message.contains("bare.gitx"), "{error}");
}

#[tokio::test]
async fn a_repository_over_a_cap_is_refused_before_it_is_unpacked() {
    let repository = Repository::new();
    let caps = Caps { file_bytes: 20, ..Caps::default() };
    let error =
        sources(SourceSettings { caps, ..local() }).clone_git(&repository.url(), None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooLarge);
    assert!(error.message.contains("at most 20"), "{error}");
}

#[tokio::test]
async fn without_git_the_error_says_what_to_install() {
    let settings = SourceSettings { git: "git-that-is-not-there".into(), ..local() };
    let error = sources(settings).clone_git("file:///x.git", None).await.unwrap_err();
    assert!(error.message.contains("install git"), "{error}");
}

#[test]
fn only_the_schemes_of_the_contract_pass_and_never_user_information() {
    let sources = sources(local());
    assert_eq!(sources.check_git("https://example.com/a.git"), Ok(()));
    for url in [
        "ext::sh -c id",
        "ssh://git@example.com/a",
        "git@example.com:a/b",
        "git://example.com/a",
        "https://user:pass@example.com/a",
        "https://127.0.0.1/a",
        "http://example.com/a",
        "file://other/a",
        "--upload-pack=x",
    ] {
        assert!(sources.check_git(url).is_err(), "{url}");
    }
}

#[test]
fn a_refused_plain_source_names_the_switch_that_allows_it() {
    let url = "http://example.com/a.git";
    let error = sources(local()).check_git(url).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.contains("`allow_http = true` under `[source]`"), "{error}");
    assert!(!error.message.contains("[egress]"), "{error}");
    let rules = Rules { source_http: true, ..Rules::default() };
    assert_eq!(GuardedSources::new(Arc::new(rules), local()).check_git(url), Ok(()));
}

/// Serves repositories below a folder by git's own CGI program, which is the "smart" HTTP protocol.
async fn serve(folder: PathBuf, seen: Arc<Mutex<Vec<String>>>) -> u16 {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = axum::Router::new().fallback(move |request: Request| {
        let (folder, seen) = (folder.clone(), Arc::clone(&seen));
        async move {
            seen.lock().unwrap().push(format!("{} {}", request.method(), request.uri().path()));
            if let Some(moved) = moved(request.uri()) {
                return axum::response::Redirect::permanent(&moved).into_response();
            }
            backend(&folder, request).await
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

/// Where a renamed repository is now.
fn moved(uri: &http::Uri) -> Option<String> {
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    if let Some(rest) = path.strip_prefix("/renamed.git") {
        return Some(format!("/bare.git{rest}?{query}"));
    }
    path.strip_prefix("/inside.git").map(|rest| format!("http://169.254.169.254/bare.git{rest}?{query}"))
}

async fn backend(folder: &Path, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let header = |name: &str| {
        parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let mut child = tokio::process::Command::new("git")
        .arg("http-backend")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_PROJECT_ROOT", folder)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_PROTOCOL", header("git-protocol"))
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("CONTENT_TYPE", header("content-type"))
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", parts.uri.path())
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&body).await.unwrap();
    drop(stdin);
    let written = child.wait_with_output().await.unwrap().stdout;
    let end = written.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let mut response = Response::new(axum::body::Body::from(written[end + 4..].to_vec()));
    for line in std::str::from_utf8(&written[..end]).unwrap().lines() {
        let (name, value) = line.split_once(": ").unwrap();
        match name {
            "Status" => *response.status_mut() = value[..3].parse().unwrap(),
            _ => {
                response
                    .headers_mut()
                    .append(name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap());
            }
        }
    }
    response
}

#[tokio::test]
async fn git_reaches_http_only_through_the_rules() {
    let repository = Repository::new();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let port = serve(repository.folder.path().to_path_buf(), Arc::clone(&seen)).await;
    let url = format!("http://127.0.0.1:{port}/bare.git");

    let rules = Rules { allow: vec![format!("127.0.0.1:{port}").parse().unwrap()], ..Rules::default() };
    let allowed = GuardedSources::new(Arc::new(rules), web());
    let cloned = allowed.clone_git(&url, Some("other")).await.unwrap();
    assert!(cloned.files.iter().any(|file| file.path == "only-here"));
    assert!(seen.lock().unwrap().contains(&"POST /bare.git/git-upload-pack".to_owned()));
    let error = allowed.clone_git(&format!("http://127.0.0.1:{port}/none.git"), None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permanent);
    assert!(error.message.contains("none.git") && error.message.contains("not found"), "{error}");
    seen.lock().unwrap().clear();

    // Not allowed: the check refuses before git, and the proxy refuses a git that would not have been checked.
    let closed = sources(web());
    assert_eq!(closed.clone_git(&url, None).await.unwrap_err().kind, ErrorKind::Denied);
    let url: Url = url.parse().unwrap();
    let error = git::clone(&closed.settings, &closed.rules, &closed.names, &url, None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied, "{error}");
    assert!(error.message.contains("loopback"), "{error}");
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_clone_may_receive_no_more_than_its_cap() {
    let repository = Repository::new();
    let port = serve(repository.folder.path().to_path_buf(), Arc::default()).await;
    let rules = Rules { allow: vec![format!("127.0.0.1:{port}").parse().unwrap()], ..Rules::default() };
    let caps = Caps { received_bytes: 400, ..Caps::default() };
    let allowed = GuardedSources::new(Arc::new(rules), SourceSettings { caps, ..web() });
    let error = allowed.clone_git(&format!("http://127.0.0.1:{port}/bare.git"), None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooLarge, "{error}");
}

#[tokio::test]
async fn a_renamed_repository_is_followed_and_each_connection_is_judged() {
    let repository = Repository::new();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let port = serve(repository.folder.path().to_path_buf(), Arc::clone(&seen)).await;
    let rules = Rules { allow: vec![format!("127.0.0.1:{port}").parse().unwrap()], ..Rules::default() };
    let allowed = GuardedSources::new(Arc::new(rules), web());
    let cloned = allowed.clone_git(&format!("http://127.0.0.1:{port}/renamed.git"), None).await.unwrap();
    assert!(cloned.files.iter().any(|file| file.path == "src/main.py"));
    let error = allowed.clone_git(&format!("http://127.0.0.1:{port}/inside.git"), None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied, "{error}");
    assert!(error.message.contains("metadata"), "{error}");
}
