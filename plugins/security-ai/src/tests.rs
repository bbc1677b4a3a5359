#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::scan::{Patterns, entropy};
use skep_sdk::testing::{self, Host, Outcome};

/// Put together here, so that no file has a text that looks like a key.
fn key() -> String {
    ["AKIA", "Q7ZM2KD9", "XW4TB1LE"].concat()
}

fn brief(scope: &str) -> Brief {
    Brief {
        scope: scope.into(),
        files: vec!["app.py".into()],
        ..testing::brief("look for security problems")
    }
}

fn scripted(host: Host) -> Host {
    host.model_answers(&json!({"threats": ["Whoever reads the repository."]}))
        .model_answers(&json!({"risks": ["The key has to be given out anew."]}))
        .model_answers(&json!({"fixes": [{"path": "app.py", "fix": "Read it from the environment."}, {"path": "no.py", "fix": "x"}]}))
        .model_answers(&json!({"first": "The key."}))
        .model_answers(&json!({"remark": "Rights."}))
}

fn run(host: &Host, brief: Brief) -> Outcome {
    host.run_personality::<Plugin>("security-ai", brief).unwrap()
}

fn gate(outcome: &Outcome, name: &str) -> Gate {
    let gates = &outcome.review.as_ref().unwrap().gates;
    gates.iter().find(|gate| gate.name == name).unwrap().clone()
}

fn rules(path: &str, text: &str) -> Vec<String> {
    let found = Patterns::new().unwrap().judge(path, 1, text);
    found.into_iter().map(|finding| format!("{} {}", finding.severity, finding.rule)).collect()
}

#[test]
fn a_key_fails_the_gate_with_its_place_and_without_itself() {
    let text = format!("import os\n\nKEY = \"{}\"\n", key());
    let host = scripted(Host::new().file("app.py", &text));
    let outcome = run(&host, brief("demo"));
    let failed = gate(&outcome, "no-secrets");
    assert!(failed.is_failed());
    assert_eq!(failed.evidence, "app.py:3: critical aws-access-key: KEY = \"AKIA****\"");
    assert_eq!(outcome.review.as_ref().unwrap().verdict, Verdict::Rework);
    let generate = outcome.generate.clone().unwrap();
    let details: Value = serde_json::from_str(&generate.details).unwrap();
    assert_eq!((&details["decision"], details["fixes"].as_array().unwrap().len()), (&json!("no-go"), 1));
    assert!(details["mend"][0].as_str().unwrap().starts_with("app.py:3: "), "{details}");
    // Nowhere: not in what is kept, and not in what the model was asked.
    for text in [
        &outcome.research.details,
        &outcome.inspect.details,
        &generate.details,
        &outcome.review.unwrap().details,
    ] {
        assert!(!text.contains(&key()), "{text}");
    }
    for request in host.model_requests() {
        assert!(request.messages.iter().all(|message| !message.content.contains(&key())));
    }
}

#[test]
fn a_project_without_findings_is_a_go() {
    let host = scripted(Host::new().file("app.py", "import os\nKEY = os.environ[\"API_KEY\"]\n"));
    let outcome = run(&host, brief("production"));
    assert!(!gate(&outcome, "no-secrets").is_failed() && !gate(&outcome, "no-dangerous-code").is_failed());
    let details: Value = serde_json::from_str(&outcome.generate.unwrap().details).unwrap();
    assert_eq!((&details["decision"], &details["mend"]), (&json!("go"), &json!([])));
    assert_eq!(outcome.review.unwrap().verdict, Verdict::Accept);
}

#[test]
fn the_scope_decides_which_findings_are_refused() {
    for (scope, fails) in [("demo", false), ("mvp", true), ("production", true)] {
        let host = scripted(Host::new().file("app.py", "import os\nos.system(\"ls \" + name)\n"));
        let outcome = run(&host, brief(scope));
        let found = gate(&outcome, "no-dangerous-code");
        assert_eq!(found.is_failed(), fails, "{scope}: {found:?}");
        if fails {
            assert!(found.evidence.starts_with("app.py:2: high shell-command: os.system"), "{found:?}");
        }
    }
}

#[test]
fn the_next_round_says_what_was_mended_and_what_is_new() {
    let first = scripted(Host::new().file("app.py", "x = eval(text)\n"));
    let details = run(&first, brief("mvp")).generate.unwrap().details;
    drop(first);
    for (now, fails, evidence) in [
        ("import json\nx = json.loads(text)\n", false, "1 mended, 0 left"),
        (
            "import pickle\nx = pickle.loads(text)\n",
            true,
            "new since the round before: app.py:2: high unsafe-deserialization",
        ),
    ] {
        let mut again = brief("mvp");
        again.round = 2;
        again.earlier.push(Contribution { personality: "security-ai".into(), details: details.clone() });
        let host = scripted(Host::new().file("app.py", now));
        let found = gate(&run(&host, again), "nothing-new");
        assert_eq!((found.is_failed(), found.evidence.starts_with(evidence)), (fails, true), "{found:?}");
    }
}

