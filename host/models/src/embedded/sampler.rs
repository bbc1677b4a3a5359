//! The next token from what the network says.

use std::collections::VecDeque;
use toktrie::{SimpleVob, TokenId};

/// Only the likeliest tokens are drawn from: small models are confused by the long tail.
const DRAWN_FROM: usize = 40;

/// What a repeated word loses; the value that these models were tuned with.
const REPETITION_PENALTY: f32 = 1.1;

/// Words of so many tokens ago are not repetitions.
const MEMORY: usize = 64;

/// Greedy without a temperature.
#[derive(Debug)]
pub(super) struct Sampler {
    temperature: f32,
    state: u64,
    recent: VecDeque<TokenId>,
}

impl Sampler {
    pub(super) fn new(temperature: f32, seed: u64) -> Self {
        Self { temperature, state: seed, recent: VecDeque::with_capacity(MEMORY + 1) }
    }

    /// A word that was written, which is made less likely to come again at once.
    pub(super) fn remember(&mut self, token: TokenId) {
        self.recent.push_back(token);
        if self.recent.len() > MEMORY {
            self.recent.pop_front();
        }
    }

    /// None when the mask allows nothing.
    pub(super) fn choose(&mut self, logits: &mut [f32], mask: Option<&SimpleVob>) -> Option<TokenId> {
        for (index, token) in self.recent.iter().enumerate() {
            let first = self.recent.iter().position(|earlier| earlier == token) == Some(index);
            if let Some(logit) = logits.get_mut(*token as usize).filter(|_| first) {
                *logit = if *logit > 0.0 { *logit / REPETITION_PENALTY } else { *logit * REPETITION_PENALTY };
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
    fn equal_seeds_draw_equal_tokens_and_all_likely_ones_come() {
        let draw = |seed| {
            let mut sampler = Sampler::new(1.0, seed);
            (0..200).filter_map(|_| sampler.choose(&mut [1.0, 1.0, 1.0], None)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert!([0, 1, 2].iter().all(|token| draw(7).contains(token)));
    }
}
