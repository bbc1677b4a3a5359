use super::*;

fn names(path: &str, text: &str) -> Vec<String> {
    items(path, text).into_iter().map(|item| format!("{}{}", item.name, item.form)).collect()
}

#[test]
fn public_names_of_each_language_are_read() {
    assert_eq!(
        names(
            "a.rs",
            "pub struct A;\nimpl A {\n    pub fn new(\n        name: &str,\n    ) -> Self {\n    }\n    fn own() {}\n}\npub const fn two(a: u8) -> u8 { a }\npub(crate) fn no() {}\nimpl Clone for A {\n    fn clone(&self) -> A {}\n}\n"
        ),
        ["A", "A::new(name: &str) -> Self", "two(a: u8) -> u8"]
    );
    assert_eq!(
        names(
            "a.py",
            "def add(a, b=1):\n    def inner(): pass\nclass List:\n    \"\"\"Doc.\"\"\"\n    def __init__(self, path):\n        pass\n    async def save(self) -> None:\n        pass\n    def _own(self): pass\ndef _no(): pass\n"
        ),
        ["List", "List.__init__(self, path)", "List.save(self)", "add(a, b=1)"]
    );
    assert_eq!(
        names(
            "a.js",
            "export function slug(text, max = 10) {\n}\nexport const low = (a) => a;\nfunction c(x) {}\nmodule.exports = { c, d };\nexport { e as f };\n"
        ),
        ["c(x)", "d", "f", "low(a)", "slug(text, max = 10)"]
    );
    assert_eq!(
        names(
            "a.go",
            "func Add(a int) (int, error) {\nfunc own() {\nfunc (t *Tree) Walk() {\ntype Tree struct {\n"
        ),
        ["Add(a int) (int, error)", "Tree", "Tree.Walk()"]
    );
    assert_eq!(
        names(
            "A.java",
            "public class A {\n    public static int add(int a, int b) {\n    private void no() {}\n"
        ),
        ["A", "A.add(int a, int b)"]
    );
    assert_eq!(names("web/package.json", "{\"version\":\"1.2.0\"}"), ["version1.2.0"]);
    assert_eq!(
        names(
            "Cargo.toml",
            "[dependencies]\nversion = \"3\"\n[package]\nname = \"a\"\nversion = \"0.1.0\"\n"
        ),
        ["version0.1.0"]
    );
    assert_eq!(names("test_a.py", "def test_one(): pass\n"), Vec::<String>::new());
}

fn difference(before: &str, after: &str) -> Difference {
    compare("a.py", &items("a.py", before), &items("a.py", after))
}

#[test]
fn what_users_have_to_change_is_told_from_what_is_more() {
    let gone = difference("def a(x): pass\ndef b(): pass\n", "def a(x): pass\n");
    assert_eq!((gone.removed.clone(), gone.is_breaking()), (vec!["b".to_owned()], true));
    let renamed = difference("def overdue(items, day): pass\n", "def late(items, day): pass\n");
    assert_eq!(
        (renamed.renamed.clone(), renamed.broken()),
        (vec!["overdue -> late".to_owned()], vec!["overdue"])
    );
    let more = difference("def a(x): pass\n", "def a(x, y=1): pass\ndef c(): pass\n");
    assert_eq!((more.added.clone(), more.is_breaking()), (vec!["a(x, y=1)".to_owned(), "c".into()], false));
    for after in ["def a(x, y): pass\n", "def a(y, x=1): pass\n", "def a(): pass\n"] {
        let changed = difference("def a(x): pass\n", after);
        assert_eq!(changed.broken(), ["a"], "{after}");
    }
    assert!(difference("def a(x=1): pass\n", "def a(x): pass\n").is_breaking());
    let rust = |before: &str, after: &str| compare("a.rs", &items("a.rs", before), &items("a.rs", after));
    assert!(rust("pub fn a() -> u8 {}\n", "pub fn a() -> u16 {}\n").is_breaking());
    assert!(!rust("pub fn a() -> u8 {}\n", "pub fn a() -> u8 { 1 }\n").is_breaking());
}
