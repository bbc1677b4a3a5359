//! The next token from what the network says.

use std::collections::HashMap;
use toktrie::{SimpleVob, TokenId};

/// Only the likeliest tokens are drawn from: small models are confused by the long tail.
const DRAWN_FROM: usize = 40;

/// Words that come a third time in the same order are a loop, not a quotation.
const LOOP_WORDS: usize = 8;
const LOOP_TIMES: usize = 2;

/// What the next word of a loop loses with each time that it came.
const LOOP_PENALTY: f32 = 2.0;

/// Greedy without a temperature.
#[derive(Debug)]
pub(super) struct Sampler {
    temperature: f32,
    state: u64,
    /// The answer so far.
    written: Vec<TokenId>,
}

impl Sampler {
    pub(super) fn new(temperature: f32, seed: u64) -> Self {
        Self { temperature, state: seed, written: Vec::new() }
    }

    /// A token of the answer.
    pub(super) fn remember(&mut self, token: TokenId) {
        self.written.push(token);
    }

    /// How often each token came after the last words of the answer. Small models that are not sampled fall into loops; a plain
    /// penalty for repeated words would keep them from writing code and from quoting it.
    fn loops(&self) -> HashMap<TokenId, usize> {
        let mut followers = HashMap::new();
        let Some((_, last)) = self.written.split_last_chunk::<LOOP_WORDS>() else { return followers };
        for window in self.written.windows(LOOP_WORDS + 1) {
            if let Some((follower, before)) = window.split_last()
                && before == last
            {
                *followers.entry(*follower).or_default() += 1;
            }
        }
        followers
    }

    /// None when the mask allows nothing.
    pub(super) fn choose(&mut self, logits: &mut [f32], mask: Option<&SimpleVob>) -> Option<TokenId> {
        for (token, times) in self.loops().into_iter().filter(|(_, times)| *times >= LOOP_TIMES) {
            if let Some(logit) = logits.get_mut(token as usize) {
                #[expect(clippy::cast_precision_loss, reason = "an answer has some thousand tokens")]
                let loss = LOOP_PENALTY * times as f32;
                *logit -= loss;
            }
        }
        if let Some(mask) = mask {
            for (token, logit) in logits.iter_mut().enumerate() {
                if !mask.get(token) {
                    *logit = f32::NEG_INFINITY;
                }
            }
        }
        if self.temperature <= 0.0 {
            return likeliest(logits);
        }
        self.draw(logits)
    }

    fn draw(&mut self, logits: &[f32]) -> Option<TokenId> {
        let mut candidates: Vec<(f32, TokenId)> = (0..)
            .zip(logits)
            .filter(|(_, logit)| logit.is_finite())
            .map(|(token, logit)| (*logit, token))
            .collect();
        if candidates.len() > DRAWN_FROM {
            candidates.select_nth_unstable_by(DRAWN_FROM - 1, |one, other| other.0.total_cmp(&one.0));
            candidates.truncate(DRAWN_FROM);
        }
        let highest = candidates.iter().map(|(logit, _)| *logit).fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f32> =
            candidates.iter().map(|(logit, _)| ((logit - highest) / self.temperature).exp()).collect();
        let mut point = self.uniform() * weights.iter().sum::<f32>();
        for (weight, (_, token)) in weights.iter().zip(&candidates) {
            point -= weight;
            if point <= 0.0 {
                return Some(*token);
            }
        }
        candidates.last().map(|(_, token)| *token)
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): enough for drawing words, and the same on every machine.
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
    fn uniform(&mut self) -> f32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1_u32 << 24) as f32
    }
}

fn likeliest(logits: &[f32]) -> Option<TokenId> {
    let mut best = (f32::NEG_INFINITY, None);
    for (token, logit) in (0..).zip(logits) {
        if *logit > best.0 {
            best = (*logit, Some(token));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_allowed_tokens_are_chosen() {
        let mask = SimpleVob::from_slice(&[false, true, true, false]);
        assert_eq!(Sampler::new(0.0, 1).choose(&mut [9.0, 1.0, 2.0, 9.0], Some(&mask)), Some(2));
        let mut sampler = Sampler::new(1.0, 1);
        assert!(
            (0..100).all(|_| matches!(sampler.choose(&mut [9.0, 1.0, 2.0, 9.0], Some(&mask)), Some(1 | 2)))
        );
        assert_eq!(Sampler::new(0.0, 1).choose(&mut [1.0], Some(&SimpleVob::from_slice(&[false]))), None);
    }

    #[test]
    fn a_loop_ends_and_a_quotation_does_not() {
        let mut sampler = Sampler::new(0.0, 1);
        let mut write = |tokens: std::ops::Range<TokenId>| tokens.for_each(|token| sampler.remember(token));
        write(0..12);
        write(0..11);
        assert_eq!(sampler.loops().get(&11), Some(&1));
        let logits = || (0..12).map(|token| if token == 11 { 1.0 } else { 0.0 }).collect::<Vec<f32>>();
        assert_eq!(sampler.choose(&mut logits(), None), Some(11));
        (11..12).chain(0..11).for_each(|token| sampler.remember(token));
        assert_ne!(sampler.choose(&mut logits(), None), Some(11));
    }

    #[test]
    fn equal_seeds_draw_equal_tokens_and_all_likely_ones_come() {
        let draw = |seed| {
            let mut sampler = Sampler::new(1.0, seed);
            (0..200).filter_map(|_| sampler.choose(&mut [1.0, 1.0, 1.0], None)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert!([0, 1, 2].iter().all(|token| draw(7).contains(token)));
    }
}
