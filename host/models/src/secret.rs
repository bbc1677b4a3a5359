//! A provider's key, which never shows in a log or an error.

use zeroize::Zeroizing;

/// A key; its `Debug` hides it.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// White space around it, which files and environments carry, is cut.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self(Zeroizing::new(key.trim().to_owned()))
    }

    /// For the header that carries it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The text with every occurrence of the key replaced.
    pub(crate) fn mask_in(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(self.0.as_str(), "****") }
    }
}

impl From<String> for ApiKey {
    fn from(key: String) -> Self {
        let key = Zeroizing::new(key);
        Self::new(&key)
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ApiKey(****)")
    }
}
