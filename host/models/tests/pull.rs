//! Pulling from a scripted hub, and importing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use app::ports::clock::Clock;
use app::ports::outbound::{Outbound, OutboundRequest, OutboundResponse, Purpose};
use domain::effect::{CallError, ErrorKind};
use domain::time::Timestamp;
use futures_util::StreamExt as _;
use models::import::{ImportFailure, import};
use models::known::{self, KnownModel};
use models::pull::{Progress, PullFailure, Puller};
use sha2::{Digest as _, Sha256};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the hub does with one request.
#[derive(Clone, Copy)]
enum Step {
    /// Answer what was asked for.
    Deliver,
    /// Break off after so many bytes.
    Break(usize),
    /// Answer the whole file whatever was asked for.
    IgnoreRange,
    /// An error status.
    Status(u16),
    /// No answer.
    Refuse(ErrorKind),
}

struct Hub {
    file: Vec<u8>,
    steps: Mutex<VecDeque<Step>>,
    asked: Mutex<Vec<(String, Option<String>)>>,
}

impl Hub {
    fn new(file: &[u8], steps: &[Step]) -> Arc<Self> {
        Arc::new(Self {
            file: file.to_vec(),
            steps: Mutex::new(steps.iter().copied().collect()),
            asked: Mutex::default(),
        })
    }

    fn ranges(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap().iter().map(|(_, range)| range.clone()).collect()
    }
}

#[async_trait::async_trait]
impl Outbound for Hub {
    async fn send(&self, request: OutboundRequest, purpose: Purpose) -> Result<OutboundResponse, CallError> {
        assert_eq!(purpose, Purpose::Registry);
        let range = request.headers.iter().find(|(name, _)| name == "range").map(|(_, value)| value.clone());
        self.asked.lock().unwrap().push((request.url.to_string(), range.clone()));
        let step = self.steps.lock().unwrap().pop_front().unwrap_or(Step::Deliver);
        let from = range
            .as_deref()
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        let from = if matches!(step, Step::IgnoreRange) { None } else { from };
        let body = &self.file[from.unwrap_or(0)..];
        let (status, body, broken) = match step {
            Step::Deliver | Step::IgnoreRange => (if from.is_some() { 206 } else { 200 }, body, false),
            Step::Break(bytes) => (if from.is_some() { 206 } else { 200 }, &body[..bytes], true),
            Step::Status(status) => (status, &b"no"[..], false),
            Step::Refuse(kind) => return Err(CallError::new(kind, "scripted", "scripted refusal")),
        };
        let mut chunks: Vec<Result<bytes::Bytes, CallError>> =
            body.chunks(7).map(|chunk| Ok(bytes::Bytes::copy_from_slice(chunk))).collect();
        if broken {
            chunks.push(Err(CallError::new(ErrorKind::Unavailable, "connection", "scripted break")));
        }
        let range = from.map(|from| {
            ("content-range".to_owned(), format!("bytes {from}-{}/{}", self.file.len() - 1, self.file.len()))
        });
        Ok(OutboundResponse {
            status,
            headers: range.into_iter().collect(),
            body: futures_util::stream::iter(chunks).boxed(),
        })
    }

    fn check_url(&self, url: &str, _purpose: Purpose) -> Result<url::Url, CallError> {
        Ok(url.parse().unwrap())
    }
}

struct NoWait;

#[async_trait::async_trait]
impl Clock for NoWait {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, _duration: Duration) {}
}

const FILE: &[u8] = b"GGUF and then a hundred million numbers, more or less";

fn model() -> KnownModel {
    let sha256: String = Sha256::digest(FILE).iter().map(|byte| format!("{byte:02x}")).collect();
    KnownModel {
        file: "small.gguf",
        bytes: FILE.len() as u64,
        sha256: Box::leak(sha256.into_boxed_str()),
        ..known::KNOWN[0]
    }
}

fn puller(hub: &Arc<Hub>, directory: &Path) -> Puller {
    Puller {
        outbound: Arc::<Hub>::clone(hub),
        clock: Arc::new(NoWait),
        hub: "https://hub.example/mirror/".parse().unwrap(),
        directory: directory.join("models"),
    }
}

#[tokio::test]
async fn a_model_is_fetched_once_with_progress_to_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let hub = Hub::new(FILE, &[]);
    let mut seen: Vec<Progress> = Vec::new();
    let path =
        puller(&hub, directory.path()).pull_known(&model(), |progress| seen.push(progress)).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), FILE);
    assert!(seen.windows(2).all(|pair| pair[0].done <= pair[1].done));
    assert_eq!(seen.last().unwrap().done, FILE.len() as u64);
    puller(&hub, directory.path()).pull_known(&model(), |_| {}).await.unwrap();
    assert_eq!(hub.ranges(), [None]);
    let url = hub.asked.lock().unwrap()[0].0.clone();
    assert!(url.starts_with("https://hub.example/mirror/QuantFactory/"), "{url}");
    assert!(url.ends_with("/small.gguf") && url.contains(model().revision), "{url}");
}

