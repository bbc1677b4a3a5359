//! What an operator sets, keeps and asks: wrong settings are told, keys go where they belong, and the doctor finds what is wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::io::BufRead as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use testkit::model_server::ModelServer;
use tests::api::Api;
use tests::command::{Case, case};
use tests::database::Database;
use tests::environment::path;
use tests::host::{ADMIN_KEY, HostSpec};
use tests::newcomer::{has_terminals, shell};
use tests::peer::{Peer, response};

/// A key-encryption key.
const KEY: &str = "07070707070707070707070707070707070707070707070707070707070707ab";

#[test]
fn a_setting_that_cannot_work_is_told_and_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let doctor = || case(&["doctor", "--data-dir", "d"]);
    let set =
        |variable: &'static str, value: &str, texts: &[&str]| doctor().with(variable, value).fails(1, texts);
    let mut cases = vec![
        set("SKEP_KEY", "07secret", &["key = \"****\" (SKEP_KEY)", "64 hex digits"]),
        set("SKEP_KEY", KEY, &["key_file is set too"]).with("SKEP_KEY_FILE", "elsewhere"),
        set("SKEP_DATABASE_URL", "sqlite:/srv/x.db", &["lies in the data directory", "set data_dir"]),
        set("SKEP_DATABASE_URL", "mysql://h/d", &["postgres://USER:PASSWORD@HOST/DATABASE"]),
        set("SKEP_DATABASE_LISTEN_URL", "postgres://h/d", &["database_url"]),
        set("SKEP_HEARTBEAT_MS", "15000", &["heartbeat_ms = \"15000\"", "a lease of 15000 ms"]),
        set("SKEP_LEASE_MS", "1000", &["heartbeat_ms = \"5000\" (default)", "a lease of 1000 ms"]),
        set("SKEP_CONCURRENCY", "-1", &["concurrency = \"-1\"", "number of tasks"]),
        set("SKEP_BODY_LIMIT", "0", &["body_limit = \"0\"", "4096 or more"]),
        set("SKEP_TRUSTED_PROXIES", "10.0.0.1,proxy", &["\"proxy\" is no address", "10.0.0.0/8"]),
        set("SKEP_SOURCE_ROOTS", "examples", &["\"examples\" is not a source root", "absolute"]),
        set("SKEP_PUBLIC_URL", "skep", &["public_url = \"skep\"", "write a URL"]),
    ];
    for origin in ["foo", "*", "https://app.example.com/path", "null"] {
        cases.push(set("SKEP_CORS_ORIGINS", origin, &["is no origin", "https://app.example.com"]));
    }
    for (name, text, says) in [
        ("number.toml", "cors_origins = 5", "write a list of texts"),
        ("table.toml", "[policy]\nfile = \"a\"", "write a list of texts"),
        ("mixed.toml", "plugin_dir = [\"a\", 1]", "write a list of texts"),
        ("joined.toml", "plugin_dir = [\"a:b\"]", "must not contain ':'"),
        ("list.toml", "lease_ms = [1]", "write one value"),
        ("models.toml", "models = 1", "write a table [models]"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
        cases.push(case(&["doctor", "--config", name]).fails(1, &[name, says]));
    }
    for case in &cases {
        case.check(folder.path());
    }
}