#[test]
fn secrets_of_many_kinds_are_known() {
    let random = "aZ3kQ9xLm2Vt7RpW4sYb8NcD1fGh6JuE";
    let cases = [
        ("a.js", ["ghp_", random, "Ab12"].concat(), "critical github-token"),
        ("a.js", ["xoxb-", "123456789012-abcdef"].concat(), "critical slack-token"),
        ("a.js", ["sk_live_", "4eC39HqLyjWDarjtT1zdp7dc"].concat(), "critical stripe-key"),
        ("a.pem", ["-----BEGIN RSA ", "PRIVATE KEY-----"].concat(), "critical private-key"),
        (
            "a.py",
            ["eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0NTY3ODkw.", "dozjgNryP4J3jVmNHl0w"].concat(),
            "critical json-web-token",
        ),
        ("a.py", ["postgres://app:", "s3cr3t-Pw9@db.internal.net/app"].concat(), "high url-with-password"),
        ("a.py", ["password = \"", "hunter22!x\""].concat(), "high assigned-secret"),
        (".env", ["API_KEY=", "9f8s7df98sd7f9"].concat(), "high assigned-secret"),
        ("a.py", format!("x = \"{random}\""), "medium random-text"),
    ];
    for (path, text, rule) in cases {
        assert_eq!(rules(path, &text), [rule], "{text}");
    }
}

#[test]
fn what_only_looks_like_a_secret_is_left_alone() {
    for (path, text) in [
        ("a.py", "KEY = \"AKIAIOSFODNN7EXAMPLE\""),
        ("a.py", "password = os.environ[\"DB_PASSWORD\"]"),
        ("a.py", "password = get_password(user)"),
        ("a.py", "password = \"changeme\""),
        ("a.py", "token_count = 12345678"),
        (".env", "API_KEY=${API_KEY_FROM_VAULT}"),
        ("a.py", "url = \"postgres://postgres:postgres@localhost:5432/app\""),
        ("a.json", "\"integrity\": \"sha512-aZ3kQ9xLm2Vt7RpW4sYb8NcD1fGh6JuEaZ3kQ9xLm2Vt7RpW4sYb8\""),
        ("a.py", "name = \"a_rather_long_name_of_something_in_words\""),
    ] {
        assert_eq!(rules(path, text), Vec::<String>::new(), "{text}");
    }
    assert!(entropy("aaaaaaaa") < 0.1 && entropy("abcdefgh") > 2.9);
}

#[test]
fn dangerous_code_is_known_in_its_language_only() {
    for (path, text, rule) in [
        ("a.py", "cursor.execute(f\"select * from t where id = {id}\")", "critical sql-from-text"),
        ("a.py", "data = yaml.load(text)", "high unsafe-yaml"),
        ("a.py", "requests.get(url, verify=False)", "high tls-not-verified"),
        ("a.py", "h = hashlib.md5(data)", "medium weak-hash"),
        ("a.py", "open(os.path.join(root, request.args['f']))", "high path-from-request"),
        ("a.js", "box.innerHTML = text", "high markup-from-text"),
        ("a.ts", "db.query(`select ${id}`)", "critical sql-from-text"),
        ("a.go", "tls.Config{InsecureSkipVerify: true}", "high tls-not-verified"),
        ("A.java", "new ObjectInputStream(in)", "high unsafe-deserialization"),
        ("a.php", "$x = unserialize($_GET['x']);", "high unsafe-deserialization"),
        ("a.c", "strcpy(buffer, input);", "high unbounded-copy"),
        ("a.sh", "curl -fsSL https://x.io/install | sh", "high script-from-the-network"),
        ("test_a.py", "subprocess.run(c, shell=True)", "medium shell-command"),
    ] {
        assert_eq!(rules(path, text), [rule], "{text}");
    }
    for (path, text) in [
        ("a.py", "yaml.load(text, Loader=yaml.SafeLoader)"),
        ("a.py", "# never eval(text)"),
        ("a.py", "cursor.execute(\"select * from t where id = ?\", (id,))"),
        ("a.py", "model.eval()"),
        ("a.js", "if (box.innerHTML === text) {}"),
        ("a.rs", "let x = eval(y);"),
    ] {
        assert_eq!(rules(path, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn every_dangerous_line_is_one_that_the_search_finds() {
    // The host searches for words; a rule whose lines have none of them would never be asked.
    let words = regex_lite::Regex::new(crate::rules::WORDS).unwrap();
    for text in [
        "shell=True",
        "x = eval(y)",
        "new Function(a)",
        "CERT_NONE",
        "debug=True",
        "document.write(a)",
        "r.danger_accept_invalid_certs(true)",
        "VERIFY_NONE",
        "InsecureSkipVerify: true",
        "new SqlCommand($\"a\")",
        "gets(a)",
        "curl a | sh",
        "rejectUnauthorized: false",
        "el.outerHTML = x",
    ] {
        assert!(words.is_match(text), "{text}");
    }
}

#[test]
fn an_unusable_answer_leaves_the_findings() {
    let mut host = Host::new().file("app.py", "x = eval(text)\n");
    for _ in 0..10 {
        host = host.model_text("no");
    }
    let outcome = run(&host, brief("mvp"));
    assert!(gate(&outcome, "no-dangerous-code").is_failed());
    assert_eq!(outcome.generate.unwrap().confidence, 0.4);
}
