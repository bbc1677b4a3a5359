//! The forward pass of qwen2 and llama with an explicit key-value memory.

use super::attention::Attention;
use super::weights::{Layer, Shape, Weights};
use candle_core::{Device, Result, Tensor};
use candle_nn::ops::{rms_norm, silu};
use candle_nn::rotary_emb::rope_thd;

/// Keys and values grow by so many tokens at once.
const GROWTH: usize = 256;

/// Keys of one layer as (heads × size, capacity), values as (capacity, heads × size); the first tokens count.
#[derive(Debug)]
struct LayerMemory {
    keys: Tensor,
    values: Tensor,
}

/// What the network remembers of a sequence. Not `Clone`: a clone of a tensor shares its bytes.
#[derive(Debug)]
pub(super) struct Memory {
    layers: Vec<LayerMemory>,
    length: usize,
    capacity: usize,
}

impl Memory {
    pub(super) fn new(shape: Shape, tokens: usize) -> Result<Self> {
        let capacity = tokens.next_multiple_of(GROWTH);
        let width = shape.kv_heads * shape.head_size;
        let empty = |rows: usize, columns: usize| {
            Tensor::zeros((rows, columns), candle_core::DType::F32, &Device::Cpu)
        };
        let layer = |_| Ok(LayerMemory { keys: empty(width, capacity)?, values: empty(capacity, width)? });
        let layers = (0..shape.layers).map(layer).collect::<Result<_>>()?;
        Ok(Self { layers, length: 0, capacity })
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Forget what comes after the first tokens.
    pub(super) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// A copy of the first tokens with bytes of its own.
    pub(super) fn fork(&self, shape: Shape, length: usize, tokens: usize) -> Result<Self> {
        let mut copy = Self::new(shape, tokens.max(length))?;
        if length > 0 {
            for (from, to) in self.layers.iter().zip(&copy.layers) {
                to.keys.slice_set(&from.keys.narrow(1, 0, length)?.contiguous()?, 1, 0)?;
                to.values.slice_set(&from.values.narrow(0, 0, length)?.contiguous()?, 0, 0)?;
            }
        }
        copy.length = length;
        Ok(copy)
    }

    /// A memory without content for tests of the cache.
    #[cfg(test)]
    pub(super) fn pretend(&mut self, length: usize) {
        self.length = length;
    }

    fn reserve(&mut self, shape: Shape, tokens: usize) -> Result<()> {
        if self.length + tokens > self.capacity {
            // Half as much again, so that a long answer is not copied for every few tokens.
            let wanted = (self.length + tokens).max(self.capacity + self.capacity / 2);
            *self = self.fork(shape, self.length, wanted)?;
        }
        Ok(())
    }
}

/// Weights and rotations.
#[derive(Debug)]
pub(super) struct Network {
    weights: Weights,
    cosines: Tensor,
    sines: Tensor,
}

impl Network {
    /// For sequences of at most `window` tokens.
    pub(super) fn new(weights: Weights, window: usize) -> Result<Self> {
        let (cosines, sines) = rotations(weights.shape, window)?;
        Ok(Self { weights, cosines, sines })
    }

    /// Append tokens to the memory; the result is the last token's hidden state, as (1, width).
    pub(super) fn advance(&self, memory: &mut Memory, tokens: &[u32]) -> Result<Tensor> {
        let shape = self.weights.shape;
        memory.reserve(shape, tokens.len())?;
        let start = memory.length;
        let rotation = Rotation {
            cosines: self.cosines.narrow(0, start, tokens.len())?,
            sines: self.sines.narrow(0, start, tokens.len())?,
        };
        let mut hidden = self.weights.embedding.embedding(&Tensor::new(tokens, &Device::Cpu)?)?;
        for (layer, remembered) in self.weights.layers.iter().zip(&memory.layers) {
            hidden = layer.forward(&hidden, shape, remembered, start, &rotation)?;
        }
        memory.length += tokens.len();
        hidden.narrow(0, tokens.len() - 1, 1)
    }

    /// How likely each token is next.
    pub(super) fn logits(&self, hidden: &Tensor) -> Result<Vec<f32>> {
        let normed = rms_norm(&hidden.contiguous()?, &self.weights.norm, self.weights.shape.epsilon)?;
        self.weights.output.forward(&normed)?.flatten_all()?.to_vec1()
    }
}

struct Rotation {
    cosines: Tensor,
    sines: Tensor,
}

impl Layer {
    fn forward(
        &self,
        hidden: &Tensor,
        shape: Shape,
        memory: &LayerMemory,
        start: usize,
        rotation: &Rotation,
    ) -> Result<Tensor> {
        let normed = rms_norm(hidden, &self.attention_norm, shape.epsilon)?;
        let hidden = (hidden + self.attend(&normed, shape, memory, start, rotation)?)?;
        let normed = rms_norm(&hidden, &self.feed_norm, shape.epsilon)?;
        let both = self.gate_up.forward(&normed)?;
        let width = both.dim(1)? / 2;
        let gated = (silu(&both.narrow(1, 0, width)?.contiguous()?)? * both.narrow(1, width, width)?)?;
        hidden + self.down.forward(&gated)?
    }

    fn attend(
        &self,
        normed: &Tensor,
        shape: Shape,
        memory: &LayerMemory,
        start: usize,
        rotation: &Rotation,
    ) -> Result<Tensor> {
        let tokens = normed.dim(0)?;
        let size = shape.head_size;
        let all = self.query_key_value.forward(normed)?;
        let part = |first: usize, heads: usize| {
            all.narrow(1, first * size, heads * size)?.contiguous()?.reshape((1, tokens, heads, size))
        };
        let query = rope_thd(&part(0, shape.heads)?, &rotation.cosines, &rotation.sines)?;
        let key = rope_thd(&part(shape.heads, shape.kv_heads)?, &rotation.cosines, &rotation.sines)?;
        let value = part(shape.heads + shape.kv_heads, shape.kv_heads)?;
        let width = shape.kv_heads * size;
        memory.keys.slice_set(&key.reshape((tokens, width))?.t()?.contiguous()?, 1, start)?;
        memory.values.slice_set(&value.reshape((tokens, width))?, 0, start)?;
        let attention = Attention { heads: shape.heads, kv_heads: shape.kv_heads, size, start };
        let rows =
            attention.attend(&query.reshape((tokens, shape.heads * size))?, &memory.keys, &memory.values)?;
        self.attention_output.forward(&rows)
    }
}

#[expect(clippy::cast_precision_loss, reason = "positions and sizes are small")]
fn rotations(shape: Shape, window: usize) -> Result<(Tensor, Tensor)> {
    let half = shape.head_size / 2;
    let frequencies: Vec<f32> =
        (0..half).map(|index| shape.rope_base.powf(-2.0 * index as f32 / shape.head_size as f32)).collect();
    let positions: Vec<f32> = (0..window).map(|position| position as f32).collect();
    let angles = Tensor::from_vec(positions, (window, 1), &Device::Cpu)?.matmul(&Tensor::from_vec(
        frequencies,
        (1, half),
        &Device::Cpu,
    )?)?;
    Ok((angles.cos()?, angles.sin()?))
}
