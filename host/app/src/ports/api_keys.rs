//! Making and checking keys of the form `skep_<id>_<secret>`: implemented by `vault`.

/// A key that was just made: the only time that its text exists outside the caller's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MintedKey {
    /// The public part.
    pub id: String,
    /// The whole key.
    pub text: String,
    /// sha256 of the whole key; this is stored.
    pub hash: [u8; 32],
}

/// Makes and checks keys.
pub trait ApiKeys: Send + Sync + 'static {
    /// A new key.
    fn mint(&self) -> MintedKey;

    /// The public part of a text that has the form of a key.
    fn id_of(&self, text: &str) -> Option<String>;

    /// Whether the text has this hash, in constant time.
    fn verify(&self, text: &str, hash: &[u8; 32]) -> bool;

    /// The hash of a text of any form (an operator's own admin key).
    fn hash(&self, text: &str) -> [u8; 32];
}