#[tokio::test]
async fn what_broke_off_goes_on_where_it_ended() {
    let directory = tempfile::tempdir().unwrap();
    let hub = Hub::new(FILE, &[Step::Break(10), Step::Status(503), Step::Break(11)]);
    let path = puller(&hub, directory.path()).pull_known(&model(), |_| {}).await.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), FILE);
    let from = |start: u64| Some(format!("bytes={start}-"));
    assert_eq!(hub.ranges(), [None, from(10), from(10), from(21)]);
}

#[tokio::test]
async fn a_later_pull_goes_on_too_and_a_hub_without_ranges_starts_anew() {
    let directory = tempfile::tempdir().unwrap();
    let refuse = Step::Refuse(ErrorKind::Unavailable);
    let hub = Hub::new(FILE, &[Step::Break(10), refuse, refuse, refuse, refuse]);
    let failure = puller(&hub, directory.path()).pull_known(&model(), |_| {}).await.unwrap_err();
    assert!(matches!(failure, PullFailure::Unreachable { done: 10, .. }), "{failure}");
    assert!(failure.to_string().contains("skep model import"), "{failure}");
    let hub = Hub::new(FILE, &[Step::IgnoreRange]);
    let path = puller(&hub, directory.path()).pull_known(&model(), |_| {}).await.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), FILE);
    assert_eq!(hub.ranges(), [Some("bytes=10-".to_owned())]);
}

#[tokio::test]
async fn other_bytes_are_never_put_into_place() {
    for wrong in
        [&b"GGUF but another file of exactly the same length!!!!!"[..], &[FILE, b"and more"].concat()[..]]
    {
        let directory = tempfile::tempdir().unwrap();
        let hub = Hub::new(wrong, &[]);
        let failure = puller(&hub, directory.path()).pull_known(&model(), |_| {}).await.unwrap_err();
        assert!(matches!(failure, PullFailure::WrongBytes { .. }), "{failure}");
        assert_eq!(std::fs::read_dir(directory.path().join("models")).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let hub = Hub::new(FILE, &[Step::Status(404)]);
    let failure = puller(&hub, directory.path()).pull_known(&model(), |_| {}).await.unwrap_err();
    assert!(matches!(failure, PullFailure::Refused { status: 404, .. }), "{failure}");
    let failure = puller(&hub, directory.path()).pull("nothing", |_| {}).await.unwrap_err();
    assert!(failure.to_string().contains("smollm2-135m"), "{failure}");
    let hub = Hub::new(FILE, &[Step::Refuse(ErrorKind::Denied)]);
    let failure = puller(&hub, directory.path()).pull_known(&model(), |_| {}).await.unwrap_err();
    assert!(matches!(failure, PullFailure::Unreachable { .. }), "{failure}");
    assert_eq!(hub.ranges().len(), 1);
}

#[tokio::test]
async fn two_pulls_do_not_write_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let models = directory.path().join("models");
    std::fs::create_dir_all(&models).unwrap();
    let other = std::fs::File::create(models.join("small.gguf.partial")).unwrap();
    other.try_lock().unwrap();
    let failure =
        puller(&Hub::new(FILE, &[]), directory.path()).pull_known(&model(), |_| {}).await.unwrap_err();
    assert!(matches!(failure, PullFailure::Locked { .. }), "{failure}");
}

#[test]
fn only_known_files_are_imported_without_being_told() {
    let directory = tempfile::tempdir().unwrap();
    let models = directory.path().join("models");
    let file = directory.path().join("mine.gguf");
    std::fs::write(&file, FILE).unwrap();
    assert!(matches!(import(&file, &models, false), Err(ImportFailure::Unknown { .. })));
    assert!(!models.exists());
    let imported = import(&file, &models, true).unwrap();
    assert_eq!((imported.name.as_str(), imported.known), ("mine", None));
    assert_eq!(known::installed(&models, "mine"), Some(imported.path));
    std::fs::write(&file, b"PK not a model").unwrap();
    assert!(matches!(import(&file, &models, true), Err(ImportFailure::NotGguf { .. })));
    assert_eq!(known::installed(&models, "../mine"), None);
    // Nobody runs other bytes under a name that is known.
    for name in [known::KNOWN[0].file.to_owned(), format!("{}.gguf", known::KNOWN[1].name)] {
        let file = directory.path().join(name);
        std::fs::write(&file, b"GGUF others").unwrap();
        assert!(matches!(import(&file, &models, true), Err(ImportFailure::TakenName { .. })), "{file:?}");
    }
    assert_eq!(known::installed(&models, known::KNOWN[0].name), None);
}
