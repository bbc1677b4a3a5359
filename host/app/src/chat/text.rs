//! The text of a turn on its way to a person: what may be sent before the turn has ended.

/// Replies that mean silence. Nothing of them is sent.
const SILENT: [&str; 2] = ["NO_REPLY", "HEARTBEAT_OK"];

/// Holds back what may turn out not to belong to the reply: blanks at its ends, and words that mean silence.
#[derive(Debug, Default)]
pub(super) struct Text {
    pending: String,
    /// What was sent: always the beginning of the whole reply.
    sent: String,
}

impl Text {
    /// More of the reply. Answers what can be sent now.
    pub(super) fn push(&mut self, delta: &str) -> Option<String> {
        self.pending.push_str(delta);
        if self.sent.is_empty() {
            self.pending = self.pending.trim_start().to_owned();
            let said = self.pending.trim_end();
            if SILENT.iter().any(|silent| silent.starts_with(said)) {
                return None;
            }
        }
        let ready = self.pending.trim_end().to_owned();
        if ready.is_empty() {
            return None;
        }
        self.pending = self.pending.split_off(ready.len());
        self.sent.push_str(&ready);
        Some(ready)
    }

    /// Characters that were sent.
    pub(super) fn sent(&self) -> usize {
        self.sent.chars().count()
    }

    /// What is missing of the whole reply; none when something else was sent.
    pub(super) fn rest<'a>(&self, whole: &'a str) -> Option<&'a str> {
        whole.strip_prefix(self.sent.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_sent_is_always_the_beginning_of_the_reply() {
        for (deltas, sent) in [
            (vec!["Hel", "lo ", "you"], "Hello you"),
            (vec!["\n ", " Hello", " \n"], "Hello"),
            (vec!["NO", "_REPLY"], ""),
            (vec!["NO", "_REPLY", "\n"], ""),
            (vec!["NO", "_REPLY is", " a word"], "NO_REPLY is a word"),
            (vec!["No", "_"], "No_"),
            (vec!["HEARTBEAT", "_OK"], ""),
            (vec!["\u{e4}\u{f6}", "\u{1f41d}"], "\u{e4}\u{f6}\u{1f41d}"),
        ] {
            let mut text = Text::default();
            let parts: String = deltas.iter().filter_map(|delta| text.push(delta)).collect();
            assert_eq!(parts, sent, "{deltas:?}");
            assert_eq!(text.sent(), sent.chars().count());
            let whole = deltas.concat();
            assert!(text.rest(whole.trim()).is_some(), "{deltas:?}");
        }
        let mut text = Text::default();
        text.push("One").unwrap();
        assert_eq!((text.rest("One more"), text.rest("Another")), (Some(" more"), None));
    }
}
