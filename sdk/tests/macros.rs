//! What the attribute macros make of typed code: manifests, calls, errors.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use skep_sdk::manifest::Manifest;
use skep_sdk::prelude::*;
use skep_sdk::testing::Host;

fn manifest<M: Manifest>() -> Value {
    serde_json::from_str(&M::text()).unwrap()
}

/// A type without a schema is fine as an answer.
#[derive(serde::Serialize)]
struct Plain {
    words: usize,
}

#[derive(serde::Deserialize, Schema)]
struct Settings {
    /// Put before everything.
    prefix: String,
}

/// Does things
/// with words.
///
/// - first
/// - second
#[skill(
    name = "word-things",
    config = Settings,
    capabilities(
        files(read, paths("docs/"), "reads \"docs\""),
        http(hosts("a.example", "*.b.example"), methods("GET", "POST"), "asks"),
        http(
            hosts("c.example"),
            header("authorization", "KEY"),
            basic("ada", "PASSWORD"),
            json_pointer("/auth", "KEY"),
            "signs in"
        ),
        model("thinks"),
        kv(quota = 1024, "remembers"),
        tools(names("files.*"), "uses"),
        agents(names("*"), "talks"),
        secrets(names("KEY"), "signs"),
    ),
    limits(memory_mib = 32, wall_ms = 5000),
)]
mod words {
    use super::{Plain, Settings};

    /// Count words.
    #[tool(read_only)]
    fn count(
        /** What to count. */
        text: String,
    ) -> Plain {
        Plain { words: text.split(' ').count() }
    }

    /// Put the prefix before a text.
    #[tool(name = "pre-fix", idempotent, egress, retry = "safe")]
    fn prefix(
        context: &Context,
        /// The text.
        ///
        /// In two paragraphs.
        #[serde(rename = "theText")]
        #[schema(max_length = 10)]
        text: String,
    ) -> Result<String> {
        let Settings { prefix } = context.config()?;
        Ok(format!("{prefix}{text}"))
    }

    /// Do nothing, or fail.
    #[tool(destructive)]
    fn nothing(#[serde(default)] fail: bool) -> Result<()> {
        let number: u8 = if fail { "x" } else { "1" }.parse()?;
        helper(number);
        Ok(())
    }

    fn helper(_number: u8) {}
}

#[test]
fn the_manifest_says_what_the_code_says() {
    assert_eq!(
        manifest::<words::Plugin>(),
        json!({
            "abi": "0.1.0", "kind": "skill", "name": "word-things", "version": env!("CARGO_PKG_VERSION"),
            "description": "Does things with words.\n\n- first\n- second",
            "tools": [
                {
                    "name": "count", "description": "Count words.",
                    "schema": {
                        "type": "object",
                        "properties": {"text": {"description": "What to count.", "type": "string"}},
                        "required": ["text"], "additionalProperties": false,
                    },
                    "effects": {"readOnly": true, "idempotent": true, "destructive": false, "egress": false, "retry": "safe"},
                },
                {
                    "name": "pre-fix", "description": "Put the prefix before a text.",
                    "schema": {
                        "type": "object",
                        "properties": {"theText": {
                            "description": "The text.\n\nIn two paragraphs.", "type": "string", "maxLength": 10,
                        }},
                        "required": ["theText"], "additionalProperties": false,
                    },
                    "output": {"type": "string"},
                    "effects": {"readOnly": false, "idempotent": true, "destructive": false, "egress": true, "retry": "safe"},
                },
                {
                    "name": "nothing", "description": "Do nothing, or fail.",
                    "schema": {"type": "object", "properties": {"fail": {"type": "boolean"}}, "additionalProperties": false},
                    "output": {"type": "null"},
                    "effects": {"readOnly": false, "idempotent": false, "destructive": true, "egress": false, "retry": "never"},
                },
            ],
            "capabilities": [
                {"interface": "files", "reason": "reads \"docs\"", "access": "read", "paths": ["docs/"]},
                {"interface": "http", "reason": "asks", "hosts": ["a.example", "*.b.example"], "methods": ["GET", "POST"]},
                {"interface": "http", "reason": "signs in", "hosts": ["c.example"], "methods": ["GET"], "credentials": [
                    {"secret": "KEY", "hosts": ["c.example"], "placement": "header", "name": "authorization"},
                    {"secret": "PASSWORD", "hosts": ["c.example"], "placement": "basic", "name": "ada"},
                    {"secret": "KEY", "hosts": ["c.example"], "placement": "json-pointer", "name": "/auth"},
                ]},
                {"interface": "model", "reason": "thinks", "tiers": ["core", "pro", "ultra"]},
                {"interface": "kv", "reason": "remembers", "quota": 1024},
                {"interface": "tools", "reason": "uses", "names": ["files.*"]},
                {"interface": "agents", "reason": "talks", "names": ["*"]},
                {"interface": "secrets", "reason": "signs", "names": ["KEY"]},
            ],
            "config": {
                "type": "object",
                "properties": {"prefix": {"description": "Put before everything.", "type": "string"}},
                "required": ["prefix"], "additionalProperties": false,
            },
            "personalities": [],
            "limits": {"memoryMiB": 32, "wallMs": 5000},
        })
    );
}

