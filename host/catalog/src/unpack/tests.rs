#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
use super::*;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const DOCUMENT: &str = "---\nname: greeter\ndescription: >\n  Greets people.\nmetadata:\n  version: 1.2.0\nallowed-tools: a b\n---\n# Greet\n\nSay hello.\n";

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in entries {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn refused(bytes: Vec<u8>, reason: &str) {
    let broken = unpack(&bytes.into()).unwrap_err();
    assert!(broken.reason.contains(reason), "{:?} does not say {reason:?}", broken.reason);
}

/// In place of every `from` in the bytes; both have the same length.
fn replaced(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut count = 0;
    for at in 0..bytes.len().saturating_sub(from.len() - 1) {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
            count += 1;
        }
    }
    assert!(count > 0);
    bytes
}

#[test]
fn a_document_alone_is_a_package_at_the_top_or_in_the_only_folder() {
    assert_eq!(unpack(&DOCUMENT.into()).unwrap().document.unwrap().name, "greeter");
    for name in ["SKILL.md", "Greeter/SKILL.md"] {
        let other = name.replace("SKILL.md", "scripts/run.sh");
        let bytes = archive(&[(name, DOCUMENT.as_bytes()), (&other, b"rm -rf /")]);
        let unpacked = unpack(&bytes.into()).unwrap();
        assert_eq!(unpacked.component, None);
        let document = unpacked.document.unwrap();
        assert_eq!((document.name.as_str(), document.version.as_str()), ("greeter", "1.2.0"));
        assert_eq!(
            (document.description.as_str(), document.text.as_str()),
            ("Greets people.", "# Greet\n\nSay hello.")
        );
    }
}

#[test]
fn what_is_no_package_is_refused_with_its_reason() {
    refused(Vec::new(), "empty");
    refused(b"hello".to_vec(), "neither WebAssembly nor a zip");
    refused(b"PK\x03\x04 and no more".to_vec(), "no end record");
    refused(archive(&[("readme.txt", b"x")]), "neither SKILL.md nor plugin.wasm");
    refused(
        archive(&[("a/SKILL.md", DOCUMENT.as_bytes()), ("b/x", b"x")]),
        "neither SKILL.md nor plugin.wasm",
    );
    refused(archive(&[("plugin.wasm", b"\0asm\x01\0\0\0")]), "plugin.wasm: the file is a core module");
}

#[test]
fn names_that_lead_out_links_and_encrypted_entries_are_refused() {
    let file = || archive(&[("SKILL.md", DOCUMENT.as_bytes()), ("abcdefgh", b"x")]);
    for (name, reason) in [
        (b"../../ab", "`..` part"),
        (b"/etc/abc", "absolute"),
        (b"a//bcdef", "empty"),
        (b"a/./bcde", "`.`"),
        (b"a\\..\\bcd", "backslash"),
        (b"C:/abcde", "absolute"),
        (b"abc\0defg", "control character"),
        (b"\xff\xfeabcdef", "not UTF-8"),
    ] {
        refused(replaced(file(), b"abcdefgh", name), reason);
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("SKILL.md", SimpleFileOptions::default()).unwrap();
    writer.write_all(DOCUMENT.as_bytes()).unwrap();
    writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    refused(writer.finish().unwrap().into_inner(), "symbolic link");
    // The bit of encryption in both headers of the second entry.
    let mut encrypted = file();
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = (0..encrypted.len()).rfind(|at| encrypted[*at..].starts_with(signature)).unwrap();
        encrypted[at + flags] |= 1;
    }
    refused(encrypted, "is encrypted");
}

#[test]
fn a_name_may_be_there_once() {
    let twice = archive(&[("SKILL.md", DOCUMENT.as_bytes()), ("SKILL.mb", b"another")]);
    refused(replaced(twice, b"SKILL.mb", b"SKILL.md"), "may be there once");
    refused(archive(&[("SKILL.md", DOCUMENT.as_bytes()), ("skill.md", b"x")]), "may be there once");
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    refused(archive(&[("SKILL.md", DOCUMENT.as_bytes()), ("zeros", &vec![0; 9 << 20])]), "200 times");
    refused(archive(&[("SKILL.md", DOCUMENT.as_bytes()), ("zeros", &vec![0; 11 << 20])]), "at most 10485760");
    let names: Vec<String> = (0..1001).map(|index| format!("f{index}")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    refused(archive(&many), "at most 1000");
    // An entry that says less than it has: the size in both headers is a lie.
    let lying = archive(&[("SKILL.md", DOCUMENT.as_bytes()), ("noise", &noise(11 << 20))]);
    refused(replaced(lying, &(11_u32 << 20).to_le_bytes(), &16_u32.to_le_bytes()), "noise");
    let large: Vec<Vec<u8>> = (0..6).map(|_| noise(9 << 20)).collect();
    let names: Vec<String> = (0..large.len()).map(|index| format!("n{index}")).collect();
    let entries: Vec<(&str, &[u8])> =
        names.iter().zip(&large).map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    refused(archive(&entries), "more than 52428800");
}

/// Bytes that do not get smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

#[test]
fn a_document_says_what_it_lacks() {
    let long = format!("---\nname: a\ndescription: {}\n---\n", "x".repeat(1025));
    let huge = format!("{DOCUMENT}{}", "x".repeat(65_536));
    for (text, reason) in [
        ("# Greet", "must begin with front matter"),
        ("---\nname: a\n", "must begin with front matter"),
        ("---\ndescription: x\n---\n", "no `name`"),
        ("---\nname: A b\ndescription: x\n---\n", "lower-case"),
        ("---\nname: a\n---\n", "1 to 1024 characters"),
        ("---\nname: [a\n---\n", "cannot be read"),
        ("---\nname: a\ndescription: x\nversion: one\n---\n", "semantic version"),
        (long.as_str(), "1 to 1024 characters"),
        (huge.as_str(), "at most 65536"),
    ] {
        let reasons = document::parse(text.as_bytes()).unwrap_err();
        assert!(reasons.contains(reason), "{reasons:?} does not say {reason:?}");
    }
}
