//! The supervisor with a shell as the child: it prints the ready line of a scripted server and waits for its stdin to close.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use app::ports::clock::{Clock, Entropy};
use app::ports::models::{Model as _, collect};
use domain::effect::model::{ModelMessage, ModelRequest, Role};
use domain::effect::{CallError, ErrorKind};
use domain::time::Timestamp;
use models::supervisor::{SupervisedModel, SupervisorSettings, TOKEN_VARIABLE, ready_line};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use testkit::model_server::{Gate, ModelServer, Scripted};
use tokio::sync::watch;

/// Time that only the test moves.
struct ManualClock(watch::Sender<Duration>);

impl ManualClock {
    fn advance(&self, duration: Duration) {
        self.0.send_modify(|now| *now += duration);
    }
}

#[async_trait::async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }

    fn elapsed(&self) -> Duration {
        *self.0.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.elapsed() + duration;
        self.0.subscribe().wait_for(|now| *now >= until).await.unwrap();
    }
}

#[derive(Default)]
struct Counting(AtomicU8);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

struct Bench {
    server: ModelServer,
    clock: Arc<ManualClock>,
    directory: tempfile::TempDir,
    model: SupervisedModel,
}

const IDLE: Duration = Duration::from_secs(600);

impl Bench {
    async fn new() -> Self {
        let server = ModelServer::start().await.unwrap();
        let ready = ready_line(server.address());
        Self::with(server, &format!("echo loading; echo '{ready}'; cat >/dev/null; echo ended > \"$0\""))
            .await
    }

    async fn with(server: ModelServer, script: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock(watch::Sender::new(Duration::from_secs(1))));
        let ended = directory.path().join("ended").into_os_string();
        let mut settings =
            SupervisorSettings::new("/bin/sh".into(), vec!["-c".into(), script.into(), ended], "tested");
        settings.idle = Some(IDLE);
        let outbound = server.outbound();
        let base_url = server.base_url();
        let reach = move |url: &url::Url| {
            assert_eq!(url.as_str(), base_url);
            Arc::<testkit::model_server::RouterOutbound>::clone(&outbound) as _
        };
        let model = SupervisedModel::new(
            settings,
            Box::new(reach),
            Arc::<ManualClock>::clone(&clock),
            Arc::<Counting>::default(),
        );
        Self { server, clock, directory, model }
    }

    async fn ask(&self) -> Result<String, CallError> {
        let message = ModelMessage {
            role: Role::User,
            content: "hi".to_owned(),
            tool_calls: Vec::new(),
            tool_call_id: None,
        };
        let request = ModelRequest { messages: vec![message], ..ModelRequest::default() };
        Ok(collect(self.model.complete(request).await?, |_| {}).await?.content)
    }

    fn has_ended(&self) -> bool {
        self.directory.path().join("ended").exists()
    }
}

/// Kill the child and wait until the system has noticed.
async fn kill(process: u32) {
    let id = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
    // A killed process keeps its entry, as a zombie, until its parent asks.
    while is_running(process) {
        tokio::task::yield_now().await;
    }
}

fn is_running(process: u32) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"))
        .unwrap_or_default();
    status.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

#[tokio::test]
async fn the_first_request_starts_the_child_and_others_use_it() {
    let bench = Bench::new().await;
    bench.server.when(|_| true, Scripted::text("hello"));
    assert_eq!(bench.model.starts(), 0);
    bench.model.check().await.unwrap();
    assert_eq!(bench.ask().await.unwrap(), "hello");
    assert_eq!(bench.ask().await.unwrap(), "hello");
    assert_eq!(bench.model.starts(), 1);
    bench.model.check().await.unwrap();
}

#[tokio::test]
async fn each_start_has_its_own_token() {
    let bench = Bench::new().await;
    bench.server.when(|_| true, Scripted::text("hello"));
    bench.ask().await.unwrap();
    bench.model.stop().await;
    bench.ask().await.unwrap();
    let tokens: Vec<String> =
        bench.server.requests().iter().map(|request| request.bearer().unwrap().to_owned()).collect();
    assert_eq!(tokens, ["00".repeat(32), "01".repeat(32)]);
}

#[tokio::test]
async fn the_child_gets_the_token_that_is_sent_to_it() {
    let server = ModelServer::start().await.unwrap();
    server.when(|_| true, Scripted::text("hello"));
    let ready = ready_line(server.address());
    let bench = Bench::with(
        server,
        &format!("printf %s \"${TOKEN_VARIABLE}\" > \"$0\"; echo '{ready}'; exec cat >/dev/null"),
    )
    .await;
    bench.ask().await.unwrap();
    let told = std::fs::read_to_string(bench.directory.path().join("ended")).unwrap();
    assert_eq!(Some(told.as_str()), bench.server.requests()[0].bearer());
}

