//! [`Seed::stream`]: the documented generator, and never the same numbers twice.

use metarl_core::{Purpose, Seed};
use proptest::prelude::*;
use rand::RngExt;

const PURPOSES: [Purpose; 11] = [
    Purpose::Initialization,
    Purpose::Task,
    Purpose::Environment,
    Purpose::Policy,
    Purpose::Minibatch,
    Purpose::EvaluationTask,
    Purpose::EvaluationEnvironment,
    Purpose::EvaluationPolicy,
    Purpose::TrainSplit,
    Purpose::TestSplit,
    Purpose::Baseline,
];

type Address = (u64, Purpose, u64, u64, u64);

fn first_numbers((seed, purpose, task, lane, episode): Address) -> [u64; 4] {
    Seed::new(seed)
        .stream(purpose, task, lane, episode)
        .random()
}

/// First 256 bits of the ChaCha key stream with 8 rounds and a 64-bit stream number (Bernstein
/// 2008).
fn chacha8(key: [u64; 4], stream: u64) -> [u64; 4] {
    fn quarter(x: &mut [u32; 16], [a, b, c, d]: [usize; 4]) {
        for (sum, add, mixed, bits) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
            x[sum] = x[sum].wrapping_add(x[add]);
            x[mixed] = (x[mixed] ^ x[sum]).rotate_left(bits);
        }
    }
    let halves = |word: u64| [word as u32, (word >> 32) as u32];
    let mut state = [0_u32; 16];
    state[..4].copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
    for (i, word) in key.into_iter().enumerate() {
        state[4 + 2 * i..6 + 2 * i].copy_from_slice(&halves(word));
    }
    state[14..].copy_from_slice(&halves(stream));

    let mut x = state;
    for _ in 0..4 {
        for i in 0..4 {
            quarter(&mut x, [i, 4 + i, 8 + i, 12 + i]);
        }
        for i in 0..4 {
            let diagonal = |row: usize| 4 * row + (i + row) % 4;
            quarter(&mut x, [0, 1, 2, 3].map(diagonal));
        }
    }
    let out = |i: usize| u64::from(x[i].wrapping_add(state[i]));
    std::array::from_fn(|i| out(2 * i) | out(2 * i + 1) << 32)
}

/// Small numbers are what programs use, large ones what hides in the corners.
fn coordinate() -> impl Strategy<Value = u64> {
    prop_oneof![0..4_u64, any::<u64>()]
}

fn address() -> impl Strategy<Value = Address> {
    let purpose = prop::sample::select(PURPOSES.to_vec());
    (
        coordinate(),
        purpose,
        coordinate(),
        coordinate(),
        coordinate(),
    )
}

proptest! {
    #[test]
    fn a_stream_is_chacha8_keyed_by_its_address(address in address()) {
        let (seed, purpose, task, lane, episode) = address;

        let reference = chacha8([seed, purpose as u64, task, lane], episode);

        prop_assert_eq!(first_numbers(address), reference);
    }

    #[test]
    fn different_addresses_are_different_streams(a in address(), b in address()) {
        prop_assert_eq!(a == b, first_numbers(a) == first_numbers(b));
    }
}

#[test]
fn neighboring_addresses_are_all_different() {
    let mut seen = std::collections::BTreeMap::new();
    for purpose in PURPOSES {
        for [seed, task, lane, episode] in corners() {
            let address = (seed, purpose, task, lane, episode);
            let before = seen.insert(first_numbers(address), address);
            assert_eq!(before, None, "{address:?} reads the same numbers");
        }
    }
}

fn corners() -> impl Iterator<Item = [u64; 4]> {
    (0..256_u64).map(|i| [i & 3, i >> 2 & 3, i >> 4 & 3, i >> 6])
}

#[test]
fn value_stability() {
    assert_eq!(
        first_numbers((0, Purpose::Initialization, 0, 0, 0)),
        [
            0x3feb_e7d0_52d7_6565,
            0x519d_89fd_b939_a805,
            0x5eec_aa33_8221_96c6,
            0x9ad0_74f9_4e28_f793
        ]
    );
    assert_eq!(
        first_numbers((7, Purpose::Environment, 1, 2, 3)),
        [
            0xd65d_6077_7577_5de9,
            0x3f4e_8b07_e74b_5ebc,
            0xb4ae_50d0_e5d9_c0d5,
            0x813f_0ebe_9fa7_c05a
        ]
    );
    assert_eq!(
        first_numbers((u64::MAX, Purpose::Baseline, u64::MAX, 5, u64::MAX)),
        [
            0x6a68_be56_3d59_b164,
            0x9ee3_3a94_8227_d798,
            0x01e5_04ef_a002_dc0a,
            0xe828_ba53_f354_1b31
        ]
    );
}

#[test]
fn a_purpose_keeps_its_number() {
    assert_eq!(
        PURPOSES.map(|purpose| purpose as u64),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    );
}
