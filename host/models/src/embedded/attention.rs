//! Grouped causal attention over the remembered keys and values.
//!
//! candle's own takes dot products of 64 numbers one by one, which costs more than all matrices once a conversation is long. Here keys
//! lie transposed, so that the scores of neighbouring positions are computed side by side.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape as Dimensions, Tensor, bail};
use pulp::NullaryFnOnce;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

/// Tokens of a conversation that one thread takes at once.
const BLOCK: usize = 8;

/// Keys that are added to the scores in one pass.
const ROWS: usize = 4;

/// The shape of one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attention {
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    /// Numbers of a head; a multiple of four.
    pub(super) size: usize,
    /// Position of the first query.
    pub(super) start: usize,
}

impl Attention {
    /// `query` is (tokens, heads × size), `keys` (`kv_heads` × size, capacity), `values` (capacity, `kv_heads` × size); the result is shaped
    /// as the query.
    pub(super) fn attend(&self, query: &Tensor, keys: &Tensor, values: &Tensor) -> Result<Tensor> {
        query.apply_op3_no_bwd(keys, values, self)
    }

    fn compute(&self, query: &[f32], keys: &[f32], values: &[f32], capacity: usize) -> Vec<f32> {
        let width = self.heads * self.size;
        let tokens = query.len() / width;
        let blocks: Vec<(usize, usize)> = (0..tokens)
            .step_by(BLOCK)
            .flat_map(|first| (0..self.kv_heads).map(move |kv| (first, kv)))
            .collect();
        let group = self.heads / self.kv_heads * self.size;
        let computed: Vec<Vec<f32>> = blocks
            .into_par_iter()
            .map(|(first, kv)| {
                let block = Block {
                    attention: *self,
                    query,
                    keys,
                    values,
                    capacity,
                    first,
                    last: tokens.min(first + BLOCK),
                    kv,
                };
                vectorized(block)
            })
            .collect();
        // Block after block, each head's share of each of its tokens.
        let mut whole = vec![0.0; query.len()];
        for (rows, shares) in whole.chunks_mut(BLOCK * width).zip(computed.chunks(self.kv_heads)) {
            for (kv, share) in shares.iter().enumerate() {
                for (row, part) in rows.chunks_exact_mut(width).zip(share.chunks_exact(group)) {
                    if let Some(place) = row.get_mut(kv * group..(kv + 1) * group) {
                        place.copy_from_slice(part);
                    }
                }
            }
        }
        whole
    }
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Dimensions)> {
        let (query, keys, values) = (plain(s1, l1)?, plain(s2, l2)?, plain(s3, l3)?);
        let (tokens, _) = l1.shape().dims2()?;
        let (_, capacity) = l2.shape().dims2()?;
        if self.start + tokens > capacity {
            bail!("{tokens} tokens from {} do not fit {capacity}", self.start);
        }
        Ok((CpuStorage::F32(self.compute(query, keys, values, capacity)), l1.shape().clone()))
    }
}

fn plain<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((from, to)) = layout.contiguous_offsets() else { bail!("attention takes contiguous tensors") };
    storage
        .as_slice::<f32>()?
        .get(from..to)
        .ok_or_else(|| candle_core::Error::Msg("attention beyond its storage".to_owned()))
}

/// Some tokens and the query heads of one key head.
struct Block<'a> {
    attention: Attention,
    query: &'a [f32],
    keys: &'a [f32],
    values: &'a [f32],
    capacity: usize,
    first: usize,
    last: usize,
    kv: usize,
}

