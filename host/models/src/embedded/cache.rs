//! Sequences that are remembered, so that a conversation that grows is not computed from its start.

use super::network::Memory;
use super::weights::{Shape, cache_bytes_per_token};
use candle_core::Result;

/// A shorter common beginning than this is not worth a copy.
const WORTH_A_COPY: usize = 32;

/// Losing so many remembered tokens is cheaper than keeping both sequences.
const CHEAP_LOSS: usize = 64;

/// A sequence and what the network remembers of it.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) tokens: Vec<u32>,
    pub(super) memory: Memory,
    used: u64,
}

/// The remembered sequences, bounded in bytes; the one that was used longest ago goes first.
#[derive(Debug)]
pub(super) struct PrefixCache {
    shape: Shape,
    budget: usize,
    sequences: Vec<Sequence>,
    uses: u64,
}

impl PrefixCache {
    pub(super) fn new(shape: Shape, bytes: usize) -> Self {
        Self { shape, budget: bytes / cache_bytes_per_token(shape).max(1), sequences: Vec::new(), uses: 0 }
    }

    /// A sequence that holds the longest known beginning of `tokens` and no more, at most all but the last token.
    pub(super) fn take(&mut self, tokens: &[u32], room: usize) -> Result<Sequence> {
        let most = tokens.len().saturating_sub(1);
        let common = |sequence: &Sequence| common_prefix(&sequence.tokens, tokens).min(most);
        let best = self.sequences.iter().enumerate().map(|(index, sequence)| (common(sequence), index)).max();
        let (common, index) = best.unwrap_or((0, 0));
        let lost = self.sequences.get(index).map_or(0, |sequence| sequence.tokens.len() - common);
        if common > 0 && lost <= CHEAP_LOSS.max(common / 8) {
            let mut sequence = self.sequences.swap_remove(index);
            sequence.tokens.truncate(common);
            sequence.memory.truncate(common);
            return Ok(sequence);
        }
        let memory = match self.sequences.get_mut(index) {
            Some(sequence) if common >= WORTH_A_COPY => {
                self.uses += 1;
                sequence.used = self.uses;
                sequence.memory.fork(self.shape, common, room)?
            }
            _ => Memory::new(self.shape, room)?,
        };
        let tokens = tokens.get(..memory.length()).unwrap_or_default().to_vec();
        self.make_room(memory.capacity());
        Ok(Sequence { tokens, memory, used: 0 })
    }

    /// Remember a sequence.
    pub(super) fn put(&mut self, mut sequence: Sequence) {
        self.make_room(sequence.memory.capacity());
        self.uses += 1;
        sequence.used = self.uses;
        if sequence.memory.capacity() <= self.budget {
            self.sequences.push(sequence);
        }
    }

    fn make_room(&mut self, tokens: usize) {
        while self.held() + tokens > self.budget {
            let oldest = self
                .sequences
                .iter()
                .enumerate()
                .min_by_key(|(_, sequence)| sequence.used)
                .map(|(index, _)| index);
            match oldest {
                Some(index) => drop(self.sequences.swap_remove(index)),
                None => return,
            }
        }
    }

    fn held(&self) -> usize {
        self.sequences.iter().map(|sequence| sequence.memory.capacity()).sum()
    }
}

fn common_prefix(one: &[u32], other: &[u32]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const SHAPE: Shape =
        Shape { layers: 1, heads: 1, kv_heads: 1, head_size: 4, window: 4096, rope_base: 1.0, epsilon: 1.0 };

    fn cache(tokens: usize) -> PrefixCache {
        PrefixCache::new(SHAPE, tokens * cache_bytes_per_token(SHAPE))
    }

    fn remember(cache: &mut PrefixCache, tokens: &[u32]) {
        let mut memory = Memory::new(SHAPE, tokens.len()).unwrap();
        memory.pretend(tokens.len());
        cache.put(Sequence { tokens: tokens.to_vec(), memory, used: 0 });
    }

    fn numbers(range: std::ops::Range<u32>) -> Vec<u32> {
        range.collect()
    }

    #[test]
    fn a_growing_conversation_goes_on_where_it_ended() {
        let mut cache = cache(4096);
        remember(&mut cache, &numbers(0..100));
        let sequence = cache.take(&numbers(0..120), 256).unwrap();
        assert_eq!((sequence.tokens.len(), sequence.memory.length()), (100, 100));
        assert!(cache.sequences.is_empty());
    }

    #[test]
    fn the_last_token_is_always_computed_again() {
        let mut cache = cache(4096);
        remember(&mut cache, &numbers(0..100));
        assert_eq!(cache.take(&numbers(0..100), 256).unwrap().tokens.len(), 99);
    }

    #[test]
    fn a_common_beginning_is_copied_and_the_longer_sequence_stays() {
        let mut cache = cache(4096);
        remember(&mut cache, &numbers(0..300));
        let other: Vec<u32> = numbers(0..50).into_iter().chain(1000..1100).collect();
        assert_eq!(cache.take(&other, 256).unwrap().tokens, numbers(0..50));
        assert_eq!(cache.take(&numbers(0..310), 512).unwrap().tokens.len(), 300);
    }

    #[test]
    fn the_budget_is_kept_by_forgetting_the_oldest() {
        let mut cache = cache(512);
        remember(&mut cache, &numbers(0..200));
        remember(&mut cache, &numbers(1000..1200));
        remember(&mut cache, &numbers(2000..2200));
        assert!(cache.held() <= 512);
        assert_eq!(cache.take(&numbers(0..201), 256).unwrap().tokens.len(), 0);
    }
}
