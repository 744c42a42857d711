//! Planned inputs as values of ONNX Runtime, a function of plan and seed.

use crate::error::{Error, Result};
use nneval_graph::inputs::Fill;
use nneval_graph::inputs::{Holder, InputPlan};
use ort::memory::Allocator;
use ort::value::{
    DynTensor, DynTensorValueType, DynValue, Map, Sequence, Tensor, TensorElementType,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Makes all inputs, in their order.
///
/// # Errors
/// [`Error::Measure`] naming the input: ONNX Runtime refuses it, or its type
/// is none that can be made.
pub fn make(plans: &[InputPlan], seed: u64) -> Result<Vec<DynValue>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let made = plans.iter().map(|plan| {
        one(plan, &mut rng)
            .map_err(|e| Error::Measure(format!("input {:?} cannot be made: {e}", plan.name)))
    });
    made.collect()
}

fn one(plan: &InputPlan, rng: &mut ChaCha8Rng) -> ort::Result<DynValue> {
    match plan.holder {
        Holder::Tensor => Ok(tensor(plan, rng)?.into_dyn()),
        Holder::Sequence(n) => {
            let tensors = (0..n).map(|_| tensor(plan, rng)).collect::<ort::Result<Vec<_>>>()?;
            Ok(Sequence::<DynTensorValueType>::new(tensors)?.into_dyn())
        }
        Holder::Map(key) => map(key, plan.dtype),
    }
}

fn map(key: i32, value: i32) -> ort::Result<DynValue> {
    let words = || ["a", "b", "c"].map(str::to_owned);
    Ok(match (key, value) {
        (7, 1) => Map::<i64, f32>::new([(0, 0.5), (1, 0.25), (2, 0.75)])?.into_dyn(),
        (7, 11) => Map::<i64, f64>::new([(0, 0.5), (1, 0.25), (2, 0.75)])?.into_dyn(),
        (8, 1) => Map::<String, f32>::new(words().into_iter().zip([0.5, 0.25, 0.75]))?.into_dyn(),
        (8, 11) => Map::<String, f64>::new(words().into_iter().zip([0.5, 0.25, 0.75]))?.into_dyn(),
        (8, 7) => Map::<String, i64>::new(words().into_iter().zip([1, 2, 3]))?.into_dyn(),
        _ => return Err(ort::Error::new("maps of these types are not supported")),
    })
}

/// A tensor from numbers, each as the element type.
macro_rules! of {
    ($plan:expr, $rng:expr, $t:ty, $convert:expr) => {{
        let convert: fn(f64) -> $t = $convert;
        let data: Vec<$t> = numbers($plan, $rng).into_iter().map(convert).collect();
        Tensor::<$t>::from_array((dims($plan), data))?.upcast()
    }};
}

fn tensor(plan: &InputPlan, rng: &mut ChaCha8Rng) -> ort::Result<DynTensor> {
    Ok(match plan.dtype {
        1 => of!(plan, rng, f32, |x| x as f32),
        2 => of!(plan, rng, u8, |x| x as u8),
        3 => of!(plan, rng, i8, |x| x as i8),
        4 => of!(plan, rng, u16, |x| x as u16),
        5 => of!(plan, rng, i16, |x| x as i16),
        6 => of!(plan, rng, i32, |x| x as i32),
        7 => of!(plan, rng, i64, |x| x as i64),
        8 => {
            let words: Vec<String> = (0..len(plan)).map(|_| word(rng)).collect();
            Tensor::from_string_array((dims(plan), words.as_slice()))?.upcast()
        }
        9 => of!(plan, rng, bool, |x| x != 0.0),
        10 => of!(plan, rng, half::f16, half::f16::from_f64),
        11 => of!(plan, rng, f64, |x| x),
        12 => of!(plan, rng, u32, |x| x as u32),
        13 => of!(plan, rng, u64, |x| x as u64),
        16 => of!(plan, rng, half::bf16, half::bf16::from_f64),
        // Types without numbers in Rust: all bits zero.
        other => DynTensor::new(&Allocator::default(), narrow(other)?, dims(plan))?,
    })
}

fn narrow(dtype: i32) -> ort::Result<TensorElementType> {
    use TensorElementType as T;
    Ok(match dtype {
        14 => T::Complex64,
        15 => T::Complex128,
        17 => T::Float8E4M3FN,
        18 => T::Float8E4M3FNUZ,
        19 => T::Float8E5M2,
        20 => T::Float8E5M2FNUZ,
        21 => T::Uint4,
        22 => T::Int4,
        23 => T::Float4E2M1,
        24 => T::Float8E8M0,
        25 => T::Uint2,
        26 => T::Int2,
        _ => return Err(ort::Error::new(format!("element type {dtype} is unknown"))),
    })
}

fn dims(plan: &InputPlan) -> Vec<i64> {
    plan.shape.iter().map(|&d| i64::try_from(d).unwrap_or(i64::MAX)).collect()
}

fn len(plan: &InputPlan) -> usize {
    plan.shape.iter().map(|&d| usize::try_from(d).unwrap_or(0)).product()
}

/// The elements; integers are exact, since none is beyond 2⁵³.
fn numbers(plan: &InputPlan, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let row = plan.shape.last().map_or(1, |&d| usize::try_from(d).unwrap_or(1)).max(1);
    let element = |i: usize, rng: &mut ChaCha8Rng| match &plan.fill {
        Fill::Unit => rng.random::<f64>(),
        Fill::Below(n) => rng.random_range(0..(*n).max(1)) as f64,
        Fill::Ones | Fill::Words => 1.0,
        Fill::Constant(n) => *n as f64,
        Fill::Values(v) => v.get(i % v.len().max(1)).copied().unwrap_or(0) as f64,
        Fill::Positions(n) => ((i % row) as u64 % (*n).max(1)) as f64,
        Fill::Mask if i.is_multiple_of(row) => 1.0,
        Fill::Mask => f64::from(u8::from(rng.random_range(0..10u8) != 0)),
    };
    (0..len(plan)).map(|i| element(i, rng)).collect()
}

fn word(rng: &mut ChaCha8Rng) -> String {
    (0..4).map(|_| char::from(b'a' + rng.random_range(0..26u8))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(dtype: i32, shape: &[u64], fill: Fill) -> InputPlan {
        let holder = Holder::Tensor;
        InputPlan { name: "x".to_owned(), holder, dtype, shape: shape.to_vec(), fill }
    }

    #[test]
    fn elements_are_a_function_of_the_seed() {
        let of =
            |fill, seed| numbers(&plan(7, &[2, 5], fill), &mut ChaCha8Rng::seed_from_u64(seed));
        assert_eq!(of(Fill::Below(9), 1), of(Fill::Below(9), 1));
        assert_ne!(of(Fill::Unit, 1), of(Fill::Unit, 2));
        assert!(of(Fill::Below(3), 1).iter().all(|&x| x < 3.0));
        assert_eq!(of(Fill::Positions(4), 0)[..5], [0.0, 1.0, 2.0, 3.0, 0.0]);
        assert_eq!(of(Fill::Values(vec![7, 8]), 0)[..3], [7.0, 8.0, 7.0]);
        let mask = of(Fill::Mask, 3);
        assert!(mask[0] == 1.0 && mask[5] == 1.0 && mask.iter().all(|&x| x == 0.0 || x == 1.0));
        assert_eq!(word(&mut ChaCha8Rng::seed_from_u64(1)).len(), 4);
    }
}
