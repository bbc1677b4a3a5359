//! Reading the manifest as the host will read it, so that what it would refuse fails here already.

use domain::manifest::{ABI, Manifest, is_name};
use serde_json::Value;

/// Reads and checks a manifest; the error is a fragment for an author.
pub(crate) fn parse(json: &[u8]) -> Result<Manifest, String> {
    let value: Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    // First of all: a manifest of another version may have another shape.
    let abi = value.get("abi").and_then(Value::as_str).ok_or("it does not say its ABI version (`abi`)")?;
    if abi != ABI {
        return Err(format!(
            "it is of plugin ABI {abi} and this skep builds for {ABI}; use the skep-sdk that belongs to this skep, or the other skep"
        ));
    }
    let manifest: Manifest = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if !is_name(&manifest.name) {
        return Err(format!(
            "`{}` is not a plugin name: a lowercase letter or digit, then at most 62 lowercase letters, digits and `-`",
            manifest.name
        ));
    }
    semver::Version::parse(&manifest.version)
        .map_err(|error| format!("`{}` is not a version such as 1.2.3: {error}", manifest.version))?;
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use domain::manifest::PluginKind;

    fn with_name(name: &str) -> String {
        format!(r#"{{"abi":"{ABI}","kind":"skill","name":"{name}","version":"1.2.3"}}"#)
    }

    #[test]
    fn a_manifest_needs_no_capabilities() {
        let manifest = parse(with_name("hello-2").as_bytes()).unwrap();
        assert_eq!(manifest.kind, PluginKind::Skill);
        assert!(manifest.capabilities.is_empty());
    }

    #[test]
    fn names_that_are_no_file_names_are_refused() {
        for bad in ["", "Hello", "../up", "a b", "a/b", "é", ".hidden", &"x".repeat(64)] {
            let error = parse(with_name(bad).as_bytes()).unwrap_err();
            assert!(error.contains("not a plugin name"), "{bad}: {error}");
        }
        assert!(parse(with_name(&"x".repeat(63)).as_bytes()).is_ok());
    }

    #[test]
    fn another_abi_version_is_told_before_anything_else_is_read() {
        let error = parse(br#"{"abi":"9.9.0","name":7}"#).unwrap_err();
        assert!(error.contains("ABI 9.9.0") && error.contains(ABI) && error.contains("skep-sdk"), "{error}");
    }

    #[test]
    fn what_the_host_could_not_read_is_refused() {
        for (bad, expected) in [
            (r#""kind":"gadget","name":"a","version":"1.0.0"}"#, "gadget"),
            (r#""kind":"skill","name":"a","version":"1.0"}"#, "not a version"),
            (r#""kind":"skill","name":"a"}"#, "version"),
            (r#""kind":"skill","name":"a","version":"1.0.0","capabilities":[{"reason":"x"}]}"#, "interface"),
            (
                r#""kind":"skill","name":"a","version":"1.0.0","capabilities":[{"interface":"files"}]}"#,
                "access",
            ),
        ] {
            let error = parse(format!(r#"{{"abi":"{ABI}",{bad}"#).as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{bad}: {error}");
        }
    }
}
