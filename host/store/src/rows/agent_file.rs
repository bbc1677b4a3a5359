//! What a write to an agent's workspace may do: the same on both databases.

use app::ports::agent_files::{FilePut, PutOutcome};
use domain::id::Digest;

/// What there is at the moment of a put.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Surroundings {
    /// The file itself: content, version, bytes.
    pub(crate) present: Option<(Digest, i64, u64)>,
    /// Bytes of all files of the agent.
    pub(crate) bytes: u64,
    /// All files of the agent.
    pub(crate) files: u64,
    /// A file that the path goes through.
    pub(crate) above: Option<String>,
    /// Whether there are files below the path.
    pub(crate) is_folder: bool,
}

impl Surroundings {
    /// Why the put does nothing; none when it is to be done.
    pub(crate) fn refusal(&self, put: &FilePut) -> Option<PutOutcome> {
        if !put.condition.holds(self.present.map(|(digest, version, _)| (digest, version))) {
            return Some(PutOutcome::Refused);
        }
        if let Some(above) = &self.above {
            return Some(PutOutcome::BelowFile(above.clone()));
        }
        if self.is_folder {
            return Some(PutOutcome::IsFolder);
        }
        let bytes = self.bytes.saturating_sub(self.present.map_or(0, |(_, _, size)| size));
        let files = self.files + u64::from(self.present.is_none());
        let fits = bytes.saturating_add(put.size) <= put.most_bytes && files <= put.most_files;
        (!fits).then_some(PutOutcome::NoRoom { bytes, files: self.files })
    }
}

/// The paths that a path goes through: `a` and `a/b` of `a/b/c`.
pub(crate) fn ancestors(path: &str) -> Vec<String> {
    path.match_indices('/').filter_map(|(end, _)| path.get(..end)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::ports::agent_files::Condition;
    use domain::id::{AgentId, UserId};
    use uuid::Uuid;

    #[test]
    fn a_path_goes_through_its_folders() {
        assert_eq!(ancestors("a/b/c"), ["a", "a/b"]);
        assert_eq!(ancestors("a"), [""; 0]);
    }

    #[test]
    fn a_put_counts_the_others_and_what_it_replaces_not() {
        let put = FilePut {
            user: UserId(Uuid::nil()),
            agent: AgentId(Uuid::nil()),
            path: "a".to_owned(),
            blob: Digest([1; 32]),
            size: 60,
            condition: Condition::None,
            most_bytes: 100,
            most_files: 2,
        };
        let present = Some((Digest([2; 32]), 3, 50));
        let around = Surroundings { present, bytes: 90, files: 2, ..Surroundings::default() };
        assert_eq!(around.refusal(&put), None);
        let another = Surroundings { present: None, ..around.clone() };
        assert_eq!(another.refusal(&put), Some(PutOutcome::NoRoom { bytes: 90, files: 2 }));
        let full = Surroundings { bytes: 91, ..around.clone() };
        assert_eq!(full.refusal(&put), Some(PutOutcome::NoRoom { bytes: 41, files: 2 }));
        let first = FilePut { condition: Condition::Absent, ..put.clone() };
        assert_eq!(around.refusal(&first), Some(PutOutcome::Refused));
        let stale = FilePut { condition: Condition::Is(Digest([2; 32]), 2), ..put };
        assert_eq!(around.refusal(&stale), Some(PutOutcome::Refused));
    }
}
