//! Parameters written as safetensors and read again.

use metarl_autodiff::{Activation, Error, Layout, Mlp};
use proptest::prelude::*;

fn mlp<const I: usize>() -> Layout {
    Layout::of(&Mlp::<I, 2> {
        hidden: vec![3],
        activation: Activation::Tanh,
        output_gain: 1.0,
    })
}

const N: usize = 2 * 3 + 3 + 3 * 2 + 2;

fn file() -> Vec<u8> {
    mlp::<2>()
        .to_safetensors(&[0.5_f32; N])
        .expect("lengths are equal")
}

proptest! {
    #[test]
    fn every_f32_comes_back(bits in prop::collection::vec(any::<u32>(), N)) {
        let numbers: Vec<f32> = bits.iter().map(|bits| f32::from_bits(*bits)).collect();
        let bytes = mlp::<2>().to_safetensors(&numbers).unwrap();
        let read: Vec<f32> = mlp::<2>().from_safetensors(&bytes).unwrap();
        let read: Vec<u32> = read.iter().map(|x| x.to_bits()).collect();
        prop_assert_eq!(read, bits);
    }

    #[test]
    fn every_f64_comes_back(bits in prop::collection::vec(any::<u64>(), N)) {
        let numbers: Vec<f64> = bits.iter().map(|bits| f64::from_bits(*bits)).collect();
        let bytes = mlp::<2>().to_safetensors(&numbers).unwrap();
        let read: Vec<f64> = mlp::<2>().from_safetensors(&bytes).unwrap();
        let read: Vec<u64> = read.iter().map(|x| x.to_bits()).collect();
        prop_assert_eq!(read, bits);
    }

    #[test]
    fn a_truncated_file_is_refused(at in any::<prop::sample::Index>()) {
        let bytes = file();
        let read = mlp::<2>().from_safetensors::<f32>(&bytes[..at.index(bytes.len())]);
        prop_assert!(matches!(read, Err(Error::NotSafetensors(_))), "{:?}", read);
    }

    #[test]
    fn foreign_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let read = mlp::<2>().from_safetensors::<f32>(&bytes);
        prop_assert!(matches!(read, Err(Error::NotSafetensors(_))), "{:?}", read);
    }
}

#[test]
fn another_length_is_refused() {
    let error = mlp::<2>().to_safetensors(&[0.0_f32; 3]).unwrap_err();
    let want = Error::ParameterCount {
        name: "parameters",
        expected: N,
        got: 3,
    };
    assert_eq!(error, want);
}

#[test]
fn another_shape_is_named() {
    let error = mlp::<4>().from_safetensors::<f32>(&file()).unwrap_err();
    let want = "tensor `hidden.0.weight`: the network needs F32 of shape [4, 3], \
                the file has F32 of shape [2, 3]";
    assert_eq!(error.to_string(), want);
}

#[test]
fn another_element_type_is_named() {
    let error = mlp::<2>().from_safetensors::<f64>(&file()).unwrap_err();
    let want = "tensor `hidden.0.weight`: the network needs F64 of shape [2, 3], \
                the file has F32 of shape [2, 3]";
    assert_eq!(error.to_string(), want);
}

#[test]
fn a_missing_tensor_is_named() {
    let deeper = Layout::of(&Mlp::<2, 2> {
        hidden: vec![3, 3],
        activation: Activation::Tanh,
        output_gain: 1.0,
    });
    let error = deeper.from_safetensors::<f32>(&file()).unwrap_err();
    let want = "tensor `hidden.1.weight`: the network needs F32 of shape [3, 3], \
                the file has no tensor of that name";
    assert_eq!(error.to_string(), want);
}

#[test]
fn tensors_the_network_does_not_have_are_ignored() {
    let pair = Layout::of(&Mlp::<2, 2> {
        hidden: vec![3, 3],
        activation: Activation::Tanh,
        output_gain: 1.0,
    });
    let numbers: Vec<f32> = (0..pair.n_parameters()).map(|i| i as f32).collect();
    let bytes = pair.to_safetensors(&numbers).unwrap();
    let read: Vec<f32> = mlp::<2>().from_safetensors(&bytes).unwrap();
    // Everything but `hidden.1`, nine weights and three biases.
    let want: Vec<f32> = (0..9).chain(21..29).map(|i| i as f32).collect();
    assert_eq!(read, want);
}
