//! One inner step of MAML, differentiated by JAX and by PyTorch in double precision.
//!
//! `golden_maml.py` beside this file holds the mathematics and prints every number below. JAX and
//! PyTorch agree with each other to 1e-14.

use metarl_optim::{MamlTask, MetaGradient};

use crate::policy::{Batch, Loss, loss};

const HIDDEN: [usize; 1] = [4];
const INNER_LR: f64 = 0.3;

fn task() -> MamlTask<Loss<3, 2>, Loss<3, 2>> {
    let support = Batch {
        observation: SUPPORT_OBSERVATION.to_vec(),
        action: SUPPORT_ACTION.to_vec(),
        advantage: SUPPORT_ADVANTAGE.to_vec(),
    };
    let query = Batch {
        observation: QUERY_OBSERVATION.to_vec(),
        action: QUERY_ACTION.to_vec(),
        advantage: QUERY_ADVANTAGE.to_vec(),
    };
    MamlTask {
        support: vec![loss(&HIDDEN, &support)],
        query: loss(&HIDDEN, &query),
        inner_lr: INNER_LR,
    }
}

/// Every element to 1e-12 of itself.
#[track_caller]
fn assert_agrees(order: MetaGradient, want: &[f64]) {
    let (value, gradient) = task().gradient(&PARAMETERS, order).expect("26 parameters");
    assert_eq!(gradient.len(), want.len());
    let pairs = gradient.iter().zip(want).chain([(&value, &QUERY_LOSS)]);
    for (i, (got, want)) in pairs.enumerate() {
        let error = ((got - want) / want).abs();
        assert!(
            error <= 1e-12,
            "element {i}: {got} for {want}, off by {error:e}"
        );
    }
}

#[test]
fn second_order_is_what_jax_and_pytorch_compute() {
    assert_agrees(MetaGradient::SecondOrder, &SECOND_ORDER);
}

#[test]
fn first_order_is_what_jax_and_pytorch_compute() {
    assert_agrees(MetaGradient::FirstOrder, &FIRST_ORDER);
}

#[test]
fn the_orders_differ() {
    let gradient = |order| task().gradient(&PARAMETERS, order).unwrap().1;
    let (second, first) = (
        gradient(MetaGradient::SecondOrder),
        gradient(MetaGradient::FirstOrder),
    );
    assert!(second.iter().zip(&first).all(|(s, f)| (s - f).abs() > 1e-7));
}

const PARAMETERS: [f64; 26] = [
    0.06286511054669665,
    -0.06605243164565094,
    0.32021132522164103,
    0.052450058576519853,
    -0.2678346865805555,
    0.18079752745474237,
    0.6520000225650686,
    0.4735404815646211,
    -0.3518676179034963,
    -0.6327107355230263,
    -0.3116372312686761,
    0.0206629896736218,
    0.0,
    0.0,
    0.0,
    0.0,
    -1.1625153873194172,
    -0.10939583196627287,
    -0.6229554736265326,
    -0.3661336773517258,
    -0.27212949142865495,
    -0.15815007818457727,
    0.2058152681870664,
    0.5212566847213388,
    0.0,
    0.0,
];
const SUPPORT_OBSERVATION: [f64; 18] = [
    -0.12853466294403426,
    1.3664634705496859,
    -0.6651946734866135,
    0.3515100700930197,
    0.9034701816518086,
    0.09401229776087457,
    -0.7434992493538084,
    -0.9217253762584194,
    -0.45772582566733916,
    0.2201951234700494,
    -1.009618183538736,
    -0.20917557487171307,
    -0.15922500991447772,
    0.5408455846858077,
    0.2146591225063409,
    0.3553727090399214,
    -0.6538286094183394,
    -0.12961363369276946,
];
const SUPPORT_ACTION: [usize; 6] = [0, 1, 1, 0, 1, 1];
const SUPPORT_ADVANTAGE: [f64; 6] = [
    1.5139237747390626,
    1.3458754237823045,
    0.7813114007004275,
    0.2644556303293035,
    -0.3139228145364278,
    1.4580206835369587,
];
const QUERY_OBSERVATION: [f64; 18] = [
    1.9602583164499647,
    1.801634869866125,
    1.31510376473437,
    0.357380410658956,
    -1.2083186322821715,
    -0.004454133120083229,
    0.6564749350763358,
    -1.2883614637495544,
    0.39512206018200824,
    0.42986369482223,
    0.6960427239628685,
    -1.184117966757189,
    -0.6617025720390349,
    -0.43643524714322124,
    -1.169801907772864,
    1.739367877130134,
    -0.4959107284421519,
    0.3289696294602021,
];
const QUERY_ACTION: [usize; 6] = [1, 1, 1, 0, 1, 1];
const QUERY_ADVANTAGE: [f64; 6] = [
    0.6333526228249152,
    -2.2035098806466507,
    0.05202897425988651,
    0.6836861907765345,
    1.0039615758421696,
    -0.6179070447076008,
];
const SECOND_ORDER: [f64; 26] = [
    0.12364664411216356,
    0.015277598663146758,
    0.004639892170183873,
    0.030611045114642826,
    -0.16712590908848907,
    -0.04645523153623099,
    0.0006294621438214174,
    -0.025245461529267325,
    -0.05478991228267193,
    -0.009254719428564616,
    0.0011989365205736752,
    -0.010529719992852554,
    0.14161115082547432,
    0.023463443475832322,
    -0.0027469633968397154,
    0.02526783441476288,
    -0.11872654297621921,
    0.11872654297621918,
    -0.007027409331308774,
    0.0070274093313087765,
    0.06897664683499143,
    -0.06897664683499143,
    0.07890241228224354,
    -0.07890241228224354,
    -0.11773059269736379,
    0.11773059269736381,
];
const FIRST_ORDER: [f64; 26] = [
    0.12014874926723128,
    0.015252675197380241,
    0.006953911567208292,
    0.033707163243401436,
    -0.1780554515283764,
    -0.050687620328230244,
    -0.006187367150396181,
    -0.03843116235022691,
    -0.06604754661184874,
    -0.01107543342751481,
    0.0011927933385919303,
    -0.009995527015834064,
    0.16743564927164645,
    0.03020571184194129,
    0.0053398985843432,
    0.03774433647915951,
    -0.11010296989373967,
    0.11010296989373966,
    -0.0036887900904807834,
    0.003688790090480787,
    0.07904609858773465,
    -0.07904609858773465,
    0.09100358077346954,
    -0.09100358077346953,
    -0.14410918269187362,
    0.14410918269187364,
];
const QUERY_LOSS: f64 = 0.036487221971570574;