/// A doctor for a host that would start.
fn doctor(model: &ModelServer) -> Case {
    case(&["doctor", "--data-dir", "some/where"])
        .with("SKEP_LISTEN", "127.0.0.1:0")
        .with("SKEP_MODELS", format!("core = {{ url = {:?}, model = \"m\" }}", model.base_url()))
        .holds(&["/settings/0/key", "/checks/0/good"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_tries_what_a_start_needs_and_leaves_nothing_behind() {
    let model = ModelServer::start().await.unwrap();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    // Good values, of every kind that is checked.
    let good = doctor(&model)
        .with("SKEP_DATABASE_URL", "sqlite:")
        .with("SKEP_KEY", KEY)
        .with("SKEP_CORS_ORIGINS", "https://app.example.com/,http://localhost:8080")
        .with("SKEP_TRUSTED_PROXIES", "10.0.0.0/8,::1")
        .with("SKEP_CONCURRENCY", "0");
    let names = [
        "data directory",
        "key",
        "database",
        "plugins",
        "policy",
        "source roots",
        "git",
        "listen",
        "runtime",
        "models",
    ];
    let ok: Vec<String> = names.iter().map(|name| format!("ok   {name}")).collect();
    good.says(&ok.iter().map(String::as_str).collect::<Vec<_>>()).check(folder);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "nothing is left behind");

    std::fs::write(folder.join("file"), "a file").unwrap();
    std::fs::write(folder.join("open"), KEY).unwrap();
    std::fs::set_permissions(folder.join("open"), std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(folder.join("rules.toml"), "[egress]\nallow = [\"not an address!\"]\n").unwrap();
    std::fs::create_dir(folder.join("broken")).unwrap();
    std::fs::write(folder.join("broken/skep.db"), "this is no database, and long enough to be looked at")
        .unwrap();
    std::fs::create_dir(folder.join("models")).unwrap();
    std::fs::write(folder.join("models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"), "no model").unwrap();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = busy.local_addr().unwrap().to_string();
    let missing = folder.join("missing").display().to_string();
    let Database::Postgres(database) = Database::postgres() else { panic!("a URL") };
    let joint = if database.contains('?') { '&' } else { '?' };
    let careless = format!("{database}{joint}options=-c%20synchronous_commit%3Doff");
    let at = |directory: &str| {
        let mut case = doctor(&model);
        directory.clone_into(&mut case.arguments[2]);
        case
    };
    let with = |variable: &'static str, value: &str| doctor(&model).with(variable, value);
    for (case, name, text) in [
        (at("file/data"), "data directory", "cannot be made"),
        (at("/proc/nope"), "data directory", "cannot be made"),
        (at("broken"), "database", "not a database"),
        (with("SKEP_KEY_FILE", "open"), "key", "chmod 600"),
        (with("SKEP_KEY_FILE", "file"), "key", "chmod 600"),
        (with("SKEP_DATABASE_URL", "postgres://nobody:x@127.0.0.1:1/x"), "database", "SKEP_DATABASE_URL"),
        (with("SKEP_DATABASE_URL", &careless), "database", "synchronous_commit is off"),
        (with("SKEP_PLUGIN_DIR", "file"), "plugins", "file cannot be read"),
        (with("SKEP_POLICY", "missing"), "policy", "missing: it cannot be read"),
        (with("SKEP_POLICY", "rules.toml"), "policy", "[egress] allow"),
        (with("SKEP_SOURCE_ROOTS", &missing), "source roots", "cannot be read"),
        (with("PATH", "/nowhere"), "git", "git was not found"),
        (with("SKEP_LISTEN", &busy), "listen", "in use by another process"),
        (with("SKEP_LISTEN", "192.0.2.1:3000"), "listen", "cannot listen on 192.0.2.1:3000"),
        (
            with("SKEP_MODELS", "core = { url = \"http://127.0.0.1:1/v1\", model = \"m\" }"),
            "models",
            "127.0.0.1:1",
        ),
        (
            with("SKEP_MODELS", "").with("SKEP_MODEL_DIR", "models"),
            "models",
            "is not the model qwen2.5-coder-0.5b",
        ),
    ] {
        let failed = format!("FAIL {name}");
        let answer = case.ends(1).says(&[&failed, text]).check(folder);
        let checks = answer["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| check["good"] == false).unwrap();
        assert_eq!(found["name"], name, "{answer}");
    }
    // The controls: the database by itself is good, and looking at it has not set it up.
    let found = with("SKEP_DATABASE_URL", &database).says(&["ok   database", "no schema yet"]);
    found.check(folder);
    found.check(folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_may_look_while_the_host_runs() {
    let model = ModelServer::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("some/where");
    let host = HostSpec::new(&data).start();
    let address = host.url.strip_prefix("http://").unwrap();
    let doctor = doctor(&model).with("SKEP_LISTEN", address);
    doctor
        .says(&["ok   listen", "the host of this data directory", "SQLite in the data directory, schema"])
        .check(folder.path());
    assert_eq!(host.api().get("/readyz").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_given_by_itself_is_the_key_of_every_host() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::postgres();
    let spec = |name: &str, key: &str| {
        let spec = HostSpec::new(&folder.path().join(name)).set("SKEP_KEY", key);
        database.host(spec)
    };
    let other = KEY.replace("ab", "cd");
    let one = spec("one", KEY).start();
    let two = spec("two", KEY).start();
    assert_eq!(two.api().get("/readyz").await.unwrap().status, 200);
    let refused = spec("three", &other).try_start().expect_err("another key");
    assert!(refused.contains("give this host the same key") && !refused.contains(&other), "{refused}");
    for name in ["one", "two", "three"] {
        assert!(!folder.path().join(name).join("key").exists(), "{name}: no other key is made");
    }
    drop((one, two));
    // A data directory that has a key of its own.
    let own = HostSpec::new(&folder.path().join("own"));
    drop(own.start());
    let kept = std::fs::read_to_string(folder.path().join("own/key")).unwrap();
    let refused = own.clone().set("SKEP_KEY", KEY).try_start().expect_err("another key");
    assert!(refused.contains("give the same key, or use another data directory"), "{refused}");
    drop(own.set("SKEP_KEY", kept.trim()).start());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_admin_key_is_kept_before_it_is_valid_and_a_given_one_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let given = folder.path().join("given");
    let host = HostSpec::new(&given).start();
    assert_eq!(host.api().get("/v1/info").await.unwrap().status, 200);
    assert!(!given.join("admin.key").exists());
    drop(host);

    // As a start leaves it that ended between the file and the database.
    let cut = folder.path().join("cut");
    std::fs::create_dir(&cut).unwrap();
    let file = cut.join("admin.key");
    std::fs::write(&file, format!("{ADMIN_KEY}\n")).unwrap();
    let mut spec = HostSpec::new(&cut);
    spec.variables.remove("SKEP_ADMIN_KEY");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = spec.try_start().expect_err("others can read the key");
    assert!(refused.contains("chmod 600"), "{refused}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let host = spec.start();
    assert_eq!(host.api().get("/v1/info").await.unwrap().status, 200);
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), ADMIN_KEY);
    drop(host);

    let minted = folder.path().join("minted");
    let mut spec = HostSpec::new(&minted);
    spec.variables.remove("SKEP_ADMIN_KEY");
    let host = spec.start();
    let file = minted.join("admin.key");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let key = std::fs::read_to_string(&file).unwrap();
    assert_eq!(Api::new(&host.url, key.trim()).get("/v1/info").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_the_data_directory_go_to_its_own_host_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = HostSpec::new(&folder.path().join("data"));
    spec.variables.remove("SKEP_ADMIN_KEY");
    let host = spec.start();
    let plugins = |url: &str| case(&["plugins", "--data-dir", "data", "--url", url]).holds(&["/live"]);
    // Its own, found or named.
    case(&["plugins", "--data-dir", "data"]).holds(&["/live"]).check(folder.path());
    plugins(&host.url).check(folder.path());

    let foreign = Peer::start(|_| response("200 OK", "application/json", "{\"live\":[]}"));
    plugins(&foreign.url()).check(folder.path());
    plugins(&foreign.url()).with("SKEP_ADMIN_KEY", "secret-of-the-admin").check(folder.path());
    assert_eq!(foreign.headers("authorization"), [const { None }; 4]);
    // The controls: a key that is given for it.
    plugins(&foreign.url()).with("SKEP_API_KEY", "one").check(folder.path());
    let mut named = plugins(&foreign.url());
    named.arguments.extend(["--key".to_owned(), "two".to_owned()]);
    named.check(folder.path());
    let sent: Vec<String> = foreign.headers("authorization").into_iter().flatten().collect();
    assert_eq!(sent, ["Bearer one", "Bearer one", "Bearer two", "Bearer two"]);

    for url in ["http://192.0.2.1:3000", "http://skep.example.com", "http://127.0.0.1.example.com/"] {
        case(&["plugins", "--data-dir", "data", "--url", url])
            .with("SKEP_API_KEY", "one")
            .fails(1, &["plain http to another machine", "https"])
            .check(folder.path());
    }
}

#[test]
fn a_submit_that_was_not_answered_is_asked_again_under_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let mut asked = 0;
    let host = Peer::start(move |_| {
        asked += 1;
        // Every first connection is cut.
        if asked % 2 == 1 {
            return String::new();
        }
        response("202 Accepted", "application/json", "{\"taskId\":\"task_x\",\"status\":\"queued\"}")
    });
    case(&["task", "Mend it", "--url", &host.url()])
        .says(&["task_x queued"])
        .holds(&["/taskId"])
        .check(folder.path());
    let keys: Vec<String> = host.headers("idempotency-key").into_iter().map(Option::unwrap).collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    assert!(keys[0] == keys[1] && keys[2] == keys[3] && keys[0] != keys[2], "{keys:?}");
    case(&["task", "Mend it", "--url", &host.url(), "--idempotency-key", "mine"])
        .holds(&["/taskId"])
        .check(folder.path());
    assert_eq!(host.headers("idempotency-key").split_off(4), vec![Some("mine".to_owned()); 4]);
}

#[test]
fn a_watch_goes_on_as_long_as_every_cut_stream_brought_something() {
    /// More than are resumed in a row.
    const CUTS: usize = 25;
    let folder = tempfile::tempdir().unwrap();
    let mut streams = 0;
    let host = Peer::start(move |request| {
        if request.starts_with("POST") {
            return response(
                "202 Accepted",
                "application/json",
                "{\"taskId\":\"task_x\",\"status\":\"queued\"}",
            );
        }
        if !request.contains("/events") {
            return response(
                "200 OK",
                "application/json",
                "{\"taskId\":\"task_x\",\"status\":\"completed\",\"output\":{\"summary\":\"Mended.\"}}",
            );
        }
        streams += 1;
        let (name, data) = if streams > CUTS {
            ("task.completed", json!({ "status": "completed", "progress": 100 }))
        } else {
            ("progress", json!({ "percent": streams }))
        };
        response("200 OK", "text/event-stream", &format!("id: {streams}\nevent: {name}\ndata: {data}\n\n"))
    });
    let watched = case(&["task", "Mend it", "--watch", "--url", &host.url()]).run(folder.path(), true);
    assert!(watched.status.success(), "{}", String::from_utf8_lossy(&watched.stderr));
    let task: Value = serde_json::from_slice(&watched.stdout).unwrap();
    assert_eq!(task["output"]["summary"], "Mended.");
    let resumed: Vec<String> = host.headers("last-event-id").into_iter().flatten().collect();
    assert_eq!(resumed, (1..=CUTS).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_served_model_tells_programs_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let models = path("SKEP_TEST_MODEL_DIR").join("SmolLM2-135M-Instruct.Q4_1.gguf");
    let mut served = case(&["model", "serve", "--model", models.to_str().unwrap()])
        .command(folder.path(), true)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(served.stdout.take().unwrap()).read_line(&mut line).unwrap();
    served.kill().unwrap();
    served.wait().unwrap();
    let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert!(answer["url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{answer}");
}

#[test]
fn log_lines_have_colours_on_a_terminal_only() {
    let place = tempfile::tempdir().unwrap();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    // A start that warns (there is no model) and then ends (the address is taken).
    let command = format!(
        "{} serve --data-dir data --listen {}",
        path("SKEP_TEST_BIN").display(),
        busy.local_addr().unwrap()
    );
    let shown = |command: &str, folder: &Path| {
        let output = shell(command, folder);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let in_a_pipe = shown(&format!("{command} 2>&1"), place.path());
    assert!(in_a_pipe.contains("WARN") && !in_a_pipe.contains('\u{1b}'), "{in_a_pipe:?}");
    if !has_terminals() {
        return;
    }
    // The control.
    let on_a_terminal = shown(&format!("TERM=xterm script -qec '{command}' /dev/null"), place.path());
    assert!(on_a_terminal.contains("\u{1b}["), "{on_a_terminal:?}");
}
