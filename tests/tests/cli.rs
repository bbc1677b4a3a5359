//! The command line: every verb for people and, with `--json`, for programs; and what it says when something is wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;
use std::time::Duration;
use testkit::model_server::ModelServer;
use tests::api::{Api, eventually};
use tests::command::{Case, case};
use tests::database::Database;
use tests::environment::path;
use tests::host::{ADMIN_KEY, HostProcess, HostSpec};
use tests::newcomer::{has_terminals, repository, shell};
use tests::{readme, team};

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A host with the bundled plugins and a scripted team, and a folder in which the commands are typed.
struct Desk {
    host: HostProcess,
    spec: HostSpec,
    folder: tempfile::TempDir,
    _model: ModelServer,
}

impl Desk {
    async fn start() -> Self {
        Self::start_with(|spec| spec).await
    }

    async fn start_with(more: impl FnOnce(HostSpec) -> HostSpec) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = team::start(json!({
            "summary": "An item that is due today is not overdue.",
            "edits": [{
                "path": "todo.py",
                "find": "if item[\"due\"] <= today.isoformat()]",
                "replace": "if item[\"due\"] < today.isoformat()]",
            }],
            "files": [],
        }))
        .await;
        let own = folder.path().join("data/plugins");
        std::fs::create_dir_all(&own).unwrap();
        // The host's key is the kept one, which the commands find.
        let kept = folder.path().join("data/admin.key");
        std::fs::write(&kept, ADMIN_KEY).unwrap();
        std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o600)).unwrap();
        let mut spec = HostSpec::new(&folder.path().join("data"))
            .components(&[path("SKEP_TEST_COMPONENTS"), own], &[])
            .set("SKEP_MODELS", format!("core = {{ url = {:?}, model = \"scripted\" }}", model.base_url()))
            .set("SKEP_SOURCE_ROOTS", repository().join("examples").display().to_string());
        spec.variables.remove("SKEP_ADMIN_KEY");
        let spec = more(spec);
        Self { host: spec.start(), spec, folder, _model: model }
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A finished task.
    fn finished(&self) -> String {
        let done = todo(&["--scope", "demo", "--watch"]).run(self.folder(), true);
        let task: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(task["status"], "completed", "{task}");
        task["taskId"].as_str().unwrap().to_owned()
    }
}

