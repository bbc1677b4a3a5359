//! Plans: how much a user may ask for (document Autonoma, "Rate Limits"; `tier` on the wire).

use serde::{Deserialize, Serialize};

/// A limit set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// 1,000 an hour.
    #[default]
    Startup,
    /// 2,500 an hour.
    Growth,
    /// 5,000 an hour.
    Scale,
    /// 10,000 an hour.
    Enterprise,
}

/// Requests that a plan admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlanLimits {
    /// In one clock hour.
    pub per_hour: u32,
    /// In one clock minute.
    pub per_minute: u32,
}

impl Plan {
    /// All, from the smallest.
    pub const ALL: [Self; 4] = [Self::Startup, Self::Growth, Self::Scale, Self::Enterprise];

    /// The word on the wire, in the store and in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Growth => "growth",
            Self::Scale => "scale",
            Self::Enterprise => "enterprise",
        }
    }

    /// The plan of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plan| plan.as_str() == text)
    }

    /// The documented numbers; the configuration may have others.
    #[must_use]
    pub fn limits(self) -> PlanLimits {
        match self {
            Self::Startup => PlanLimits { per_hour: 1_000, per_minute: 17 },
            Self::Growth => PlanLimits { per_hour: 2_500, per_minute: 42 },
            Self::Scale => PlanLimits { per_hour: 5_000, per_minute: 84 },
            Self::Enterprise => PlanLimits { per_hour: 10_000, per_minute: 167 },
        }
    }
}

/// What each plan admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plans([PlanLimits; 4]);

impl Default for Plans {
    fn default() -> Self {
        Self(Plan::ALL.map(Plan::limits))
    }
}

impl Plans {
    /// What this plan admits.
    #[must_use]
    pub fn of(&self, plan: Plan) -> PlanLimits {
        let found = Plan::ALL.iter().zip(self.0).find(|(known, _)| **known == plan);
        found.map_or_else(|| plan.limits(), |(_, limits)| limits)
    }

    /// Give a plan other numbers.
    pub fn set(&mut self, plan: Plan, limits: PlanLimits) {
        for (known, slot) in Plan::ALL.iter().zip(&mut self.0) {
            if *known == plan {
                *slot = limits;
            }
        }
    }
}
