//! Templates: texts that make an agent what it is. A level is an agent's own, its user's, or the built-in one.

/// What an agent reads before each turn, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    /// Who it is, for others.
    Identity,
    /// Its personality and rules.
    Soul,
    /// How it works.
    Agents,
    /// The person that it works for.
    User,
    /// How it uses what it can call.
    Tools,
    /// What it should not forget.
    Memory,
    /// What it looks after on its own; read by ticks only.
    Heartbeat,
}

impl Template {
    /// All, in the order in which they are read.
    pub const ALL: [Self; 7] =
        [Self::Identity, Self::Soul, Self::Agents, Self::User, Self::Tools, Self::Memory, Self::Heartbeat];
    /// Those that every level shows, also where they are empty.
    pub const SHOWN: [Self; 4] = [Self::Soul, Self::User, Self::Tools, Self::Heartbeat];
    /// Bytes of one text.
    pub const LIMIT: usize = 64 << 10;

    /// Its name on the wire and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "IDENTITY.md",
            Self::Soul => "SOUL.md",
            Self::Agents => "AGENTS.md",
            Self::User => "USER.md",
            Self::Tools => "TOOLS.md",
            Self::Memory => "MEMORY.md",
            Self::Heartbeat => "HEARTBEAT.md",
        }
    }

    /// The template of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.as_str() == text)
    }

    /// What holds where neither the agent nor its user says anything; may be empty.
    #[must_use]
    pub fn built_in(self) -> &'static str {
        match self {
            Self::Soul => include_str!("template/SOUL.md"),
            Self::User => include_str!("template/USER.md"),
            Self::Tools => include_str!("template/TOOLS.md"),
            Self::Heartbeat => include_str!("template/HEARTBEAT.md"),
            Self::Identity | Self::Agents | Self::Memory => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_every_built_in_text_fits() {
        for template in Template::ALL {
            assert_eq!(Template::parse(template.as_str()), Some(template));
            assert!(template.built_in().len() <= Template::LIMIT);
        }
        assert_eq!(Template::parse("soul.md"), None);
        assert!(Template::SHOWN.iter().all(|template| !template.built_in().trim().is_empty()));
    }
}
