//! A GGUF file as the parts of a network.

use super::failure::{LoadFailure, unsupported};
use super::linear::Linear;
use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Numbers that describe the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    pub(super) head_size: usize,
    pub(super) window: usize,
    pub(super) rope_base: f32,
    pub(super) epsilon: f32,
}

#[derive(Debug)]
pub(super) struct Layer {
    pub(super) attention_norm: Tensor,
    pub(super) query_key_value: Linear,
    pub(super) attention_output: Linear,
    pub(super) feed_norm: Tensor,
    pub(super) gate_up: Linear,
    pub(super) down: Linear,
}

#[derive(Debug)]
pub(super) struct Weights {
    pub(super) shape: Shape,
    /// Stays in the file's format: its rows are only looked up.
    pub(super) embedding: QTensor,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: Tensor,
    pub(super) output: Linear,
}

/// An open GGUF file.
pub(super) struct Source<'a> {
    content: &'a Content,
    file: BufReader<File>,
    /// Llama files interleave the halves of each head's rotation.
    interleaved: bool,
    /// Between which a matrix is shared out.
    threads: usize,
}

pub(super) fn open(path: &Path) -> Result<BufReader<File>, LoadFailure> {
    let file =
        File::open(path).map_err(|source| LoadFailure::Unreadable { path: path.to_owned(), source })?;
    Ok(BufReader::with_capacity(1 << 20, file))
}

/// A number of the file's description.
fn number(content: &Content, key: &str) -> Result<f64, LoadFailure> {
    let value = content.metadata.get(key).ok_or_else(|| unsupported(format!("{key} is missing")))?;
    let read = match value {
        Value::F32(number) => Some(f64::from(*number)),
        Value::F64(number) => Some(*number),
        other => other.to_u64().ok().map(|number| f64::from(u32::try_from(number).unwrap_or(u32::MAX))),
    };
    read.ok_or_else(|| unsupported(format!("{key} is not a number")))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small whole numbers; a negative one saturates to 0 and is refused"
)]
fn count(content: &Content, key: &str) -> Result<usize, LoadFailure> {
    let count = number(content, key)? as usize;
    if count == 0 { Err(unsupported(format!("{key} is 0"))) } else { Ok(count) }
}

#[expect(clippy::cast_possible_truncation, reason = "the arithmetic is in f32")]
fn describe(content: &Content, architecture: &str) -> Result<Shape, LoadFailure> {
    let key = |name: &str| format!("{architecture}.{name}");
    let heads = count(content, &key("attention.head_count"))?;
    let kv_heads = count(content, &key("attention.head_count_kv")).unwrap_or(heads);
    let width = count(content, &key("embedding_length"))?;
    if !width.is_multiple_of(4 * heads) || !heads.is_multiple_of(kv_heads) {
        return Err(unsupported(format!(
            "{heads} heads do not fit a width of {width} and {kv_heads} key heads"
        )));
    }
    Ok(Shape {
        layers: count(content, &key("block_count"))?,
        heads,
        kv_heads,
        head_size: width / heads,
        window: count(content, &key("context_length"))?,
        rope_base: number(content, &key("rope.freq_base")).unwrap_or(10_000.0) as f32,
        epsilon: number(content, &key("attention.layer_norm_rms_epsilon"))? as f32,
    })
}

pub(super) fn load(path: &Path, content: &Content, threads: usize) -> Result<Weights, LoadFailure> {
    let architecture = content.metadata.get("general.architecture").and_then(|value| value.to_string().ok());
    let architecture = architecture.ok_or_else(|| unsupported("it names no architecture"))?;
    if !matches!(architecture.as_str(), "qwen2" | "llama") {
        return Err(unsupported(format!("its architecture is {architecture}")));
    }
    let interleaved = architecture == "llama";
    let shape = describe(content, architecture)?;
    let source = || Ok::<_, LoadFailure>(Source { content, file: open(path)?, interleaved, threads });
    let mut whole = source()?;
    let embedding = whole.tensor("token_embd.weight")?;
    let norm = whole.expanded("output_norm.weight")?;
    // Without a matrix of its own the output uses the embedding's.
    let output_name = if content.tensor_infos.contains_key("output.weight") {
        "output.weight"
    } else {
        "token_embd.weight"
    };
    let output = whole.matrix(output_name)?;
    let layers = load_layers(shape, source)?;
    Ok(Weights { shape, embedding, layers, norm, output })
}