#[tokio::test]
async fn the_child_has_its_token_and_nothing_of_our_environment() {
    assert!(std::env::vars_os().any(|(name, _)| name == "CARGO_MANIFEST_DIR"), "cargo sets it for tests");
    let server = ModelServer::start().await.unwrap();
    server.when(|_| true, Scripted::text("hello"));
    let ready = ready_line(server.address());
    let bench = Bench::with(server, &format!("env > \"$0\"; echo '{ready}'; exec cat >/dev/null")).await;
    bench.ask().await.unwrap();
    let told = std::fs::read_to_string(bench.directory.path().join("ended")).unwrap();
    let mut names: Vec<&str> = told.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    // The shell's own.
    names.retain(|name| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name));
    names.sort_unstable();
    assert_eq!(names, ["CANDLE_NUM_THREADS", TOKEN_VARIABLE]);
}

#[tokio::test]
async fn a_killed_child_is_started_again_by_the_next_request() {
    let bench = Bench::new().await;
    bench.server.when(|_| true, Scripted::text("hello"));
    bench.ask().await.unwrap();
    kill(bench.model.process().await.unwrap()).await;
    assert_eq!(bench.ask().await.unwrap(), "hello");
    assert_eq!(bench.model.starts(), 2);
}

#[tokio::test]
async fn a_crash_before_the_first_delta_is_not_seen() {
    let bench = Bench::new().await;
    let gate = Gate::new();
    bench.server.push(Scripted::status(503).hang(&gate)).push(Scripted::text("hello"));
    let asking = bench.ask();
    let crashing = async {
        bench.server.wait_for_requests(1).await;
        kill(bench.model.process().await.unwrap()).await;
        gate.open();
    };
    let (answer, ()) = tokio::join!(asking, crashing);
    assert_eq!(answer.unwrap(), "hello");
    assert_eq!(bench.model.starts(), 2);
}

#[tokio::test]
async fn a_child_that_cannot_start_is_tried_less_and_less_often() {
    let server = ModelServer::start().await.unwrap();
    let bench = Bench::with(server, "echo 'out of memory' >&2; exit 3").await;
    let error = bench.ask().await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Unavailable, "model-start"));
    assert!(error.message.contains("exit status: 3"), "{}", error.message);
    assert!(error.message.contains("out of memory"), "{}", error.message);
    assert_eq!(bench.ask().await.unwrap_err().kind, ErrorKind::Unavailable);
    let error = bench.ask().await.unwrap_err();
    assert_eq!((error.kind, error.retry_after_ms), (ErrorKind::Busy, Some(1000)));
    assert_eq!(bench.model.starts(), 2);
    assert!(bench.model.check().await.is_err());
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.ask().await.unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(bench.model.starts(), 3);
}

#[tokio::test]
async fn an_idle_child_is_stopped_and_started_again_when_it_is_needed() {
    let bench = Bench::new().await;
    bench.server.when(|_| true, Scripted::text("hello"));
    bench.ask().await.unwrap();
    let first = bench.model.process().await.unwrap();
    // Whether the idle watcher sleeps already or begins to: time moves on until the child is gone.
    while bench.model.process().await.is_some() {
        bench.clock.advance(IDLE);
        tokio::task::yield_now().await;
    }
    while is_running(first) {
        tokio::task::yield_now().await;
    }
    bench.ask().await.unwrap();
    assert_eq!(bench.model.starts(), 2);
}

#[tokio::test]
async fn a_busy_child_is_never_idle() {
    let bench = Bench::new().await;
    let gate = Gate::new();
    bench.server.push(Scripted::text("late").hang(&gate));
    let waiting = async {
        bench.server.wait_for_requests(1).await;
        for _ in 0..5 {
            bench.clock.advance(IDLE * 2);
            tokio::task::yield_now().await;
        }
        assert!(bench.model.process().await.is_some());
        gate.open();
    };
    let (answer, ()) = tokio::join!(bench.ask(), waiting);
    assert_eq!(answer.unwrap(), "late");
    assert_eq!(bench.model.starts(), 1);
}

#[tokio::test]
async fn stopping_closes_stdin_and_lets_the_child_end_by_itself() {
    let bench = Bench::new().await;
    bench.server.when(|_| true, Scripted::text("hello"));
    bench.ask().await.unwrap();
    assert!(!bench.has_ended());
    bench.model.stop().await;
    assert!(bench.has_ended());
}

#[tokio::test]
async fn a_child_that_never_listens_is_given_up() {
    for (script, reason) in [("exec cat", "did not start"), ("exec cat >/dev/null", "closed its output")] {
        let server = ModelServer::start().await.unwrap();
        let bench = Bench::with(server, script).await;
        let advancing = async {
            loop {
                bench.clock.advance(Duration::from_secs(1));
                tokio::task::yield_now().await;
            }
        };
        let error = tokio::select! {
            answer = bench.ask() => answer.unwrap_err(),
            () = advancing => unreachable!("it ends with the answer"),
        };
        // A busy machine may be slower to close a pipe than this clock is to run.
        assert!(
            error.message.contains(reason) || error.message.contains("did not start"),
            "{}",
            error.message
        );
    }
}