impl NullaryFnOnce for Block<'_> {
    type Output = Vec<f32>;

    // Inlined into a function that is compiled for wide registers.
    #[inline(always)]
    fn call(self) -> Vec<f32> {
        let Attention { heads, kv_heads, size, start } = self.attention;
        let group = heads / kv_heads;
        #[expect(clippy::cast_precision_loss, reason = "a head has some hundred numbers")]
        let scale = 1.0 / (size as f32).sqrt();
        let keys = self.keys.get(self.kv * size * self.capacity..).unwrap_or_default();
        let mut scores = vec![0.0_f32; start + self.last];
        let mut result = vec![0.0_f32; (self.last - self.first) * group * size];
        let mut places = result.chunks_exact_mut(size);
        for token in self.first..self.last {
            let seen = start + token + 1;
            let Some(scores) = scores.get_mut(..seen) else { break };
            for head in self.kv * group..(self.kv + 1) * group {
                let offset = (token * heads + head) * size;
                let (Some(query), Some(place)) = (self.query.get(offset..offset + size), places.next())
                else {
                    break;
                };
                score(scores, query, keys, self.capacity, scale);
                let sum = exponentials(scores);
                gather(place, scores, self.values, kv_heads * size, self.kv * size);
                let share = 1.0 / sum;
                place.iter_mut().for_each(|number| *number *= share);
            }
        }
        result
    }
}

#[inline(always)]
fn score(scores: &mut [f32], query: &[f32], keys: &[f32], capacity: usize, scale: f32) {
    scores.fill(0.0);
    for (query, rows) in query.chunks_exact(ROWS).zip(keys.chunks_exact(ROWS * capacity)) {
        let &[q0, q1, q2, q3] = query else { continue };
        let (k0, rest) = rows.split_at(capacity);
        let (k1, rest) = rest.split_at(capacity);
        let (k2, k3) = rest.split_at(capacity);
        let (q0, q1, q2, q3) = (q0 * scale, q1 * scale, q2 * scale, q3 * scale);
        for ((((score, k0), k1), k2), k3) in scores.iter_mut().zip(k0).zip(k1).zip(k2).zip(k3) {
            *score += q0 * k0 + q1 * k1 + q2 * k2 + q3 * k3;
        }
    }
}

/// Scores become their exponentials below the highest; answers their sum.
#[inline(always)]
fn exponentials(scores: &mut [f32]) -> f32 {
    let mut highest = [f32::NEG_INFINITY; 8];
    let mut chunks = scores.chunks_exact(8);
    for chunk in &mut chunks {
        for (highest, score) in highest.iter_mut().zip(chunk) {
            *highest = if *score > *highest { *score } else { *highest };
        }
    }
    let highest = highest
        .iter()
        .chain(chunks.remainder())
        .fold(f32::NEG_INFINITY, |highest, score| highest.max(*score));
    let mut sums = [0.0_f32; 8];
    for chunk in scores.chunks_mut(8) {
        for (sum, score) in sums.iter_mut().zip(chunk) {
            *score = exponential(*score - highest);
            *sum += *score;
        }
    }
    sums.iter().sum()
}

/// `e` to a number that is not above zero, right to five digits: 2 to the whole part by the exponent's bits, 2 to the rest by a polynomial.
#[inline(always)]
fn exponential(number: f32) -> f32 {
    // Adding it leaves the whole part in the lowest bits.
    const WHOLE: f32 = 12_582_912.0;
    let power = number * std::f32::consts::LOG2_E;
    let power = if power < -126.0 { -126.0 } else { power };
    let shifted = power + WHOLE;
    let rest = power - (shifted - WHOLE);
    let polynomial = 1.0
        + rest
            * (std::f32::consts::LN_2
                + rest * (0.240_226_5 + rest * (0.055_504_1 + rest * (0.009_618_1 + rest * 0.001_333_6))));
    f32::from_bits(polynomial.to_bits().wrapping_add(shifted.to_bits() << 23))
}

