//! What a person asks for: document Autonoma's agent task.

use crate::effect::model::Tier;
use serde::{Deserialize, Serialize};

/// What kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Capability {
    /// Make software.
    Build,
    /// Run it.
    Operate,
    /// Secure it.
    Secure,
    /// What it runs on.
    Platform,
    /// Modernize it.
    Evolve,
    /// Make it faster or cheaper.
    Optimize,
    /// Rules and evidence.
    Govern,
}

/// RIGOR quality level: which gates must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RigorScope {
    /// Show something.
    Demo,
    /// Prove an idea.
    Poc,
    /// The default.
    #[default]
    Mvp,
    /// For customers.
    Product,
    /// Nothing unchecked.
    Production,
}

/// Queue order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// After the others.
    Low,
    /// The default.
    #[default]
    Normal,
    /// Before the others.
    High,
}

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// All, in order.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value of that word.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.as_str() == text)
            }
        }
    };
}

impl Capability {
    /// True if a task of this capability has to change files. Those that judge may find that all is well.
    #[must_use]
    pub fn changes(self) -> bool {
        !matches!(self, Self::Secure | Self::Govern)
    }
}

words!(Capability { Build = "BUILD", Operate = "OPERATE", Secure = "SECURE", Platform = "PLATFORM", Evolve = "EVOLVE", Optimize = "OPTIMIZE", Govern = "GOVERN" });
words!(RigorScope { Demo = "demo", Poc = "poc", Mvp = "mvp", Product = "product", Production = "production" });
words!(Priority { Low = "low", Normal = "normal", High = "high" });

impl Priority {
    /// The number in the queue: higher goes first.
    #[must_use]
    pub fn rank(self) -> i16 {
        match self {
            Self::Low => 0,
            Self::Normal => 10,
            Self::High => 20,
        }
    }
}

impl RigorScope {
    /// How many rounds the work may go through before its gates are final.
    #[must_use]
    pub fn rounds(self) -> u32 {
        match self {
            Self::Demo => 1,
            Self::Poc | Self::Mvp => 2,
            Self::Product | Self::Production => 3,
        }
    }
}

/// Where the project comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A folder; its files were imported before the task was accepted.
    Folder {
        /// As the caller wrote it.
        path: String,
    },
    /// A repository; fetched when the task runs.
    Git {
        /// Without the `#ref`.
        url: String,
        /// Branch or tag.
        reference: Option<String>,
    },
}

/// The input of an agent task: what its decider knows besides the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentTask {
    /// The words of the person who asked, 1 to 32,768 characters.
    pub task: String,
    /// 1 to 7, distinct.
    pub capabilities: Vec<Capability>,
    /// The model tier.
    pub intelligence: Tier,
    /// The quality level.
    pub scope: RigorScope,
    /// The queue order.
    pub priority: Priority,
    /// The project.
    pub source: Option<Source>,
    /// Where to report the end.
    pub callback_url: Option<String>,
}
