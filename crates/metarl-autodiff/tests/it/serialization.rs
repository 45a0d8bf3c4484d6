//! Descriptions, hyper-parameters and optimizers survive a file.

use std::fmt::Debug;

use metarl_autodiff::{
    Activation, Adam, AdamConfig, CausalAttention, CausalConv, Conv2d, Dense, Gru, Image,
    ImageLayout, Initialization, LayerNorm, Layout, Lstm, Mlp, Optimizer, RmsProp, RmsPropConfig,
    Sgd, SgdConfig,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).expect("plain data");
    let read: T = serde_json::from_str(&text).expect("what was written");
    assert_eq!(&read, value, "{text}");
}

#[test]
fn descriptions_survive() {
    let mlp = Mlp::<3, 2> {
        hidden: vec![5, 4],
        activation: Activation::Relu,
        output_gain: 0.01,
    };
    survives(&mlp);
    survives(&Layout::of(&mlp));
    survives(&Dense {
        inputs: 2_usize,
        outputs: 3_usize,
        activation: Activation::Sigmoid,
        gain: 1.5,
    });
    survives(&Gru {
        inputs: 2,
        hidden: 3,
        longest_memory: 2,
    });
    survives(&Lstm {
        inputs: 2,
        hidden: 3,
        longest_memory: 2,
    });
    survives(&Conv2d {
        image: Image {
            height: 10,
            width: 9,
            channels: 4,
            layout: ImageLayout::ChannelsFirst,
        },
        filters: 16,
        kernel: 3,
        stride: 2,
        padding: 1,
        activation: Activation::Relu,
        gain: 0.5,
    });
    survives(&CausalConv {
        inputs: 2,
        outputs: 3,
        kernel: 2,
        dilation: 4,
        activation: Activation::Tanh,
        gain: 1.0,
    });
    survives(&CausalAttention {
        inputs: 2,
        key: 3,
        value: 4,
    });
    survives(&LayerNorm {
        columns: 3_usize,
        epsilon: 1e-5,
    });
    survives(&Initialization::He { gain: 0.7 });
    survives(&Initialization::Constant(0.1));
    survives(&Initialization::Orthogonal { blocks: 3 });
}

#[test]
fn activations_are_written_in_lower_case() {
    let all = [
        Activation::Identity,
        Activation::Tanh,
        Activation::Relu,
        Activation::Sigmoid,
    ];
    let text = serde_json::to_string(&all).unwrap();
    assert_eq!(text, r#"["identity","tanh","relu","sigmoid"]"#);
}

#[test]
fn optimizers_go_on_where_they_stopped() {
    fn goes_on<O>(mut optimizer: O)
    where
        O: Optimizer<f64> + Serialize + DeserializeOwned + PartialEq + Debug,
    {
        let mut theta = [1.0, -0.3];
        optimizer.step(&mut theta, &[0.1, 0.7]).unwrap();
        survives(&optimizer);
        let text = serde_json::to_string(&optimizer).unwrap();
        let mut resumed: O = serde_json::from_str(&text).unwrap();
        let mut other = theta;
        optimizer.step(&mut theta, &[0.3, -0.2]).unwrap();
        resumed.step(&mut other, &[0.3, -0.2]).unwrap();
        assert_eq!(theta.map(f64::to_bits), other.map(f64::to_bits));
    }
    let momentum = SgdConfig {
        momentum: 0.9,
        ..SgdConfig::default()
    };
    goes_on(Sgd::new(momentum, 2).unwrap());
    goes_on(Adam::new(AdamConfig::default(), 2).unwrap());
    goes_on(RmsProp::new(RmsPropConfig::default(), 2).unwrap());
}

#[test]
fn a_hyper_parameter_left_out_has_its_default() {
    let config: AdamConfig = serde_json::from_str(r#"{"learning_rate": 0.5}"#).unwrap();
    let want = AdamConfig {
        learning_rate: 0.5,
        ..AdamConfig::default()
    };
    assert_eq!(config, want);
}

#[test]
fn a_misspelled_hyper_parameter_is_refused() {
    assert!(serde_json::from_str::<AdamConfig>(r#"{"learning_rat": 0.5}"#).is_err());
    assert!(serde_json::from_str::<SgdConfig>(r#"{"momentun": 0.5}"#).is_err());
    assert!(serde_json::from_str::<RmsPropConfig>(r#"{"beta": 0.5}"#).is_err());
}
