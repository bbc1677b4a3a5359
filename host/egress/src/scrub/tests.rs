#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use data_encoding::{BASE64, BASE64URL, HEXUPPER};
use domain::secret::SecretValue;
use url::form_urlencoded;

fn scrubber(value: &str) -> Scrubber {
    let credential = Credential::Basic { user: "ada".into(), secret: "KEY".into() };
    Scrubber::new(&[Attachment { credential, value: SecretValue::new(value.to_owned()) }])
}

/// Values with everything that is escaped somewhere.
const VALUES: [&str; 6] = [
    "canary-0123456789-abcdef",
    "a/b+c=d&e f?g#h%41\"i'j<k>l\\m",
    "line\none\ttwo",
    "ключ-🗝-é",
    "\\\\%25%2541&amp;",
    "sk_live_51H8x9",
];

fn percent_all(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn unicode_all(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn entities(text: &str) -> String {
    text.chars().map(|character| format!("&#x{:X};", u32::from(character))).collect()
}

/// The forms in which servers show what they were sent.
fn forms(value: &str) -> Vec<String> {
    let once = serde_json::to_string(value).unwrap();
    let twice = serde_json::to_string(&once).unwrap();
    let form: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let basic = BASE64.encode(format!("ada:{value}").as_bytes());
    vec![
        value.to_owned(),
        once.trim_matches('"').to_owned(),
        twice.clone(),
        serde_json::to_string(&twice).unwrap(),
        form.clone(),
        form.replace('%', "%25"),
        percent_all(value),
        percent_all(value).to_lowercase(),
        unicode_all(value),
        entities(value),
        value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
        value.replace('/', "\\/"),
        HEXLOWER.encode(value.as_bytes()),
        HEXUPPER.encode(value.as_bytes()),
        BASE64.encode(value.as_bytes()),
        BASE64URL.encode(value.as_bytes()),
        BASE64.encode(format!("x{value}y").as_bytes()),
        BASE64.encode(format!("xy{value}").as_bytes()),
        BASE64URL_NOPAD.encode(format!("xyz{value}yz").as_bytes()),
        form_urlencoded::byte_serialize(basic.as_bytes()).collect(),
        basic,
    ]
}

#[test]
fn a_value_is_found_in_each_form() {
    for value in VALUES {
        for form in forms(value) {
            let text = format!("before {form} and after, and {form}");
            let clean =
                scrubber(value).scrub(text.as_bytes()).unwrap_or_else(|| panic!("{value:?} as {form:?}"));
            let clean = String::from_utf8(clean).unwrap();
            assert!(clean.starts_with("before ") && clean.contains("****"), "{clean}");
            assert!(!clean.contains(&form), "{value:?} as {form:?} in {clean:?}");
            assert_eq!(scrubber(value).scrub(clean.as_bytes()), None, "{clean}");
        }
    }
}

#[test]
fn what_is_not_the_value_stays_byte_for_byte() {
    let scrubber = scrubber("canary-0123456789-abcdef");
    let mut text = b"canary-0123456789-abcde canary 0123456789 %63%61 \\u0063 &#x63; \xff\xfe\x00".to_vec();
    text.extend((0..=255).cycle().take(100_000));
    assert_eq!(scrubber.scrub(&text), None);
    assert_eq!(scrubber.scrub(b""), None);
    assert_eq!(scrubber.scrub(b"canary-0123456789-abcdef"), Some(b"****".to_vec()));
    assert!(scrubber.is_in_name("x-canary-0123456789-abcdef"));
    assert!(!scrubber.is_in_name("x-canary"));
}

#[test]
fn values_next_to_each_other_and_at_the_ends_are_found() {
    let clean = scrubber("abcabc").scrub(b"abcabcabcabc-abcabcabc").unwrap();
    assert_eq!(String::from_utf8(clean).unwrap(), "********-****abc");
}
