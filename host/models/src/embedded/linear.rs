//! One weight matrix in the form that this processor multiplies fastest.

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{D, Device, Module as _, Result, Tensor};

/// candle's fast kernels take rows of whole super-blocks.
const SUPER_BLOCK: usize = 256;

/// From so many rows on, expanding the weights once is cheaper than the slow kernels.
const DENSE_ROWS: usize = 24;

/// Whether candle has integer kernels for several rows at once here.
pub(super) fn has_row_kernels() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        (std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512vnni"))
            || std::is_x86_feature_detected!("avxvnni")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        cfg!(target_arch = "aarch64")
    }
}

/// `y = W x + b`.
#[derive(Debug)]
pub(super) struct Linear {
    weight: QMatMul,
    columns: usize,
    padded: usize,
    bias: Option<Tensor>,
    dense: bool,
}

impl Linear {
    /// Several matrices of equal width below each other, so that they are multiplied at once. They become Q8_0: the usual formats of
    /// small models (Q4_1, Q5_0, Q5_1) have no fast kernels, and Q8_0 loses next to nothing of any of them.
    pub(super) fn stacked(parts: &[Tensor], bias: Option<Tensor>) -> Result<Self> {
        let whole = Tensor::cat(parts, 0)?;
        let columns = whole.dim(1)?;
        let row_kernels = has_row_kernels();
        let padded = if row_kernels { columns.next_multiple_of(SUPER_BLOCK) } else { columns };
        let whole = if padded > columns { whole.pad_with_zeros(1, 0, padded - columns)? } else { whole };
        let weight = QMatMul::from_qtensor(QTensor::quantize(&whole.contiguous()?, GgmlDType::Q8_0)?)?;
        Ok(Self { weight, columns, padded, bias, dense: !row_kernels })
    }

    /// A matrix in a format that is fast as it is.
    pub(super) fn kept(weight: QTensor) -> Result<Self> {
        let columns = weight.shape().dims2()?.1;
        Ok(Self {
            weight: QMatMul::from_qtensor(weight)?,
            columns,
            padded: columns,
            bias: None,
            dense: !has_row_kernels(),
        })
    }

    /// Whether a matrix is fast as it is.
    pub(super) fn is_fast(weight: &QTensor) -> bool {
        let Ok((_, columns)) = weight.shape().dims2() else { return false };
        match weight.dtype() {
            GgmlDType::Q4K => true,
            GgmlDType::Q8_0 => !has_row_kernels() || columns.is_multiple_of(SUPER_BLOCK),
            _ => false,
        }
    }

    /// Rows of `x` are vectors.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = match &self.weight {
            QMatMul::QTensor(weight) if self.dense && x.dim(0)? >= DENSE_ROWS => {
                x.contiguous()?.matmul(&weight.dequantize(&Device::Cpu)?.t()?)?
            }
            weight if self.padded > self.columns => {
                weight.forward(&x.pad_with_zeros(D::Minus1, 0, self.padded - self.columns)?)?
            }
            weight => weight.forward(&x.contiguous()?)?,
        };
        match &self.bias {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        }
    }
}
