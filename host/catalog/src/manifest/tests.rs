use super::*;
use domain::manifest::PluginKind;
use wasm_encoder::{Component, CustomSection, Module, ModuleSection, NestedComponentSection};

const HELLO: &str = r#"{"abi":"0.1.0","kind":"skill","name":"hello","version":"1.0.0","tools":[{"name":"greet","schema":{}}]}"#;

fn custom(text: &str) -> CustomSection<'_> {
    CustomSection { name: SECTION.into(), data: text.as_bytes().into() }
}

fn component(sections: &[&str]) -> Vec<u8> {
    let mut component = Component::new();
    sections.iter().for_each(|section| {
        component.section(&custom(section));
    });
    let mut module = Module::new();
    module.section(&CustomSection { name: "other".into(), data: [1, 2, 3].as_slice().into() });
    component.section(&ModuleSection(&module));
    component.finish()
}

#[test]
fn a_component_with_one_section_gives_its_manifest() {
    let manifest = read(&component(&[HELLO])).unwrap();
    assert_eq!((manifest.kind, manifest.id().as_str()), (PluginKind::Skill, "hello@1.0.0"));
}

#[test]
fn a_section_in_a_nested_module_or_component_counts() {
    let mut module = Module::new();
    module.section(&custom(HELLO));
    let mut inner = Component::new();
    inner.section(&ModuleSection(&module));
    let mut nested = Component::new();
    nested.section(&NestedComponentSection(&inner));
    assert!(read(&nested.clone().finish()).is_ok());
    nested.section(&custom(HELLO));
    assert_eq!(read(&nested.finish()), Err(ManifestError::SeveralSections(2)));
}

#[test]
fn what_is_not_a_component_is_named_with_what_to_do() {
    let mut module = Module::new();
    module.section(&custom(HELLO));
    assert!(read(&module.finish()).unwrap_err().to_string().contains("skep build"));
    assert_eq!(read(b"hello"), Err(ManifestError::NotWasm));
    assert_eq!(read(&component(&[])), Err(ManifestError::NoSection));
    assert_eq!(read(&component(&[HELLO, HELLO])), Err(ManifestError::SeveralSections(2)));
    let long = format!("{HELLO}{}", " ".repeat(SECTION_LIMIT));
    assert_eq!(read(&component(&[&long])), Err(ManifestError::SectionTooLarge(long.len())));
    assert!(matches!(read(&vec![0; (FILE_LIMIT + 1) as usize]), Err(ManifestError::FileTooLarge(_))));
}

#[test]
fn a_file_cut_anywhere_is_never_another_plugin() {
    let whole = component(&[HELLO]);
    let expected = read(&whole).unwrap();
    for length in 0..whole.len() {
        match read(&whole[..length]) {
            Err(ManifestError::Damaged(_) | ManifestError::NoSection) => {}
            // Cut between two sections it is a shorter component; compiling it finds what is missing.
            Ok(manifest) => assert_eq!(manifest, expected),
            other => panic!("{length}: {other:?}"),
        }
    }
}

#[test]
fn another_abi_is_named_with_both_versions_before_the_rest_is_read() {
    let error = read(&component(&[r#"{"abi":"0.9.0","kind":"gadget","shape":"unknown"}"#])).unwrap_err();
    assert_eq!(error, ManifestError::OtherAbi { found: "0.9.0".into() });
    assert!(error.to_string().contains("0.9.0") && error.to_string().contains(ABI), "{error}");
}

#[test]
fn manifests_of_another_shape_are_refused_with_the_place() {
    let replaced = |from: &str, to: &str| HELLO.replace(from, to);
    for (text, expected) in [
        ("{}".to_owned(), "missing field `abi`"),
        ("not json".to_owned(), "cannot be read"),
        (format!("{HELLO}{HELLO}"), "trailing characters"),
        (replaced("\"skill\"", "\"gadget\""), "unknown variant `gadget`"),
        (replaced("hello", "Hello"), "\"Hello\""),
        (replaced("hello", "../up"), "\"../up\""),
        (replaced("hello", "550e8400-e29b-41d4-a716-446655440000"), "UUID"),
        (replaced("1.0.0\"", "1.0\""), "semantic version"),
        (replaced("greet", "a b"), "\"a b\""),
        (replaced("\"schema\":{}", "\"schema\":1"), "not a JSON object"),
        (replaced("[{", "[{\"name\":\"greet\",\"schema\":{}},{"), "twice"),
        (replaced("[{\"name\":\"greet\",\"schema\":{}}]", "[]"), "at least one tool"),
        (replaced("skill", "step"), "only a skill has tools"),
        (replaced("\"tools\"", "\"personalities\":[{\"id\":\"list\"}],\"tools\""), "reserved"),
        (replaced("\"tools\"", "\"capabilities\":[{\"interface\":\"disk\"}],\"tools\""), "disk"),
    ] {
        let error = read(&component(&[&text])).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}