/// Names that the macros could trip over.
#[skill]
mod names {
    #[derive(serde::Serialize, serde::Deserialize, Schema)]
    struct Arguments {
        arguments: String,
    }

    /// Takes its own type of the name that a macro would like.
    #[tool]
    fn arguments(arguments: Arguments, context: u8, tool: bool) -> Result<Arguments> {
        Ok(Arguments { arguments: format!("{} {context} {tool}", arguments.arguments) })
    }

    /// Gets the context.
    #[tool]
    fn context(r#type: String, answer: &Context) -> Result<String> {
        Ok(format!("{} {}", r#type, answer.task))
    }
}

#[test]
fn names_of_authors_and_macros_stay_apart() {
    let host = Host::new();
    let arguments = json!({"arguments": {"arguments": "a"}, "context": 1, "tool": true});
    let answer = host.call_tool::<names::Plugin>("arguments", arguments).unwrap();
    assert_eq!(answer, json!({"arguments": "a 1 true"}));
    let answer = host.call_tool::<names::Plugin>("context", json!({"type": "x"})).unwrap();
    assert_eq!(answer, "x task_000000000000");
}

#[test]
fn tools_are_called_by_name_with_typed_arguments() {
    let host = Host::new().config(json!({"prefix": "> "}));
    assert_eq!(
        host.call_tool::<words::Plugin>("count", json!({"text": "a b c"})).unwrap(),
        json!({"words": 3})
    );
    assert_eq!(host.call_tool::<words::Plugin>("pre-fix", json!({"theText": "x"})).unwrap(), "> x");
    assert_eq!(host.call_tool::<words::Plugin>("nothing", json!({})).unwrap(), Value::Null);
}

#[test]
fn calls_that_do_not_fit_say_why() {
    let host = Host::new();
    for (tool, arguments, kind, text) in [
        (
            "count",
            json!({}),
            ErrorKind::InvalidInput,
            "arguments of `count` do not fit: missing field `text`",
        ),
        ("count", json!({"text": 1}), ErrorKind::InvalidInput, "expected a string"),
        ("count", json!({"text": "", "more": 1}), ErrorKind::InvalidInput, "unknown field `more`"),
        (
            "prefix",
            json!({}),
            ErrorKind::NotFound,
            "there is no tool `prefix`; there are count, pre-fix, nothing",
        ),
        (
            "pre-fix",
            json!({"theText": "x"}),
            ErrorKind::InvalidInput,
            "configuration does not fit: missing field `prefix`",
        ),
        ("nothing", json!({"fail": true}), ErrorKind::InvalidInput, "invalid digit"),
    ] {
        let error = host.call_tool::<words::Plugin>(tool, arguments).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(text), "{error}");
    }
}

/// Two of them.
#[personality(capabilities(model(tiers("core"), "thinks"), files(read_write, "writes")))]
mod line {
    #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Schema)]
    pub(crate) struct Notes {
        text: String,
    }

    pub(crate) struct FirstAi;

    /// The first.
    impl Personality for FirstAi {
        type Review = Notes;

        fn research(brief: &Brief, _context: &Context) -> Result<Notes> {
            Ok(Notes { text: format!("{} in round {}", brief.task, brief.round) })
        }

        fn inspect(input: &InspectInput<Self>, _context: &Context) -> Result<Inspection<Notes>> {
            let details = Notes { text: input.research.text.to_uppercase() };
            Ok(Inspection::go(details).gate(Gate::of(
                "not-forbidden",
                input.brief.task != "forbidden",
                "read the task",
            )))
        }

        fn generate(input: &GenerateInput<Self>, _context: &Context) -> Result<Generation<Notes>> {
            let artifact = files::write_artifact("notes.txt", &input.inspect.details.text, "document")?;
            Ok(Generation::new(input.inspect.details.clone()).artifact(artifact).confidence(7.0))
        }

        fn review(input: &ReviewInput<Self>, _context: &Context) -> Result<Review<Self::Review>> {
            let same = input.generate.artifacts == input.optimize.artifacts;
            Ok(Review::accept(input.research.clone()).gate(Gate::of("same", same, "compared")))
        }
    }

    pub(crate) struct Other;

