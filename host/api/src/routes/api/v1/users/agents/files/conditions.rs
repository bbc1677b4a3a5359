//! Conditional requests and ranges (RFC 9110) on a file.

use app::ports::agent_files::AgentFile;
use domain::error::Error;
use headers::{ETag, Header, HeaderMapExt as _, IfMatch, IfNoneMatch, IfRange};
use http::{HeaderMap, header};
use http_range_header::{EndPosition, StartPosition, parse_range_header};

/// Strong: the content's digest and the version, so that it changes with every write.
pub(super) fn etag(file: &AgentFile) -> String {
    format!("\"{}-{}\"", file.blob.hex(), file.version)
}

fn tag(file: &AgentFile) -> Option<ETag> {
    etag(file).parse().ok()
}

/// `If-Match` and `If-None-Match`.
#[derive(Debug, Clone)]
pub(super) struct Conditions {
    matches: Option<IfMatch>,
    matches_none: Option<IfNoneMatch>,
}

impl Conditions {
    /// A condition that cannot be read is refused: a write must not happen because of a typing error.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Error> {
        Ok(Self { matches: typed(headers)?, matches_none: typed(headers)? })
    }

    /// Whether whoever asks has this version.
    pub(super) fn is_unchanged(&self, file: &AgentFile) -> bool {
        let tag = tag(file);
        self.matches_none
            .as_ref()
            .zip(tag)
            .is_some_and(|(condition, tag)| !condition.precondition_passes(&tag))
    }

    /// None where a write has no condition.
    pub(super) fn of_write(&self) -> Option<Self> {
        (self.matches.is_some() || self.matches_none.is_some()).then(|| self.clone())
    }

    /// Whether a write to this may happen.
    pub(super) fn pass(&self, file: Option<&AgentFile>) -> bool {
        let tag = file.and_then(tag);
        let matches = match (&self.matches, &tag) {
            (Some(condition), Some(tag)) => condition.is_any() || condition.precondition_passes(tag),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let matches_none = match (&self.matches_none, &tag) {
            (Some(condition), Some(tag)) => condition.precondition_passes(tag),
            (Some(_), None) | (None, _) => true,
        };
        matches && matches_none
    }
}

fn typed<T: Header>(headers: &HeaderMap) -> Result<Option<T>, Error> {
    let unreadable = || Error::invalid(format!("{} must be `*` or ETags in quotes", T::name()));
    // The parser takes what it cannot read for a tag that nothing has; no tag of ours has a comma.
    for value in headers.get_all(T::name()) {
        let text = value.to_str().map_err(|_| unreadable())?.trim();
        if text != "*" && !text.split(',').all(|tag| tag.trim().parse::<ETag>().is_ok()) {
            return Err(unreadable());
        }
    }
    headers.typed_try_get().map_err(|_| unreadable())
}

/// Which bytes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All.
    Whole,
    /// From the first to the last, both included.
    Bytes { first: u64, last: u64 },
    /// Some that the file does not have.
    Outside,
}

/// One range of bytes; several, or another unit, mean the whole file (RFC 9110, 14.2).
pub(super) fn part(headers: &HeaderMap, file: &AgentFile) -> Part {
    let Some(Ok(range)) = headers.get(header::RANGE).map(|range| range.to_str()) else { return Part::Whole };
    if headers.contains_key(header::IF_RANGE) {
        // One that cannot be read is as good as one of another version.
        let is_same = headers
            .typed_try_get::<IfRange>()
            .ok()
            .flatten()
            .is_some_and(|condition| !condition.is_modified(tag(file).as_ref(), None));
        if !is_same {
            return Part::Whole;
        }
    }
    let Ok(parsed) = parse_range_header(range) else { return Part::Whole };
    let [range] = parsed.ranges.as_slice() else { return Part::Whole };
    let end = file.size.saturating_sub(1);
    let first = match range.start {
        StartPosition::Index(first) => first,
        StartPosition::FromLast(count) => file.size.saturating_sub(count),
    };
    let last = match range.end {
        EndPosition::Index(last) if last < first => return Part::Whole,
        EndPosition::Index(last) => last.min(end),
        EndPosition::LastByte => end,
    };
    if first >= file.size { Part::Outside } else { Part::Bytes { first, last } }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use domain::id::Digest;
    use domain::time::Timestamp;
    use http::HeaderValue;

    fn file(size: u64) -> AgentFile {
        AgentFile { path: "a".into(), blob: Digest([7; 32]), size, version: 2, modified_at: Timestamp(0) }
    }

    fn with(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn ranges_are_those_of_the_rfc() {
        let bytes = |first, last| Part::Bytes { first, last };
        for (range, expected) in [
            ("bytes=0-0", bytes(0, 0)),
            ("bytes=2-4", bytes(2, 4)),
            ("bytes=2-", bytes(2, 9)),
            ("bytes=2-99", bytes(2, 9)),
            ("bytes=-3", bytes(7, 9)),
            ("bytes=-99", bytes(0, 9)),
            ("bytes=10-", Part::Outside),
            ("bytes=10-12", Part::Outside),
            ("bytes=4-2", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("bytes=x", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(part(&with(header::RANGE, range), &file(10)), expected, "{range}");
        }
        assert_eq!(part(&with(header::RANGE, "bytes=0-"), &file(0)), Part::Outside);
        assert_eq!(part(&HeaderMap::new(), &file(10)), Part::Whole);
    }

    #[test]
    fn a_range_of_another_version_is_not_given() {
        let mut headers = with(header::RANGE, "bytes=0-1");
        headers.insert(header::IF_RANGE, HeaderValue::from_str(&etag(&file(10))).unwrap());
        assert_eq!(part(&headers, &file(10)), Part::Bytes { first: 0, last: 1 });
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"other\""));
        assert_eq!(part(&headers, &file(10)), Part::Whole);
    }

    #[test]
    fn conditions_of_writes_hold_or_do_not() {
        let (present, own) = (file(1), etag(&file(1)));
        for (name, value, of_file, of_none) in [
            (header::IF_MATCH, own.as_str(), true, false),
            (header::IF_MATCH, "*", true, false),
            (header::IF_MATCH, "\"other\"", false, false),
            (header::IF_MATCH, &format!("W/{own}"), false, false),
            (header::IF_MATCH, &format!("\"other\", {own}"), true, false),
            (header::IF_NONE_MATCH, "*", false, true),
            (header::IF_NONE_MATCH, own.as_str(), false, true),
            (header::IF_NONE_MATCH, "\"other\"", true, true),
        ] {
            let conditions = Conditions::read(&with(name.clone(), value)).unwrap().of_write().unwrap();
            assert_eq!(
                (conditions.pass(Some(&present)), conditions.pass(None)),
                (of_file, of_none),
                "{name}: {value}"
            );
        }
        assert!(Conditions::read(&HeaderMap::new()).unwrap().of_write().is_none());
        assert!(Conditions::read(&with(header::IF_MATCH, "plain")).is_err());
    }
}