/// Reading and converting a layer keeps one core busy, so all cores take layers in turn.
fn load_layers<'a>(
    shape: Shape,
    source: impl Fn() -> Result<Source<'a>, LoadFailure> + Sync,
) -> Result<Vec<Layer>, LoadFailure> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(shape.layers);
    let load_every = |first: usize| {
        let mut source = source()?;
        (first..shape.layers)
            .step_by(threads)
            .map(|layer| Ok((layer, source.layer(layer, shape)?)))
            .collect::<Result<Vec<_>, LoadFailure>>()
    };
    let mut layers = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|first| scope.spawn(move || load_every(first))).collect();
        let mut layers = Vec::with_capacity(shape.layers);
        for thread in running {
            layers.extend(thread.join().map_err(|_| LoadFailure::Stopped)??);
        }
        Ok::<_, LoadFailure>(layers)
    })?;
    layers.sort_by_key(|(index, _)| *index);
    Ok(layers.into_iter().map(|(_, layer)| layer).collect())
}

impl Source<'_> {
    fn tensor(&mut self, name: &str) -> Result<QTensor, LoadFailure> {
        Ok(self.content.tensor(&mut self.file, name, &Device::Cpu)?)
    }

    fn expanded(&mut self, name: &str) -> Result<Tensor, LoadFailure> {
        let tensor = self.tensor(name)?;
        Ok(tensor.dequantize(&Device::Cpu)?)
    }

    fn matrix(&mut self, name: &str) -> Result<Linear, LoadFailure> {
        Ok(Linear::of(&self.tensor(name)?, self.threads)?)
    }

    /// Rows of a query or key matrix in the order of two halves per head.
    fn rotated(&mut self, name: &str, head_size: usize) -> Result<QTensor, LoadFailure> {
        let tensor = self.tensor(name)?;
        if !self.interleaved {
            return Ok(tensor);
        }
        let (rows, columns) = tensor.shape().dims2()?;
        let tensor = tensor.dequantize(&Device::Cpu)?;
        let pairs = tensor.reshape((rows / head_size, head_size / 2, 2, columns))?;
        let halves = pairs.transpose(1, 2)?.contiguous()?.reshape((rows, columns))?;
        Ok(QTensor::quantize(&halves, GgmlDType::Q8_0)?)
    }

    fn layer(&mut self, index: usize, shape: Shape) -> Result<Layer, LoadFailure> {
        let name = |part: &str| format!("blk.{index}.{part}");
        let query = self.rotated(&name("attn_q.weight"), shape.head_size)?;
        let key = self.rotated(&name("attn_k.weight"), shape.head_size)?;
        let value = self.tensor(&name("attn_v.weight"))?;
        let bias = if self.content.tensor_infos.contains_key(&name("attn_q.bias")) {
            let parts = ["attn_q.bias", "attn_k.bias", "attn_v.bias"].map(|part| self.expanded(&name(part)));
            let [query, key, value] = parts;
            Some(Tensor::cat(&[query?, key?, value?], 0)?)
        } else {
            None
        };
        let gate = self.tensor(&name("ffn_gate.weight"))?;
        let up = self.tensor(&name("ffn_up.weight"))?;
        Ok(Layer {
            attention_norm: self.expanded(&name("attn_norm.weight"))?,
            query_key_value: Linear::stacked(&[query, key, value], bias, self.threads)?,
            attention_output: self.matrix(&name("attn_output.weight"))?,
            feed_norm: self.expanded(&name("ffn_norm.weight"))?,
            gate_up: Linear::stacked(&[gate, up], None, self.threads)?,
            down: self.matrix(&name("ffn_down.weight"))?,
        })
    }
}

/// Bytes that one token takes in the cache.
pub(super) fn cache_bytes_per_token(shape: Shape) -> usize {
    2 * shape.layers * shape.kv_heads * shape.head_size * size_of::<f32>()
}