    /// The second.
    #[personality(id = "second")]
    impl Personality for Other {
        fn generate(input: &GenerateInput<Self>, _context: &Context) -> Result<Generation<Vec<String>>> {
            let first: Option<Notes> = input.brief.earlier("first-ai")?;
            Ok(Generation::new(first.into_iter().map(|notes| notes.text).collect()).confidence(0.5))
        }
    }
}

#[test]
fn a_plugin_may_have_several_personalities() {
    let manifest = manifest::<line::Plugin>();
    let personalities = manifest["personalities"].as_array().unwrap();
    let of = |index: usize, key: &str| personalities[index][key].as_str().unwrap().to_owned();
    assert_eq!((of(0, "id"), of(0, "description")), ("first-ai".to_owned(), "The first.".to_owned()));
    assert_eq!((of(1, "id"), of(1, "description")), ("second".to_owned(), "The second.".to_owned()));
    assert_eq!(manifest["description"], "Two of them.");
    let phases = personalities[0]["phases"].as_object().unwrap();
    // The order of keys depends on what else is built: serde_json keeps it or sorts.
    let mut names: Vec<&String> = phases.keys().collect();
    names.sort_unstable();
    assert_eq!(names, ["generate", "inspect", "optimize", "research", "review"]);
    assert_eq!(phases["review"]["properties"]["text"]["type"], "string");
    assert_eq!(personalities[1]["phases"]["generate"]["items"]["type"], "string");
}

#[test]
fn phases_get_what_earlier_phases_answered() {
    let host = Host::new();
    let outcome = host.run_personality::<line::Plugin>("first-ai", testing_brief("fix it")).unwrap();
    assert_eq!(outcome.inspect.details, r#"{"text":"FIX IT IN ROUND 1"}"#);
    let generate = outcome.generate.unwrap();
    assert_eq!((generate.confidence, generate.artifacts[0].kind.as_str()), (1.0, "document"));
    assert_eq!(generate.artifacts[0].sha256, skep_sdk::sha256(b"FIX IT IN ROUND 1"));
    assert_eq!(host.text("notes.txt").unwrap(), "FIX IT IN ROUND 1");
    let review = outcome.review.unwrap();
    assert_eq!((review.verdict, review.gates[0].status), (Verdict::Accept, GateStatus::Passed));
}

#[test]
fn a_failed_gate_turns_the_decision() {
    let host = Host::new();
    let outcome = host.run_personality::<line::Plugin>("first-ai", testing_brief("forbidden")).unwrap();
    assert_eq!(outcome.inspect.decision, Decision::NoGo);
    assert!(outcome.generate.is_none() && host.paths().is_empty());
}

#[test]
fn later_personalities_read_the_details_of_earlier_ones() {
    let host = Host::new();
    let mut brief = testing_brief("x");
    brief.earlier.push(Contribution {
        personality: "first-ai".into(),
        details: r#"{"text":"from the first"}"#.into(),
    });
    let outcome = host.run_personality::<line::Plugin>("second", brief.clone()).unwrap();
    assert_eq!(outcome.generate.unwrap().details, r#"["from the first"]"#);
    brief.earlier[0].details = r#"{"wrong":1}"#.into();
    let error = host.run_personality::<line::Plugin>("second", brief).unwrap_err();
    assert!(error.message.contains("the details of `first-ai` do not fit"), "{error}");
    let error = host.run_personality::<line::Plugin>("third", testing_brief("x")).unwrap_err();
    assert_eq!(error.message, "phase research: this plugin has no personality `third`");
}

#[test]
fn the_default_review_finds_a_changed_artifact() {
    mod liar {
        use skep_sdk::prelude::*;

        pub(crate) struct Liar;

        /// Says another digest.
        #[personality(id = "liar")]
        impl Personality for Liar {
            fn generate(_input: &GenerateInput<Self>, _context: &Context) -> Result<Generation<()>> {
                let mut artifact = files::write_artifact("a.txt", "a", "code")?;
                artifact.sha256 = skep_sdk::sha256(b"b");
                Ok(Generation::new(()).artifact(artifact))
            }
        }
    }
    let host = Host::new();
    let outcome = host.run_personality::<liar::Plugin>("liar", testing_brief("x")).unwrap();
    let review = outcome.review.unwrap();
    assert_eq!((review.verdict, review.gates[0].status), (Verdict::Rework, GateStatus::Failed));
}

fn testing_brief(task: &str) -> Brief {
    skep_sdk::testing::brief(task)
}

#[test]
fn scopes_are_ordered_and_unknown_ones_are_the_strictest() {
    let scope = |word: &str| Brief { scope: word.into(), ..testing_brief("x") }.scope();
    assert!(scope("demo") < scope("poc") && scope("poc") < scope("mvp") && scope("mvp") < scope("product"));
    assert_eq!((scope("production"), scope("heroic")), (Scope::Production, Scope::Production));
}
