//! One weight matrix in the form that this processor multiplies fastest.

use candle_core::quantized::{GgmlDType, QMatMul, QStorage, QTensor};
use candle_core::{D, Device, Module as _, Result, Tensor};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use std::borrow::Cow;

/// Of the formats with fast kernels this one is the fastest for single tokens, and all others lose next to nothing by becoming it.
const FORMAT: GgmlDType = GgmlDType::Q8_0;

/// candle's fast kernels take rows of whole super-blocks.
const SUPER_BLOCK: usize = 256;

/// candle's fast kernels compute so many outputs at once.
const TILE: usize = 16;

/// From so many rows on, expanding the weights once is cheaper than the slow kernels.
const DENSE_ROWS: usize = 24;

/// A smaller share of a matrix is computed before another thread has woken up.
const SMALLEST_SHARE: usize = 200_000;

/// Whether candle has integer kernels for several rows at once here.
pub(super) fn has_row_kernels() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        let wide = std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512vnni");
        wide || std::is_x86_feature_detected!("avxvnni")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        cfg!(target_arch = "aarch64")
    }
}

/// `y = W x + b`, with the rows of `W` shared out between threads.
#[derive(Debug)]
pub(super) struct Linear {
    shares: Vec<QMatMul>,
    columns: usize,
    padded: usize,
    bias: Option<Tensor>,
    dense: bool,
}

impl Linear {
    /// Several matrices of equal width below each other, so that they are multiplied at once.
    pub(super) fn stacked(parts: &[QTensor], bias: Option<Tensor>, threads: usize) -> Result<Self> {
        let mut bytes = Vec::new();
        let mut columns = 0;
        for part in parts {
            columns = part.shape().dims2()?.1;
            bytes.extend_from_slice(&as_q8(part, padded(columns))?);
        }
        Self::shared_out(&bytes, columns, bias, threads)
    }

    /// One matrix.
    pub(super) fn of(weight: &QTensor, threads: usize) -> Result<Self> {
        Self::stacked(std::slice::from_ref(weight), None, threads)
    }

    fn shared_out(bytes: &[u8], columns: usize, bias: Option<Tensor>, threads: usize) -> Result<Self> {
        let padded = padded(columns);
        let row_bytes = row_bytes(padded);
        let rows = bytes.len() / row_bytes;
        let share_count = (rows * padded / SMALLEST_SHARE).clamp(1, threads.max(1));
        let share_rows = rows.div_ceil(share_count).next_multiple_of(TILE);
        let shares = bytes.chunks(share_rows * row_bytes).map(|share| {
            let storage = QStorage::from_data(Cow::Borrowed(share), &Device::Cpu, FORMAT)?;
            QMatMul::from_qtensor(QTensor::new(storage, (share.len() / row_bytes, padded))?)
        });
        Ok(Self { shares: shares.collect::<Result<_>>()?, columns, padded, bias, dense: !has_row_kernels() })
    }

    /// Rows of `x` are vectors.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = if self.padded > self.columns {
            x.pad_with_zeros(D::Minus1, 0, self.padded - self.columns)?
        } else {
            x.contiguous()?
        };
        let y = match self.shares.as_slice() {
            [whole] => self.multiply(whole, &x)?,
            shares => {
                let parts: Result<Vec<Tensor>> =
                    shares.par_iter().map(|share| self.multiply(share, &x)).collect();
                Tensor::cat(&parts?, 1)?
            }
        };
        match &self.bias {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        }
    }

    fn multiply(&self, share: &QMatMul, x: &Tensor) -> Result<Tensor> {
        match share {
            QMatMul::QTensor(weight) if self.dense && x.dim(0)? >= DENSE_ROWS => {
                x.matmul(&weight.dequantize(&Device::Cpu)?.t()?)
            }
            weight => weight.forward(x),
        }
    }
}

fn padded(columns: usize) -> usize {
    if has_row_kernels() { columns.next_multiple_of(SUPER_BLOCK) } else { columns }
}

fn row_bytes(columns: usize) -> usize {
    columns / FORMAT.block_size() * FORMAT.type_size()
}

/// The matrix as Q8_0 with zeros up to the width.
fn as_q8(weight: &QTensor, width: usize) -> Result<Vec<u8>> {
    let columns = weight.shape().dims2()?.1;
    if weight.dtype() != FORMAT {
        let whole = weight.dequantize(&Device::Cpu)?.pad_with_zeros(1, 0, width - columns)?;
        return Ok(QTensor::quantize(&whole.contiguous()?, FORMAT)?.data()?.into_owned());
    }
    let bytes = weight.data()?;
    if width == columns {
        return Ok(bytes.into_owned());
    }
    let mut wide = Vec::with_capacity(bytes.len() / row_bytes(columns) * row_bytes(width));
    for row in bytes.chunks(row_bytes(columns)) {
        wide.extend_from_slice(row);
        // A block of zeros: scale 0 and numbers 0.
        wide.resize(wide.len() + row_bytes(width) - row_bytes(columns), 0);
    }
    Ok(wide)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// A matrix and a vector with known products.
    fn numbers(rows: usize, columns: usize) -> Tensor {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let value = |index: usize| ((index * 7919 % 101) as f32 - 50.0) / 50.0;
        Tensor::from_vec((0..rows * columns).map(value).collect::<Vec<f32>>(), (rows, columns), &Device::Cpu)
            .unwrap()
    }

    #[test]
    fn every_format_and_share_gives_the_plain_product() {
        for (rows, columns, threads) in [(48, 96, 1), (1200, 896, 3), (512, 1024, 2)] {
            let weight = numbers(rows, columns);
            for format in [GgmlDType::Q8_0, GgmlDType::Q5_0, GgmlDType::Q4_1, GgmlDType::Q4K] {
                if !columns.is_multiple_of(format.block_size()) {
                    continue;
                }
                let quantized = QTensor::quantize(&weight, format).unwrap();
                let linear = Linear::of(&quantized, threads).unwrap();
                let exact = quantized.dequantize(&Device::Cpu).unwrap();
                for count in [1, 5, 40] {
                    let x = numbers(count, columns);
                    let expected = x.matmul(&exact.t().unwrap()).unwrap();
                    let difference = (linear.forward(&x).unwrap() - &expected)
                        .unwrap()
                        .abs()
                        .unwrap()
                        .max_all()
                        .unwrap()
                        .to_scalar::<f32>()
                        .unwrap();
                    let size = expected.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
                    assert!(
                        difference < size * 0.03,
                        "{rows}x{columns} {format:?} x{count}: {difference} of {size}"
                    );
                }
            }
        }
    }
}
