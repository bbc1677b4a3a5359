//! The ABI is documented in the ABI itself: everything that an author can name says what it is.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;
use wit_parser::{Docs, Resolve, TypeDefKind};

/// Whatever has no documentation, as `interface.item`.
fn undocumented(text: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in text {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let mut resolve = Resolve::default();
    resolve.push_dir(folder.path()).unwrap();
    let mut missing = Vec::new();
    let mut see = |docs: &Docs, name: String| {
        if docs.contents.as_deref().is_none_or(|text| text.trim().is_empty()) {
            missing.push(name);
        }
    };
    for (_, world) in &resolve.worlds {
        see(&world.docs, world.name.clone());
    }
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.clone().unwrap_or_default();
        see(&interface.docs, name.clone());
        for function in interface.functions.values() {
            see(&function.docs, format!("{name}.{}", function.name));
        }
        for id in interface.types.values() {
            let kind = &resolve.types[*id];
            let type_name = format!("{name}.{}", kind.name.clone().unwrap_or_default());
            // `use types.{error}` has the documentation of what it names.
            let used = matches!(&kind.kind, TypeDefKind::Type(wit_parser::Type::Id(_)));
            if !used {
                see(&kind.docs, type_name.clone());
            }
            match &kind.kind {
                TypeDefKind::Record(record) => {
                    record
                        .fields
                        .iter()
                        .for_each(|field| see(&field.docs, format!("{type_name}.{}", field.name)));
                }
                TypeDefKind::Enum(kinds) => {
                    kinds.cases.iter().for_each(|case| see(&case.docs, format!("{type_name}.{}", case.name)));
                }
                TypeDefKind::Variant(variant) => {
                    variant
                        .cases
                        .iter()
                        .for_each(|case| see(&case.docs, format!("{type_name}.{}", case.name)));
                }
                _ => {}
            }
        }
    }
    missing
}

#[test]
fn everything_in_the_abi_says_what_it_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/0.1.0");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let texts = ["types.wit", "host.wit", "guest.wit"].map(|name| (name, read(name)));
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(undocumented(&texts), Vec::<String>::new());
}

#[test]
fn what_says_nothing_is_found() {
    let text = "package a:b;\n/// An interface.\ninterface c {\n    enum d { e }\n    /// A record.\n    record f { g: u8 }\n    h: func();\n}\n";
    assert_eq!(undocumented(&[("a.wit", text)]), ["c.h", "c.d", "c.d.e", "c.f.g"]);
}
