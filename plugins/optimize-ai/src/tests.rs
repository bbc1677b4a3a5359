#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::measure::{cost, functions};
use skep_sdk::testing::{self, Host, Outcome};

const SLOW: &str = "def common(left, right):\n    found = []\n    for a in left:\n        for b in right:\n            if a == b:\n                found.append(a)\n    return found\n";
const FAST: &str =
    "def common(left, right):\n    known = set(right)\n    return [a for a in left if a in known]\n";

fn brief(scope: &str) -> Brief {
    Brief {
        scope: scope.into(),
        files: vec!["sets.py".into(), "test_sets.py".into()],
        ..testing::brief("make common() faster")
    }
}

fn project() -> Host {
    Host::new().file("sets.py", SLOW).file("test_sets.py", "from sets import common\n")
}

fn scripted(host: Host, files: &Value) -> Host {
    host.model_answers(&json!({"waste": ["A loop in a loop."]}))
        .model_answers(&json!({"risks": ["Equal items."]}))
        .model_answers(&json!({"edits": [], "files": files, "summary": "common() looks up in a set."}))
        .model_answers(&json!({"next": "Nothing."}))
        .model_answers(&json!({"measure": "Time it."}))
}

fn run(host: &Host, brief: Brief) -> Outcome {
    host.run_personality::<Plugin>("optimize-ai", brief).unwrap()
}

fn gate(outcome: &Outcome, name: &str) -> Gate {
    let gates = &outcome.review.as_ref().unwrap().gates;
    gates.iter().find(|gate| gate.name == name).unwrap().clone()
}

fn file(text: &str) -> Value {
    json!([{"path": "sets.py", "content": text}])
}

#[test]
fn less_work_is_accepted_with_its_figures() {
    let host = scripted(project(), &file(FAST));
    let outcome = run(&host, brief("mvp"));
    let review = outcome.review.clone().unwrap();
    assert_eq!(review.verdict, Verdict::Accept, "{:?}", review.gates);
    let facts: Value = serde_json::from_str(&outcome.research.details).unwrap();
    assert!(
        facts["facts"]["hot"][0].as_str().unwrap().starts_with("sets.py:1: common: loops 2 deep"),
        "{facts}"
    );
    assert!(
        gate(&outcome, "not-worse").evidence.starts_with("sets.py: work 5 -> 1, "),
        "{:?}",
        gate(&outcome, "not-worse")
    );
    let measures: Value = serde_json::from_str(&outcome.optimize.unwrap().details).unwrap();
    assert_eq!(
        (&measures["measures"]["work_before"], &measures["measures"]["work_after"]),
        (&json!(5), &json!(1))
    );
}

#[test]
fn more_work_other_names_and_no_gain_are_sent_back() {
    let slower = SLOW.replace("            if a == b:", "            right.sort()\n            if a == b:");
    let renamed = FAST.replace("def common", "def both");
    let longer = SLOW.replace("    found = []\n", "    found = []\n    if left:\n        found = []\n");
    for (text, name, evidence) in [
        (&slower, "not-worse", "sets.py:5: a sort in a loop"),
        (&renamed, "interface-kept", "gone or called otherwise: sets.py: common"),
        (&longer, "improved", "work 5 -> 5"),
    ] {
        let host = scripted(project(), &file(text));
        let found = gate(&run(&host, brief("mvp")), name);
        assert!(found.is_failed() && found.evidence.contains(evidence), "{found:?}");
    }
}

#[test]
fn tests_are_left_alone_and_a_change_that_needs_others_fails() {
    let both = json!([{"path": "sets.py", "content": FAST}, {"path": "test_sets.py", "content": "pass\n"}]);
    let change = |files: &Value| json!({"edits": [], "files": files, "summary": "s"});
    for (second, fails) in [(&both, true), (&file(FAST), false)] {
        let host = project()
            .model_answers(&json!({"waste": []}))
            .model_answers(&json!({"risks": []}))
            .model_answers(&change(&both))
            .model_answers(&change(second))
            .model_answers(&json!({"next": "a"}))
            .model_answers(&json!({"measure": "a"}));
        let outcome = run(&host, brief("demo"));
        assert_eq!(host.text("test_sets.py").unwrap(), "from sets import common\n");
        assert_eq!(host.text("sets.py").unwrap(), FAST);
        assert_eq!(gate(&outcome, "tests-untouched").is_failed(), fails);
    }
}