/// The sum of values by their weights.
#[inline(always)]
fn gather(place: &mut [f32], weights: &[f32], values: &[f32], stride: usize, offset: usize) {
    // Heads of 64 numbers, which most small models have, stay in registers.
    if let Ok(place) = <&mut [f32; 64]>::try_from(&mut *place) {
        let mut sum = [0.0_f32; 64];
        for (weight, row) in weights.iter().zip(values.chunks_exact(stride)) {
            let Some(Ok(row)) = row.get(offset..offset + 64).map(<&[f32; 64]>::try_from) else { return };
            for (sum, value) in sum.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
        *place = sum;
        return;
    }
    for (weight, row) in weights.iter().zip(values.chunks_exact(stride)) {
        for (sum, value) in place.iter_mut().zip(row.get(offset..).unwrap_or_default()) {
            *sum += weight * value;
        }
    }
}

#[inline]
fn vectorized(block: Block<'_>) -> Vec<f32> {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return pulp::Simd::vectorize(simd, block);
    }
    block.call()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss, reason = "tests")]
    use super::*;
    use candle_core::Device;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|index| ((index * 7919 + seed * 104_729) % 1013) as f32 / 200.0 - 2.5).collect()
    }

    /// By the definition, in f64.
    fn plainly(
        attention: Attention,
        query: &[f32],
        keys: &[f32],
        values: &[f32],
        capacity: usize,
    ) -> Vec<f32> {
        let Attention { heads, kv_heads, size, start } = attention;
        let mut whole = Vec::new();
        for token in 0..query.len() / (heads * size) {
            for head in 0..heads {
                let kv = head / (heads / kv_heads);
                let q = &query[(token * heads + head) * size..][..size];
                let score = |at: usize| {
                    (0..size)
                        .map(|d| f64::from(q[d]) * f64::from(keys[(kv * size + d) * capacity + at]))
                        .sum::<f64>()
                        / (size as f64).sqrt()
                };
                let scores: Vec<f64> = (0..=start + token).map(score).collect();
                let highest = scores.iter().copied().fold(f64::MIN, f64::max);
                let weights: Vec<f64> = scores.iter().map(|score| (score - highest).exp()).collect();
                let sum: f64 = weights.iter().sum();
                for d in 0..size {
                    let value = |at: usize| f64::from(values[at * kv_heads * size + kv * size + d]);
                    #[expect(clippy::cast_possible_truncation, reason = "compared as f32")]
                    whole.push(
                        (weights.iter().enumerate().map(|(at, weight)| weight * value(at)).sum::<f64>() / sum)
                            as f32,
                    );
                }
            }
        }
        whole
    }

    #[test]
    fn it_is_what_the_definition_says() {
        for (heads, kv_heads, size, start, tokens) in
            [(4, 2, 64, 0, 1), (6, 2, 64, 37, 21), (3, 3, 8, 5, 9), (14, 2, 64, 255, 1), (2, 1, 128, 3, 17)]
        {
            let attention = Attention { heads, kv_heads, size, start };
            let capacity = (start + tokens).next_multiple_of(16);
            let (query, keys, values) = (
                numbers(tokens * heads * size, 1),
                numbers(kv_heads * size * capacity, 2),
                numbers(capacity * kv_heads * size, 3),
            );
            let expected = plainly(attention, &query, &keys, &values, capacity);
            let tensor = |numbers: Vec<f32>, rows: usize| {
                Tensor::from_vec(numbers.clone(), (rows, numbers.len() / rows), &Device::Cpu).unwrap()
            };
            let found = attention
                .attend(&tensor(query, tokens), &tensor(keys, kv_heads * size), &tensor(values, capacity))
                .unwrap();
            let found: Vec<f32> = found.flatten_all().unwrap().to_vec1().unwrap();
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-3, "{found} {expected} {attention:?}");
            }
        }
    }

    #[test]
    fn exponentials_are_right_to_five_digits() {
        for step in 0..800 {
            let number = -(step as f32) / 10.0;
            let exact = number.exp();
            assert!((exponential(number) - exact).abs() <= exact * 1e-5 + 1e-36, "{number}");
        }
    }
}
