//! A student cut from its teacher: all layers, and of each layer's MLP the units that weigh most, until half the parameters
//! are left. What the teacher knows of where to look is in the mixers, which stay; what was cut is learnt again in a
//! fraction of the time. (Pruning, then distillation: Minitron, Muralidharan et al., arXiv 2407.14679.)

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};

use super::pupil::Shape;
use super::sft::SchoolError;

/// Gate, up and down, as LFM2 and as Qwen3 call them.
const MLPS: [[&str; 3]; 2] =
    [["feed_forward.w1", "feed_forward.w3", "feed_forward.w2"], ["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]];
/// Units are kept in groups of so many, as the kernels like them.
const GROUP: usize = 8;

/// Cuts the teacher of a folder; writes the student's first weights to `out`, and says its shape.
///
/// # Errors
/// [`SchoolError`]: the folder is none of ours, or has too little in its MLPs.
pub fn cut(teacher: &Path, out: &Path) -> Result<Shape, SchoolError> {
    let unfit = |why: String| SchoolError::File { path: teacher.to_owned(), why };
    let shape = Shape::of(teacher).map_err(|error| unfit(error.to_string()))?;
    let mut tensors = candle_core::safetensors::load(teacher.join("model.safetensors"), &Device::Cpu)?;
    for tensor in tensors.values_mut() {
        *tensor = tensor.to_dtype(DType::F32)?;
    }
    let all: usize = tensors.values().map(Tensor::elem_count).sum();
    let mut gates: Vec<(String, [&str; 3])> = Vec::new();
    for names in MLPS {
        let ending = format!(".{}.weight", names[0]);
        gates.extend(tensors.keys().filter_map(|name| Some((name.strip_suffix(&ending)?.to_owned(), names))));
    }
    let (mut units, mut each) = (0, 0);
    for (layer, [gate, ..]) in &gates {
        let (width, hidden) = tensors[&format!("{layer}.{gate}.weight")].dims2()?;
        (units, each) = (width, each + 3 * hidden);
    }
    let spare = all.div_ceil(2).div_ceil(each.max(1)).next_multiple_of(GROUP);
    let Some(kept) = units.checked_sub(spare).map(|kept| kept / GROUP * GROUP).filter(|kept| *kept > 0) else {
        return Err(unfit("no half can be cut from its MLPs: give the student another shape".to_owned()));
    };
    for (layer, names) in &gates {
        narrow(&mut tensors, &names.map(|name| format!("{layer}.{name}.weight")), kept)?;
    }
    if let Some(parent) = out.parent() {
        std::fs::create_dir_all(parent).map_err(|error| unfit(error.to_string()))?;
    }
    candle_core::safetensors::save(&tensors, out)?;
    Ok(shape.with_mlp(kept))
}

/// Keeps the units that weigh most: the norms of their ways in and out, multiplied.
fn narrow(tensors: &mut HashMap<String, Tensor>, names: &[String; 3], kept: usize) -> candle_core::Result<()> {
    let [gate, up, down] = names.each_ref().map(|name| tensors[name].clone());
    let norm = |tensor: &Tensor, dim: usize| tensor.sqr()?.sum(dim)?.sqrt();
    let weight = norm(&gate, 1)?.mul(&norm(&up, 1)?)?.mul(&norm(&down, 0)?)?.to_vec1::<f32>()?;
    let mut order: Vec<u32> = (0..weight.len() as u32).collect();
    order.sort_by(|a, b| weight[*b as usize].total_cmp(&weight[*a as usize]).then(a.cmp(b)));
    order.truncate(kept);
    order.sort_unstable();
    let order = Tensor::new(order, gate.device())?;
    for (name, (tensor, dim)) in names.iter().zip([(gate, 0), (up, 0), (down, 1)]) {
        tensors.insert(name.clone(), tensor.index_select(&order, dim)?);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test may stop where it stands
mod tests {
    use super::super::pupil::Size;
    use super::super::{Lessons, sft, vocab};
    use super::*;
    use crate::engine::refused::Refused;
    use crate::train::Params;

    #[test]
    fn half_is_left_and_what_is_cut_weighs_least() {
        let tokenizer = vocab::learn(&Lessons::new(3).unwrap(), 50, 300).unwrap();
        let vocab = tokenizer.get_vocab_size(true);
        let size = Size { hidden: 32, layers: 4 };
        let folder = tempfile::tempdir().unwrap();
        for shape in [Shape::hybrid(vocab, size), Shape::transformer(vocab, size)] {
            // A wide MLP, so that there is something to cut.
            let shape = shape.with_mlp(512);
            let params = Params::new(2, &Device::Cpu);
            shape.build(params.weights()).unwrap();
            sft::write(&params, &shape, &tokenizer, &Refused::default(), folder.path()).unwrap();
            let file = folder.path().join("slim/begun.safetensors");
            let slim = cut(folder.path(), &file).unwrap();
            let begun = Params::builder(0, &Device::Cpu).load(&file).unwrap().build();
            slim.build(begun.weights()).unwrap();
            let (half, all) = (begun.count(), params.count());
            assert!(half * 2 <= all && half * 20 > all * 9, "{half} of {all}");
            assert!(slim != shape && matches!(slim, Shape::Hybrid(_)) == matches!(shape, Shape::Hybrid(_)));
        }
    }

    #[test]
    fn units_are_kept_by_their_weight() {
        let row = |values: &[f32]| Tensor::new(values, &Device::Cpu).unwrap().reshape((values.len(), 1)).unwrap();
        let names = ["g", "u", "d"].map(str::to_owned);
        let mut tensors: HashMap<String, Tensor> = [
            ("g".to_owned(), row(&[1.0, 5.0, 2.0])),
            ("u".to_owned(), row(&[1.0, 0.1, 2.0])),
            ("d".to_owned(), row(&[3.0, 1.0, 2.0]).t().unwrap()),
        ]
        .into();
        narrow(&mut tensors, &names, 2).unwrap();
        let kept = |name: &str| tensors[name].flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!((kept("g"), kept("u"), kept("d")), (vec![1.0, 2.0], vec![1.0, 2.0], vec![3.0, 2.0]));
    }
}
