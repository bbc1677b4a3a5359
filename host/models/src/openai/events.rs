//! Server-sent events from chunks that are cut anywhere.

use std::collections::VecDeque;

/// An event of this size is no chat completion.
const LARGEST_EVENT: usize = 16 << 20;

/// The `data` of each event, in order.
#[derive(Debug, Default)]
pub(super) struct EventParser {
    line: Vec<u8>,
    data: String,
    has_data: bool,
    after_return: bool,
    ready: VecDeque<String>,
}

/// The stream is no event stream.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event has more than {LARGEST_EVENT} bytes")]
pub(super) struct TooLarge;

impl EventParser {
    /// Take more bytes. Lines end with `\n`, `\r\n` or `\r`; comments and other fields than `data` are skipped.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        for byte in bytes {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    self.end_line();
                }
                other => {
                    self.after_return = false;
                    self.line.push(*other);
                }
            }
            if self.line.len() + self.data.len() > LARGEST_EVENT {
                return Err(TooLarge);
            }
        }
        Ok(())
    }

    /// The next event's data.
    pub(super) fn next(&mut self) -> Option<String> {
        self.ready.pop_front()
    }

    /// The stream ended: some servers leave out the last empty line.
    pub(super) fn finish(&mut self) {
        self.end_line();
        self.end_line();
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        // A byte order mark may begin the stream.
        let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
        if line.is_empty() {
            if std::mem::take(&mut self.has_data) {
                self.ready.push_back(std::mem::take(&mut self.data));
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        if field == "data" {
            if self.has_data {
                self.data.push('\n');
            }
            self.has_data = true;
            self.data.push_str(value.strip_prefix(' ').unwrap_or(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "\u{feff}: comment\r\ndata: {\"a\":1}\r\n\r\nevent: x\ndata:first\ndata: zweites ä\n\n\n\rdata: [DONE]";

    fn read(chunks: impl Iterator<Item = Vec<u8>>) -> Vec<String> {
        let mut parser = EventParser::default();
        for chunk in chunks {
            parser.feed(&chunk).unwrap();
        }
        parser.finish();
        std::iter::from_fn(|| parser.next()).collect()
    }

    #[test]
    fn events_are_the_same_however_the_stream_is_cut() {
        let whole = read(std::iter::once(STREAM.as_bytes().to_vec()));
        assert_eq!(whole, ["{\"a\":1}", "first\nzweites ä", "[DONE]"]);
        for size in 1..STREAM.len() {
            assert_eq!(read(STREAM.as_bytes().chunks(size).map(<[u8]>::to_vec)), whole, "chunks of {size}");
        }
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut parser = EventParser::default();
        let chunk = vec![b'x'; 1 << 20];
        assert!((0..32).any(|_| parser.feed(&chunk).is_err()));
    }
}