#[test]
fn a_later_round_measures_against_before_the_task() {
    let slower = SLOW.replace("            if a == b:", "            right.sort()\n            if a == b:");
    let host = scripted(project(), &file(&slower));
    let first = run(&host, brief("mvp")).generate.unwrap().details;
    drop(host);
    let mut again = brief("mvp");
    again.round = 2;
    again.earlier.push(Contribution { personality: "optimize-ai".into(), details: first });
    // Only as good as before the task: better than the round before, and still no gain.
    let host = scripted(
        project().file("sets.py", &slower),
        &file(&SLOW.replace("found.append(a)", "found.append(b)")),
    );
    let outcome = run(&host, again);
    assert!(!gate(&outcome, "not-worse").is_failed());
    assert!(gate(&outcome, "improved").is_failed());
}

fn repeated(path: &str, text: &str) -> Vec<String> {
    cost(path, text).repeated
}

#[test]
fn loops_and_what_is_repeated_in_them_are_seen_in_each_language() {
    let depth = |path: &str, text: &str| cost(path, text).depth;
    assert_eq!(
        depth(
            "a.js",
            "function f(a) {\n  for (const x of a) {\n    a.forEach(y => {\n      g(y);\n    });\n  }\n}\n"
        ),
        2
    );
    assert_eq!(
        depth(
            "a.rs",
            "fn f<'a>(a: &'a [u8]) {\n    for x in a {\n        while true {\n        }\n    }\n    if x == '{' {\n    }\n}\n"
        ),
        2
    );
    assert_eq!(
        depth(
            "a.go",
            "func f() {\n\tfor i := 0; i < n; i++ {\n\t\tg(i)\n\t}\n\tfor _, x := range y {\n\t}\n}\n"
        ),
        1
    );
    assert_eq!(
        depth(
            "a.java",
            "class A {\n  int f(int a) {\n    for (int i = 0; i < a; i++) {\n      while (b) {\n        for (;;) { }\n      }\n    }\n  }\n}\n"
        ),
        3
    );
    assert_eq!(depth("a.py", "def f(a):\n    return [x for y in a for x in y]\n"), 2);
    for (path, text, what) in [
        ("a.py", "for row in rows:\n    cursor.execute(sql, row)\n", "a.py:2: a query in a loop"),
        ("a.py", "for row in rows:\n    text += str(row)\n", "a.py:2: a text that grows in a loop"),
        ("a.py", "while True:\n    p = re.compile('a')\n", "a.py:2: a pattern compiled in a loop"),
        ("a.js", "for (const x of y) {\n  out = out + \"a\";\n}\n", "a.js:2: a text that grows in a loop"),
        ("a.js", "for (const x of y) {\n  const r = await fetch(x);\n}\n", "a.js:2: a request in a loop"),
        (
            "a.rs",
            "fn f() {\n    for x in y {\n        let p = Regex::new(x);\n    }\n}\n",
            "a.rs:3: a pattern compiled in a loop",
        ),
    ] {
        assert_eq!(repeated(path, text), [what], "{text}");
    }
    for (path, text) in [
        ("a.py", "rows = cursor.execute(sql)\nfor row in sorted(rows):\n    n += 1\n"),
        ("a.py", "for row in rows:\n    total += row.price\n"),
        ("a.py", "\"\"\"\nfor x in y:\n    open(x)\n\"\"\"\n"),
        ("a.js", "for (const x of y.sort()) {\n  n += 1;\n}\n"),
    ] {
        assert_eq!(repeated(path, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn functions_are_told_apart() {
    let names = |path: &str, text: &str| {
        functions(path, text).into_iter().skip(1).map(|one| (one.name, one.lines)).collect::<Vec<_>>()
    };
    assert_eq!(
        names("a.py", "x = 1\ndef a():\n    return 1\n\nclass B:\n    def b(self):\n        pass\n"),
        [("a".to_owned(), 2), ("b".to_owned(), 2)]
    );
    let js = names("a.js", "function a(x) {\n  return 1;\n}\nconst b = (y) => {\n  return y;\n};\n");
    assert_eq!(js.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let go = names("a.go", "func (t *T) Walk(n int) error {\n}\n");
    assert_eq!(go[0].0, "Walk");
}
