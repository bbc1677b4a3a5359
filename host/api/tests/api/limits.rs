//! Rate limits on a simulated clock, against a simple model of them.

use crate::support::{Answer, START, TestHost};
use app::ports::clock::Clock as _;
use domain::plan::{Plan, PlanLimits, Plans};
use domain::rate::Counted;
use domain::time::Timestamp;
use http::Method;
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;

/// What api.md says, as simply as it can be said: windows by their number, and nothing else.
#[derive(Default)]
struct Model {
    counts: HashMap<(&'static str, i64), u32>,
}

/// What the model expects of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    limit: u32,
    remaining: u32,
    reset: i64,
    /// Seconds until the window that refuses ends.
    refused: Option<i64>,
}

impl Model {
    fn request(
        &mut self,
        of: &'static str,
        windows: &[(&'static str, i64, u32)],
        now: Timestamp,
    ) -> Expected {
        let seconds = now.0 / 1000;
        let full =
            windows.iter().filter(|(name, length, limit)| self.count(of, name, seconds / length) >= *limit);
        let refused = full.map(|(_, length, _)| length - seconds % length).max();
        if refused.is_none() {
            for (name, length, _) in windows {
                *self.counts.entry((word(of, name), seconds / length)).or_default() += 1;
            }
        }
        let (name, length, limit) = windows[0];
        let remaining = limit.saturating_sub(self.count(of, name, seconds / length));
        Expected { limit, remaining, reset: (seconds / length + 1) * length, refused }
    }

    fn count(&self, of: &'static str, name: &'static str, number: i64) -> u32 {
        self.counts.get(&(word(of, name), number)).copied().unwrap_or(0)
    }
}

fn word(of: &'static str, name: &'static str) -> &'static str {
    match (of, name) {
        ("one", "hour") => "one hour",
        ("one", "minute") => "one minute",
        ("one", _) => "one quarter",
        (_, "hour") => "two hour",
        (_, "minute") => "two minute",
        _ => "two quarter",
    }
}

fn seen(answer: &Answer) -> Expected {
    let number =
        |name: &str| answer.header(name).parse::<i64>().unwrap_or_else(|error| panic!("{name}: {error}"));
    Expected {
        limit: u32::try_from(number("x-ratelimit-limit")).unwrap(),
        remaining: u32::try_from(number("x-ratelimit-remaining")).unwrap(),
        reset: number("x-ratelimit-reset"),
        refused: (answer.status == 429).then(|| number("retry-after")),
    }
}

/// The numbers of the document, written once more.
fn windows_of(plan: &str) -> [(&'static str, i64, u32); 2] {
    let (hour, minute) = match plan {
        "startup" => (1_000, 17),
        "growth" => (2_500, 42),
        "scale" => (5_000, 84),
        _ => (10_000, 167),
    };
    [("hour", 3600, hour), ("minute", 60, minute)]
}

/// xorshift: the same sequence in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[tokio::test]
async fn random_requests_are_answered_as_a_simple_model_says() {
    let host = TestHost::new().await;
    let (one, two) = (host.people().await, host.people().await);
    let mut dice = Dice(0x5eed);
    let mut model = Model::default();
    let mut plans = ["startup"; 2];
    let mut refused = 0;
    for _ in 0..4000 {
        let calm = dice.below(4) == 0;
        host.clock.advance(Duration::from_millis(dice.below(if calm { 4000 } else { 900 })));
        let second = dice.below(3) == 0;
        let (people, of) = if second { (&two, "two") } else { (&one, "one") };
        if dice.below(400) == 0 {
            let plan = ["startup", "growth", "scale", "enterprise"][usize::try_from(dice.below(4)).unwrap()];
            let path = format!("/api/v1/users/{}/tier", people.user);
            let changed =
                host.call(Method::PUT, &path).json(json!({ "tier": plan }).to_string()).send().await;
            assert_eq!(changed.status, 200, "{}", changed.text);
            plans[usize::from(second)] = plan;
        }
        // All keys of a user count together, well and badly used.
        let key = [&people.user_key, &people.agent_key, &people.sibling_key]
            [usize::try_from(dice.below(3)).unwrap()];
        let path = [
            "/v1/info",
            "/v1/nothing",
            "/api/v1/users",
            "/v1/agents/tasks",
            "/agents",
            "/api/agents/x",
            "/nothing",
        ][usize::try_from(dice.below(7)).unwrap()];
        let answer = host.get(path).key(Some(key)).send().await;
        let windows = windows_of(plans[usize::from(second)]);
        let expected = if path.starts_with("/v1/") || path.starts_with("/api/v1/") {
            model.request(of, &windows, host.now())
        } else {
            model.request(of, &[("quarter", 900, 1_000)], host.now())
        };
        assert_eq!(seen(&answer), expected, "{path} with the plan {}", plans[usize::from(second)]);
        refused += u32::from(expected.refused.is_some());
    }
    assert!(refused > 100, "the limits were hardly met: {refused}");
}

#[tokio::test]
async fn each_plan_admits_exactly_its_number_in_each_minute_and_in_the_hour() {
    let host = TestHost::new().await;
    for (number, plan) in Plan::ALL.into_iter().enumerate() {
        let user = domain::id::UserId(uuid::Uuid::from_u128(100 + number as u128));
        let [(_, _, per_hour), (_, _, per_minute)] = windows_of(plan.as_str());
        assert_eq!(host.now().0 % 3_600_000, 0);
        let mut hour = 0;
        for _ in 0..60 {
            let mut minute = 0;
            // All at once, and then no more until the next minute.
            for _ in 0..per_minute + 5 {
                let limits = host.app.settings.plans.of(plan);
                let verdict = host.app.rates.admit(user, Counted::Plan, limits).await.unwrap();
                minute += u32::from(verdict.retry_after.is_none());
            }
            hour += minute;
            assert!(
                minute == per_minute || hour == per_hour,
                "{plan:?}: {minute} in a minute, {hour} so far"
            );
            host.clock.advance(Duration::from_secs(60));
        }
        assert_eq!(hour, per_hour, "{plan:?}");
    }
}

#[tokio::test]
async fn a_refusal_has_the_body_of_its_surface() {
    let host = TestHost::with_settings(|settings| {
        let mut plans = Plans::default();
        plans.set(Plan::Startup, PlanLimits { per_hour: 3, per_minute: 2 });
        settings.plans = plans;
    })
    .await;
    let people = host.people().await;
    let get = |path: &'static str| host.get(path).key(Some(&people.user_key));
    host.clock.advance(Duration::from_millis(10_500));
    for path in ["/v1/info", "/api/v1/users/nobody"] {
        assert_ne!(get(path).send().await.status, 429);
    }
    // 10.5 s into the minute.
    let refused = get("/v1/info").send().await;
    assert_eq!(refused.status, 429);
    assert_eq!(
        seen(&refused),
        Expected { limit: 3, remaining: 1, reset: START.0 / 1000 + 3600, refused: Some(50) }
    );
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert_eq!(
        get("/api/v1/users").send().await.json().as_object().unwrap().keys().collect::<Vec<_>>(),
        ["error"]
    );
    let problem = get("/v1/info").header("accept", "application/problem+json").send().await;
    assert_eq!(
        (problem.header("content-type"), &problem.json()["status"]),
        ("application/problem+json", &json!(429))
    );
    // The refused minute took nothing from the hour: one is left, then the hour refuses.
    host.clock.advance(Duration::from_secs(60));
    assert_ne!(get("/v1/info").send().await.status, 429);
    let refused = get("/v1/info").send().await;
    assert_eq!(seen(&refused).refused, Some(3600 - 70), "{refused:?}");
    // Other surfaces count on their own, and an admin not at all; a larger plan counts at once.
    assert_eq!(get("/agents").send().await.header("x-ratelimit-remaining"), "999");
    let admin = host.get("/v1/info").send().await;
    assert_eq!((admin.status.as_u16(), admin.header("x-ratelimit-limit")), (200, ""));
    let path = format!("/api/v1/users/{}/tier", people.user);
    assert_eq!(host.call(Method::PUT, &path).json(r#"{"tier":"growth"}"#).send().await.status, 200);
    let more = get("/v1/info").send().await;
    assert_eq!((more.status.as_u16(), more.header("x-ratelimit-remaining")), (200, "2496"));
}

#[tokio::test]
async fn the_other_surfaces_have_one_limit_each_in_its_own_shape() {
    let host = TestHost::new().await;
    let people = host.people().await;
    for _ in 0..1000 {
        let verdict =
            host.app.rates.admit(people.user_id.parse().unwrap(), Counted::Other, Plan::Startup.limits());
        assert_eq!(verdict.await.unwrap().retry_after, None);
    }
    let until = 900 - host.clock.now().0 / 1000 % 900;
    for (path, pointer, text) in [
        ("/agents", "/success", json!(false)),
        ("/api/agents", "/error/code", json!("RATE_LIMIT_EXCEEDED")),
        ("/api/messaging/sessions", "/error/code", json!("RATE_LIMIT_EXCEEDED")),
        ("/api/agent/autonomy", "/code", json!("RATE_LIMITED")),
        ("/nothing", "/error", json!(null)),
    ] {
        let answer = host.get(path).key(Some(&people.agent_key)).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("retry-after")),
            (429, until.to_string().as_str()),
            "{path}"
        );
        let body = answer.json();
        let found = body.pointer(pointer).unwrap_or_else(|| panic!("{path}: {body}"));
        assert!(text.is_null() || *found == text, "{path}: {body}");
        let is_eliza = path.starts_with("/api/agents") || path.starts_with("/api/messaging");
        assert_eq!(answer.header("ratelimit-policy"), if is_eliza { "1000;w=900" } else { "" }, "{path}");
    }
}

#[tokio::test]
async fn every_answer_to_a_valid_key_tells_and_none_to_others() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let tells = |answer: &Answer| !answer.header("x-ratelimit-limit").is_empty();
    let key = Some(people.user_key.as_str());
    for call in [
        host.get("/v1/info").key(key),
        host.get("/v1/nothing").key(key),
        host.post("/v1/info").key(key),
        host.post("/v1/agents/tasks").key(key).json("{"),
        host.post("/v1/agents/tasks").key(key).header("content-type", "text/plain").raw("x"),
        host.get("/v1/info").key(key).header("x-skep-user", "default"),
        host.get("/metrics").key(key),
        host.get("/api/v1/users").key(Some(&people.agent_key)),
        host.call(Method::HEAD, "/v1/info").key(key),
    ] {
        let answer = call.send().await;
        assert!(tells(&answer), "{answer:?}");
    }
    for key in [None, Some("skep_aaaaaaaaaaaa_wrong"), Some(host.admin.as_str())] {
        assert!(!tells(&host.get("/v1/info").key(key).send().await), "{key:?}");
    }
}
