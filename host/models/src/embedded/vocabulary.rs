//! Text to token ids and back, from the vocabulary inside the GGUF file.

use super::failure::{LoadFailure, unsupported};
use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::tokenizer::TokenizerFromGguf as _;
use std::collections::HashMap;
use std::sync::Arc;
use tokenizers::Tokenizer;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use toktrie::{TokEnv, TokRxInfo, TokTrie, TokenId, TokenizerEnv};

/// llama.cpp's kinds of token: 1 is normal, 6 is a byte, the others never stand for text.
const CONTROL_KINDS: std::ops::RangeInclusive<u32> = 2..=5;

/// The tokens, as the grammar engine and the chat need them.
pub(super) struct Vocabulary {
    tokenizer: Tokenizer,
    trie: TokTrie,
    /// Tokens that end a turn.
    ends: Vec<TokenId>,
    /// Texts of control tokens, which a message must not contain.
    controls: Vec<String>,
}

impl Vocabulary {
    pub(super) fn load(content: &Content) -> Result<Arc<Self>, LoadFailure> {
        let mut tokenizer = Tokenizer::from_gguf(content)?;
        let pre = content.metadata.get("tokenizer.ggml.pre").and_then(|value| value.to_string().ok());
        if pre.is_some_and(|pre| pre == "smollm") {
            // candle takes the default here, whose ids differ from the ones that the model was trained with.
            let parts: Vec<PreTokenizerWrapper> =
                vec![Digits::new(true).into(), ByteLevel::new(false, true, true).into()];
            tokenizer.with_pre_tokenizer(Some(Sequence::new(parts)));
        }
        let values = |key: &str| {
            let value = content.metadata.get(key).ok_or_else(|| unsupported(format!("{key} is missing")))?;
            Ok::<_, LoadFailure>(value.to_vec()?.clone())
        };
        let tokens = values("tokenizer.ggml.tokens")?;
        let kinds = values("tokenizer.ggml.token_type")?;
        let alphabet = byte_alphabet();
        let mut words = Vec::with_capacity(tokens.len());
        let mut controls = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            let text = token.to_string()?;
            let kind = kinds.get(index).and_then(|kind| {
                kind.to_i32().ok().and_then(|kind| u32::try_from(kind).ok()).or_else(|| kind.to_u32().ok())
            });
            if kind.is_some_and(|kind| CONTROL_KINDS.contains(&kind)) {
                controls.push(text.clone());
                words.push([&[TokTrie::SPECIAL_TOKEN_MARKER], text.as_bytes()].concat());
            } else {
                words.push(text.chars().filter_map(|symbol| alphabet.get(&symbol).copied()).collect());
            }
        }
        let end = content.metadata.get("tokenizer.ggml.eos_token_id").and_then(|value| value.to_u32().ok());
        let end = end.ok_or_else(|| unsupported("it names no token that ends an answer"))?;
        let mut ends = vec![end];
        for name in ["<|im_end|>", "<|endoftext|>", "<|im_start|>"] {
            ends.extend(tokenizer.token_to_id(name).filter(|id| *id != end));
        }
        let size = u32::try_from(words.len()).map_err(unsupported)?;
        let trie = TokTrie::from(&TokRxInfo::new(size, end), &words);
        Ok(Arc::new(Self { tokenizer, trie, ends, controls }))
    }

    pub(super) fn size(&self) -> usize {
        self.trie.vocab_size()
    }

    pub(super) fn is_end(&self, token: TokenId) -> bool {
        self.ends.contains(&token)
    }

    pub(super) fn is_control(&self, token: TokenId) -> bool {
        self.trie.is_special_token(token)
    }

    /// The text's bytes; control tokens have none.
    pub(super) fn bytes(&self, token: TokenId) -> &[u8] {
        if self.is_control(token) { &[] } else { self.trie.token(token) }
    }

    /// Control tokens in the text count as such: only the chat template's output is given here.
    pub(super) fn encode(&self, text: &str) -> Vec<TokenId> {
        self.tokenizer
            .encode_fast(text, false)
            .map(|encoding| encoding.get_ids().to_vec())
            .unwrap_or_default()
    }

    /// The text with control tokens broken up, so that a message cannot end its own turn.
    pub(super) fn harmless(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for control in self.controls.iter().filter(|control| control.len() > 2) {
            if text.contains(control.as_str()) {
                let mut symbols = control.chars();
                let first = symbols.next().unwrap_or_default();
                text = text.replace(control.as_str(), &format!("{first} {}", symbols.as_str()));
            }
        }
        text
    }

    pub(super) fn environment(self: &Arc<Self>) -> TokEnv {
        Arc::new(Environment(Arc::clone(self)))
    }
}

/// What the grammar engine asks.
struct Environment(Arc<Vocabulary>);

impl TokenizerEnv for Environment {
    fn tok_trie(&self) -> &TokTrie {
        &self.0.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.0.trie.tokenize_with_greedy_fallback(bytes, |text| self.0.encode(text))
    }
}

/// The printable characters that byte-level vocabularies write bytes as (GPT-2's `bytes_to_unicode`), back to the bytes.
fn byte_alphabet() -> HashMap<char, u8> {
    let mut alphabet = HashMap::new();
    let mut next = 256;
    for byte in 0..=u8::MAX {
        let symbol = if matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff) {
            char::from(byte)
        } else {
            let symbol = char::from_u32(next).unwrap_or_default();
            next += 1;
            symbol
        };
        alphabet.insert(symbol, byte);
    }
    alphabet
}
