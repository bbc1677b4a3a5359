//! Bytes of tokens as text deltas: whole characters, nothing of a stop text, nothing that may be a call.

use super::call;

/// The answer so far.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// Complete characters.
    text: String,
    /// The beginning of a character that is not complete.
    open: Vec<u8>,
    given: usize,
    stops: Vec<String>,
    calls: bool,
    stopped: bool,
}

impl Decoder {
    /// `calls`: whether the answer may be a tool call.
    pub(super) fn new(stops: &[String], calls: bool) -> Self {
        Self {
            stops: stops.iter().filter(|stop| !stop.is_empty()).cloned().collect(),
            calls,
            ..Self::default()
        }
    }

    /// Take the bytes of a token; what can be shown of the answer, if anything.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<String> {
        self.open.extend_from_slice(bytes);
        let complete = match std::str::from_utf8(&self.open) {
            Ok(_) => self.open.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            // Not the beginning of any character: shown as a replacement character.
            Err(_) => self.open.len(),
        };
        let rest = self.open.split_off(complete);
        let before = self.text.len();
        self.text.push_str(&String::from_utf8_lossy(&self.open));
        self.open = rest;
        self.look_for_stops(before);
        let hidden = if self.stopped { 0 } else { self.held_back() };
        self.show(self.text.len() - hidden)
    }

    fn look_for_stops(&mut self, before: usize) {
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let from = (0..=before.saturating_sub(longest))
            .rev()
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(0);
        let recent = self.text.get(from..).unwrap_or_default();
        if let Some(at) = self.stops.iter().filter_map(|stop| recent.find(stop.as_str())).min() {
            self.text.truncate(from + at);
            self.stopped = true;
        }
    }

    /// How many bytes at the end may be the beginning of a stop text.
    fn held_back(&self) -> usize {
        let may_end = |stop: &String| {
            (1..stop.len())
                .rev()
                .find(|length| stop.get(..*length).is_some_and(|begin| self.text.ends_with(begin)))
        };
        self.stops.iter().filter_map(may_end).max().unwrap_or(0)
    }

    fn show(&mut self, until: usize) -> Option<String> {
        if (self.calls && call::may_begin(&self.text)) || until <= self.given {
            return None;
        }
        let delta = self.text.get(self.given..until)?.to_owned();
        self.given = until;
        Some(delta)
    }

    /// Whether a stop text came.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The answer was no call after all, or is at its end: what was not shown yet.
    pub(super) fn flush(&mut self) -> Option<String> {
        self.calls = false;
        let open = std::mem::take(&mut self.open);
        if !self.stopped {
            self.text.push_str(&String::from_utf8_lossy(&open));
        }
        self.show(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(decoder: &mut Decoder, parts: &[&[u8]]) -> Vec<String> {
        parts.iter().filter_map(|part| decoder.push(part)).collect()
    }

    #[test]
    fn characters_are_never_cut() {
        let mut decoder = Decoder::new(&[], false);
        assert_eq!(
            run(&mut decoder, &["a".as_bytes(), &[0xc3], &[0xa4], &[0xf0, 0x9f], &[0x90, 0x9d]]),
            ["a", "ä", "🐝"]
        );
    }

    #[test]
    fn a_stop_text_is_not_shown_even_in_parts() {
        let mut decoder = Decoder::new(&["END".to_owned()], false);
        assert_eq!(run(&mut decoder, &[b"one E", b"nter", b" EN", b"D more"]), ["one ", "Enter", " "]);
        assert!(decoder.is_stopped());
        assert_eq!(decoder.text(), "one Enter ");
        assert_eq!(decoder.flush(), None);
    }

    #[test]
    fn what_may_be_a_call_waits() {
        let mut decoder = Decoder::new(&[], true);
        assert_eq!(run(&mut decoder, &[b"CA", b"LL", b"ING all"]), ["CALLING all"]);
        let mut decoder = Decoder::new(&[], true);
        assert_eq!(run(&mut decoder, &[b"CALL ", b"{}"]), Vec::<String>::new());
        assert_eq!(decoder.flush(), Some("CALL {}".to_owned()));
    }
}