/// `skep task` on the Python example.
fn todo(more: &[&str]) -> Case {
    let source = repository().join("examples/todo-python").display().to_string();
    let mut arguments =
        vec!["task", "An item that is due today is not overdue.", "--data-dir", "data", "--source", &source];
    arguments.extend(more);
    case(&arguments)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_submitted_watched_and_replayed() {
    let desk = Desk::start().await;
    todo(&["--priority", "low"])
        .says(&["task_", "queued"])
        .holds(&["/taskId", "/statusUrl", "/status"])
        .check(desk.folder());
    let watched = todo(&["--watch", "--diff", "fix.diff"])
        .says(&[
            "0%",
            "100%",
            "req-ai",
            "review",
            "completed",
            "due today is not overdue",
            "patch_applies",
            "+++ b/todo.py",
        ])
        .holds(&["/taskId", "/output/diff", "/output/gates/0/name"])
        .check(desk.folder());
    assert_eq!(watched["status"], "completed", "{watched}");
    let written = std::fs::read_to_string(desk.folder().join("fix.diff")).unwrap();
    assert_eq!(watched["output"]["diff"], written);

    // What no test has run does not pass as production.
    let failed = todo(&["--watch", "--scope", "production", "--diff", "none.diff"])
        .ends(1)
        .says(&["the task failed", "tests_pass", "GATES_FAILED"])
        .holds(&["/taskId", "/error/code", "/error/message"])
        .check(desk.folder());
    assert_eq!(failed["status"], "failed", "{failed}");
    assert!(!desk.folder().join("none.diff").exists(), "a failed task has no diff to write");

    let id = watched["taskId"].as_str().unwrap();
    for more in [&[][..], &["--live"]] {
        let mut arguments = vec!["replay", id, "--data-dir", "data"];
        arguments.extend(more);
        let report = case(&arguments)
            .says(&["identical", "scope(s)"])
            .holds(&["/scopes", "/calls", "/differences"])
            .check(desk.folder());
        assert_eq!(report["identical"], true, "{report}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_shows_a_progress_bar() {
    if !has_terminals() {
        return;
    }
    let desk = Desk::start().await;
    let skep = path("SKEP_TEST_BIN");
    let task = format!("{} task 'Mend overdue()' --data-dir data --watch --scope demo", skep.display());
    let bar = |output: &Output| String::from_utf8_lossy(&output.stdout).contains('█');
    let on_a_terminal = shell(&format!("TERM=xterm script -qec \"{task}\" /dev/null"), desk.folder());
    assert!(bar(&on_a_terminal), "{}", String::from_utf8_lossy(&on_a_terminal.stdout));
    // The control: without a terminal there are lines, and no bar in them.
    let in_a_pipe = shell(&format!("{task} 2>&1"), desk.folder());
    assert!(!bar(&in_a_pipe) && String::from_utf8_lossy(&in_a_pipe.stdout).contains("tester-ai"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugins_are_shown_by_state() {
    let desk = Desk::start().await;
    let own = desk.folder().join("data/plugins");
    std::fs::write(own.join("torn.wasm"), b"\0asm\x0d\0").unwrap();
    // Its bytes are others than those that were granted.
    let mut component = std::fs::read(path("SKEP_TEST_COMPONENTS").join("fetch.wasm")).unwrap();
    component.extend_from_slice(&[0, 2, 1, b'x']);
    std::fs::write(own.join("fetch.wasm"), component).unwrap();
    let api = desk.host.api();
    let all = eventually(PATIENCE, async || {
        let body = api.get("/v1/admin/plugins").await.ok()?.body;
        let is_there = |state: &str| body[state].as_array().is_some_and(|rows| !rows.is_empty());
        (is_there("held") && is_there("broken")).then_some(body)
    });
    all.await.expect("a held and a broken plugin");
    let shown = case(&["plugins", "--data-dir", "data"])
        .says(&[
            "live    personality  coder-ai@0.1.0",
            "held    skill        fetch@0.1.0",
            "missing grants",
            "broken",
            "torn.wasm",
        ])
        .holds(&["/live/0/name", "/live/0/digest", "/held/0/missing", "/broken/0/path", "/broken/0/reason"])
        .check(desk.folder());
    assert!(shown["live"].as_array().unwrap().iter().any(|row| row["name"] == "coder-ai"), "{shown}");
}

#[test]
fn the_checks_of_this_table_can_fail() {
    let folder = tempfile::tempdir().unwrap();
    let list = || case(&["model", "list"]).says(&["qwen2.5"]).holds(&["/models/0/name"]);
    list().check(folder.path());
    for (wrong, reason) in [
        (list().ends(1), "ended with"),
        (list().says(&["no such text"]), "does not say \"no such text\""),
        (list().holds(&["/models/0/colour"]), "no /models/0/colour"),
        (case(&["--help"]), "--json: expected value"),
        (case(&["taks"]).fails(2, &["no such text"]), "does not say"),
        (case(&["taks"]).ends(2).holds(&["/answer"]), "no /answer"),
    ] {
        let found = wrong.try_check(folder.path()).unwrap_err();
        assert!(found.contains(reason), "{found}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_tells_every_value_its_origin_and_no_secret() {
    let model = ModelServer::start().await.unwrap();
    let database = Database::postgres();
    let Database::Postgres(url) = &database else { panic!("a URL") };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("skep.toml");
    let models = format!(
        "[models.core]\nurl = {:?}\nmodel = \"m\"\nkey = \"secret-of-the-provider\"\n",
        model.base_url()
    );
    std::fs::write(&file, format!("log = \"debug\"\n{models}")).unwrap();
    let password = url.split(['@', ':']).nth(2).unwrap();
    let doctor = case(&["doctor", "--data-dir", "somewhere"])
        .with("SKEP_ADMIN_KEY", "secret-of-the-admin")
        .with("SKEP_LISTEN", "127.0.0.1:0")
        .with("SKEP_DATABASE_URL", url)
        .with("SKEP_KEY", "5ec4e7".repeat(11).get(2..).unwrap())
        .with("SKEP_CONCURRENCY", "7")
        .says(&[
            "concurrency",
            "SKEP_CONCURRENCY",
            "command line",
            "skep.toml",
            "default",
            "****",
            "ok   git",
            "ok   runtime",
            "ok   models",
        ])
        .holds(&[
            "/settings/0/key",
            "/settings/0/variable",
            "/settings/0/meaning",
            "/checks/0/name",
            "/checks/0/finding",
        ]);
    let answer = doctor.check(folder.path());
    for json in [false, true] {
        let output = doctor.run(folder.path(), json);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        for secret in ["secret-of", "5ec4e7", password] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    let settings = answer["settings"].as_array().unwrap();
    for (key, value, origin) in [
        ("listen", "127.0.0.1:0", "SKEP_LISTEN"),
        ("data_dir", "somewhere", "command line"),
        ("plugin_dir", "somewhere/plugins", "default"),
        ("key_file", "somewhere/key", "default"),
        ("model_dir", "somewhere/models", "default"),
        ("concurrency", "7", "SKEP_CONCURRENCY"),
        ("admin_key", "****", "SKEP_ADMIN_KEY"),
        ("key", "****", "SKEP_KEY"),
        ("database_url", "****", "SKEP_DATABASE_URL"),
        ("database_listen_url", "", "default"),
        ("log", "debug", "skep.toml"),
    ] {
        let row = settings.iter().find(|row| row["key"] == key).unwrap();
        assert_eq!((row["value"].as_str(), row["origin"].as_str()), (Some(value), Some(origin)), "{key}");
    }
    // The control: what does not work fails a check, and the verb.
    let failed = case(&["doctor", "--data-dir", "somewhere", "--config", "embedded.toml"])
        .with("SKEP_LISTEN", "127.0.0.1:0")
        .ends(1)
        .says(&["FAIL models", "skep model pull qwen2.5-coder-0.5b", "1 check(s) failed"])
        .holds(&["/settings/0/key", "/checks/0/good"]);
    std::fs::write(folder.path().join("embedded.toml"), "").unwrap();
    let answer = failed.check(folder.path());
    let checks = answer["checks"].as_array().unwrap();
    assert!(checks.iter().any(|check| check["name"] == "models" && check["good"] == false), "{answer}");
}

#[test]
fn models_are_listed_and_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let models = path("SKEP_TEST_MODEL_DIR");
    let here = case(&["model", "list"])
        .with("SKEP_MODEL_DIR", models.display().to_string())
        .says(&["qwen2.5-coder-0.5b", "491 MB", "not here"])
        .holds(&["/models/0/name", "/models/0/bytes", "/models/0/memoryMb"])
        .check(folder.path());
    let place = |name: &str| {
        let rows = here["models"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap()["path"].clone()
    };
    assert!(place("smollm2-135m").is_string() && place("qwen2.5-coder-1.5b").is_null(), "{here}");
    let file = place("smollm2-135m").as_str().unwrap().to_owned();
    let imported = case(&["model", "import", &file, "--data-dir", "other"])
        .says(&["smollm2-135m is at other/models/"])
        .holds(&["/name", "/path"])
        .check(folder.path());
    assert!(folder.path().join(imported["path"].as_str().unwrap()).is_file(), "{imported}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_without_workers_takes_tasks_and_leaves_them_to_others() {
    let desk = Desk::start_with(|mut spec| {
        spec.arguments.push("--no-worker".to_owned());
        spec
    })
    .await;
    let taken = todo(&["--scope", "demo"]).run(desk.folder(), true);
    let taken: Value = serde_json::from_slice(&taken.stdout).unwrap();
    let id = taken["taskId"].as_str().unwrap();
    let Desk { mut host, mut spec, folder, _model } = desk;
    host.terminate();
    let handed_over = jiff::Timestamp::now();
    spec.arguments.clear();
    let host = spec.start();
    let body = host.api().ended(id, PATIENCE).await;
    assert_eq!(body["status"], "completed", "{body}");
    let journal = host.api().get(&format!("/v1/agents/tasks/{id}/journal?limit=1")).await.unwrap().body;
    let started: jiff::Timestamp = journal["entries"][0]["at"].as_str().unwrap().parse().unwrap();
    assert!(started > handed_over, "{started} {handed_over}");
    drop(folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_plugin_of_the_readme_is_built_outside_of_the_repository_and_goes_live() {
    let desk = Desk::start().await;
    let plugin = tempfile::tempdir().unwrap();
    let manifest = readme::block("First plugin", "[package]");
    assert!(manifest.contains("/path/to/skep/sdk"), "{manifest}");
    let manifest = manifest.replace("/path/to/skep", &repository().display().to_string());
    std::fs::write(plugin.path().join("Cargo.toml"), manifest).unwrap();
    std::fs::create_dir(plugin.path().join("src")).unwrap();
    std::fs::write(plugin.path().join("src/lib.rs"), readme::block("First plugin", "use skep_sdk")).unwrap();
    // The versions that this repository was built with: they are here already.
    std::fs::copy(repository().join("Cargo.lock"), plugin.path().join("Cargo.lock")).unwrap();
    let build =
        case(&["build", plugin.path().to_str().unwrap(), "--out", "data/plugins", "--policy", "policy.toml"])
            .with("SKEP_BUILD_TOOLCHAIN", std::env::var("SKEP_BUILD_TOOLCHAIN").unwrap_or("auto".to_owned()))
            .says(&["building hello", "built hello@0.1.0", "policy.toml holds"])
            .holds(&["/built/0/version", "/built/0/kind", "/built/0/size"]);
    let built = build.check(desk.folder());
    assert_eq!(built["built"][0]["name"], "hello");
    assert!(desk.folder().join("data/plugins/hello.wasm").is_file());
    let api = desk.host.api();
    let digest = built["built"][0]["digest"].clone();
    let live = eventually(PATIENCE, async || {
        let body = api.get("/v1/admin/plugins").await.ok()?.body;
        let row = body["live"].as_array()?.iter().find(|row| row["name"] == "hello")?.clone();
        Some(row)
    });
    let live = live.await.expect("it goes live without a restart");
    assert!(live["digest"].as_str().unwrap().ends_with(digest.as_str().unwrap()), "{live} {digest}");
    assert_eq!(live["tools"], json!(["greet"]), "{live}");
    case(&["plugins", "--data-dir", "data"]).says(&["hello@0.1.0"]).holds(&["/live/0"]).check(desk.folder());

    // The control: a crate that does not compile is an error that names it, and changes nothing.
    std::fs::write(plugin.path().join("src/lib.rs"), "use skep_sdk::no_such_thing;").unwrap();
    case(&["build", plugin.path().to_str().unwrap(), "--out", "data/plugins"])
        .with("SKEP_BUILD_TOOLCHAIN", std::env::var("SKEP_BUILD_TOOLCHAIN").unwrap_or("auto".to_owned()))
        .fails(1, &["could not compile hello"])
        .check(desk.folder());
    assert!(desk.folder().join("data/plugins/hello.wasm").is_file());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mistake_says_what_is_wrong_and_what_to_do() {
    let desk = Desk::start().await;
    let folder = desk.folder();
    let task = desk.finished();
    std::fs::write(folder.join("typo.toml"), "lisen = \"127.0.0.1:0\"\n").unwrap();
    std::fs::write(folder.join("tier.toml"), "[models]\ncroe = \"embedded\"\n").unwrap();
    std::fs::write(folder.join("other.gguf"), b"GGUF\x03\0\0\0").unwrap();
    std::fs::create_dir(folder.join("gone")).unwrap();
    // As a killed host leaves it: nobody listens there.
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    std::fs::write(folder.join("gone/listen"), format!("http://{unused}")).unwrap();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = busy.local_addr().unwrap().to_string();
    let listening = format!("cannot listen on {busy}");
    let own = ["--data-dir", "data"];
    let to_host = |arguments: &[&str]| case(&[arguments, &own].concat());
    let scripted = |case: Case| case.with("SKEP_MODELS", desk.spec.variables["SKEP_MODELS"].clone());
    let process = format!("process {}", desk.host.id());
    let cases = [
        // Nobody there.
        case(&["plugins", "--data-dir", "empty"]).fails(1, &["no host runs on empty", "`skep up`", "--url"]),
        case(&["task", "x", "--data-dir", "gone"])
            .fails(1, &["no answer from http://127.0.0.1:", "`skep up`"]),
        case(&["replay", &task, "--url", "no url"]).fails(1, &["url \"no url\" is not valid"]),
        // The host says no.
        to_host(&["plugins", "--key", "wrong"])
            .fails(1, &["the API key is not valid", "HTTP 401", "SKEP_ADMIN_KEY", "--data-dir"]),
        to_host(&["task", "x", "--key", "wrong", "--watch"]).fails(1, &["the API key is not valid"]),
        to_host(&["replay", "task_000000000000"]).fails(1, &["task_000000000000", "not found", "HTTP 404"]),
        to_host(&["task", "x", "--source", "/etc"]).fails(1, &["source", "/etc"]),
        to_host(&["task", "x", "--scope", "huge"])
            .fails(1, &["scope", "demo, poc, mvp, product, production", "huge"]),
        to_host(&["task", "x", "--capabilities", "BUILD,FLY"]).fails(1, &["capabilities", "FLY", "GOVERN"]),
        to_host(&["task", "x", "--callback-url", "http://10.0.0.1/"]).fails(1, &["callbackUrl", "10.0.0.1"]),
        to_host(&["task", ""]).fails(1, &["task must"]),
        // The command line.
        case(&["up", "--lisen", "127.0.0.1:0"]).fails(2, &["unexpected argument '--lisen'", "'--listen'"]),
        case(&["taks"]).fails(2, &["unrecognized subcommand 'taks'", "'task'"]),
        case(&["task"]).fails(2, &["<TASK>"]),
        case(&["task", "x", "--diff", "file"]).fails(2, &["--watch"]),
        case(&["up", "--listen", "3000"]).fails(2, &["invalid value '3000'", "ADDRESS:PORT"]),
        // The configuration.
        case(&["up", "--config", "typo.toml"])
            .fails(1, &["unknown setting \"lisen\" in typo.toml", "did you mean \"listen\"?"]),
        case(&["doctor", "--config", "tier.toml"])
            .fails(1, &["unknown key \"croe\"", "did you mean \"core\"?"]),
        case(&["doctor", "--config", "none.toml"]).fails(1, &["cannot read the configuration none.toml"]),
        case(&["up"])
            .with("SKEP_LISTN", "x")
            .fails(1, &["unknown setting \"SKEP_LISTN\"", "did you mean \"SKEP_LISTEN\"?"]),
        case(&["up"])
            .with("SKEP_LEASE_MS", "soon")
            .fails(1, &["lease_ms = \"soon\" (SKEP_LEASE_MS)", "milliseconds"]),
        case(&["serve", "--no-auth", "--listen", "0.0.0.0:0"])
            .fails(1, &["no_auth", "loopback only", "127.0.0.1:PORT"]),
        scripted(case(&["up", "--data-dir", "l"]))
            .with("SKEP_LOG", "a=b=c")
            .fails(1, &["log filter \"a=b=c\" is not valid", "info,plugin=debug"]),
        // Starting.
        scripted(case(&["up", "--data-dir", "fresh", "--listen", &busy]))
            .fails(1, &[&listening, "in use", "--listen"]),
        scripted(case(&["up", "--data-dir", "data", "--listen", "127.0.0.1:0"]))
            .fails(1, &["data", &process]),
        // Files.
        case(&["model", "pull", "gpt-9", "--data-dir", "m"]).fails(1, &["gpt-9", "smollm2-135m"]),
        case(&["model", "import", "none.gguf", "--data-dir", "m"]).fails(1, &["none.gguf"]),
        case(&["model", "import", "other.gguf", "--data-dir", "m"])
            .fails(1, &["other.gguf", "--allow-unknown"]),
        case(&["model", "import", "typo.toml", "--data-dir", "m"])
            .fails(1, &["typo.toml is not a GGUF file"]),
        case(&["build", "nowhere", "--out", "o"]).fails(1, &["nowhere"]),
    ];
    for case in &cases {
        case.check(folder);
    }
    // The busy port did not use up the one time that a key is shown.
    let printed =
        up(&scripted(case(&["up", "--data-dir", "fresh", "--listen", "127.0.0.1:0"])), folder).await;
    assert!(printed["adminKey"].is_string(), "{printed}");
    let again = up(&scripted(case(&["up", "--data-dir", "fresh", "--listen", "127.0.0.1:0"])), folder).await;
    assert!(again["adminKey"].is_null() && again["plugins"] == 0, "{again}");
}

/// Start a host for programs, take the one line that it prints, and end it with a signal.
async fn up(case: &Case, folder: &Path) -> Value {
    use std::io::Read as _;
    let log = folder.join("up.log");
    let mut host = case
        .command(folder, true)
        .stdout(std::process::Stdio::piped())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let listen = folder.join(&case.arguments[2]).join("listen");
    let answers = eventually(PATIENCE, async || {
        let url = std::fs::read_to_string(&listen).ok().filter(|url| !url.is_empty())?;
        let answer = Api::new(&url, "none").get("/readyz").await.ok()?;
        (answer.status == 200).then_some(())
    });
    let answered = answers.await.is_some();
    let pid = rustix::process::Pid::from_raw(i32::try_from(host.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let status = host.wait().unwrap();
    let mut printed = String::new();
    host.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(answered && status.success(), "{status}: {printed}{log}");
    assert!(!listen.exists(), "the file says that a host runs");
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}{log}"))
}
