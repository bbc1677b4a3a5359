use super::*;

const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000ff";

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn grant(capabilities: &str) -> String {
    format!("[[grant]]\nplugin = \"a@1.0.0\"\ndigest = \"{DIGEST}\"\ncapabilities = [{capabilities}]\n")
}

#[test]
fn several_files_add_up_and_grants_are_by_digest() {
    let folder = tempfile::tempdir().unwrap();
    let one = write(folder.path(), "one", &grant(r#"{ interface = "kv", quota = 10 }"#));
    let text = grant(r#"{ interface = "model", tiers = ["core"] }"#);
    let other = write(
        folder.path(),
        "other",
        &format!("{text}[source]\nallow_http = true\n[egress]\nallow = [\"*.internal\"]\n"),
    );
    let policy = Policy::load(&[one, other]).unwrap();
    assert_eq!(policy.granted(DIGEST.parse().unwrap()).len(), 2);
    assert_eq!(policy.granted(Digest([1; 32])), []);
    assert!(policy.allow_http && !policy.allow_file);
    assert_eq!(policy.egress_allow, ["*.internal"]);
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_one() {
    let folder = tempfile::tempdir().unwrap();
    for (text, expected) in [
        ("[[grants]]\n".to_owned(), "unknown key `grants`; did you mean `grant`?"),
        (
            "[source]\nallow_files = true\n".to_owned(),
            "unknown key `allow_files` in [source]; did you mean `allow_file`?",
        ),
        ("[egress]\ndeny = []\n".to_owned(), "unknown key `deny` in [egress]; known are allow"),
        (grant("").replace("plugin", "plugn"), "did you mean `plugin`?"),
        (
            grant(r#"{ interface = "kv", quota = 1, quotas = 2 }"#),
            "`quotas` in [grant.capabilities]; did you mean `quota`?",
        ),
        (grant(r#"{ interface = "http", hosts = [], method = [] }"#), "did you mean `methods`?"),
        (
            grant(
                r#"{ interface = "http", hosts = [], methods = [], credentials = [{ secret = "K", host = [] }] }"#,
            ),
            "`host` in [grant.capabilities.credentials]; did you mean `hosts`?",
        ),
        (
            grant(
                r#"{ interface = "http", hosts = [], methods = [], credentials = [{ secret = "K", hosts = [], placement = "cookie" }] }"#,
            ),
            "unknown variant `cookie`",
        ),
        (grant(r#"{ interface = "disk" }"#), "disk"),
        (grant("").replace("sha256:00", "sha256:0"), "digest"),
        ("[egress]\nallow = 1\n".to_owned(), "invalid type"),
        ("x".to_owned(), "policy"),
    ] {
        let path = write(folder.path(), "policy.toml", &text);
        let error = Policy::load(&[path]).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("policy.toml"), "{text}: {error}");
    }
    assert!(Policy::load(&[folder.path().join("none")]).unwrap_err().to_string().contains("none"));
}

#[test]
fn grants_follow_the_file_and_a_broken_file_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "policy.toml", "");
    let files = PolicyFiles::open(vec![path.clone()]).unwrap();
    let digest = DIGEST.parse().unwrap();
    assert_eq!(files.granted(digest), []);
    std::fs::write(&path, grant(r#"{ interface = "kv", quota = 10 }"#)).unwrap();
    files.reload().unwrap();
    assert_eq!(files.granted(digest).len(), 1);
    std::fs::write(&path, "[[grant").unwrap();
    assert!(files.reload().unwrap_err().contains("policy.toml"));
    assert_eq!(files.granted(digest).len(), 1);
}
