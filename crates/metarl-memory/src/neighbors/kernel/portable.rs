//! Plain loops, for any processor.

use super::super::quantization::OFFSET;
use super::{BLOCK, CodeBlock, CodeDistances, CodeQuery, FOUR};

pub(super) fn measure(query: CodeQuery<'_>, block: CodeBlock<'_>, distances: &mut CodeDistances) {
    distances.squared = [0; BLOCK];
    for (keys, group) in block.codes.chunks_exact(4 * BLOCK).zip(query.groups) {
        let group = codes_of(*group).map(|code| (code + OFFSET) as i16);
        for (squared, key) in distances.squared.iter_mut().zip(keys.as_chunks::<4>().0) {
            // Processors square 16 bits at once that take several steps for 32.
            let difference = |j: usize| i32::from(i16::from(key[j]) - group[j]);
            let square = |j| difference(j) * difference(j);
            *squared += (square(0) + square(1)) + (square(2) + square(3));
        }
    }
    note_within(query, distances);
}

pub(super) fn measure_four(
    queries: &[CodeQuery<'_>; FOUR],
    block: CodeBlock<'_>,
    squares: &[i32; BLOCK],
    distances: &mut [CodeDistances; FOUR],
) {
    for (query, distances) in queries.iter().zip(distances) {
        let mut products = [0_i32; BLOCK];
        for (keys, group) in block.codes.chunks_exact(4 * BLOCK).zip(query.groups) {
            let group = codes_of(*group);
            for (product, key) in products.iter_mut().zip(keys.as_chunks::<4>().0) {
                for (code, q) in key.iter().zip(group) {
                    *product += i32::from(*code) * q;
                }
            }
        }
        let known = products.iter().zip(squares);
        for (squared, (product, square)) in distances.squared.iter_mut().zip(known) {
            *squared = query.offset + square - 2 * product;
        }
        note_within(*query, distances);
    }
}

pub(super) fn squares(block: CodeBlock<'_>) -> [i32; BLOCK] {
    let mut squares = [0; BLOCK];
    for keys in block.codes.chunks_exact(4 * BLOCK) {
        for (square, key) in squares.iter_mut().zip(keys.as_chunks::<4>().0) {
            for code in key {
                *square += (i32::from(*code) - OFFSET).pow(2);
            }
        }
    }
    squares
}

fn codes_of(group: i32) -> [i32; 4] {
    group
        .to_le_bytes()
        .map(|code| i32::from(code.cast_signed()))
}

fn note_within(query: CodeQuery<'_>, distances: &mut CodeDistances) {
    let bit = |(key, squared): (usize, &i32)| u64::from(*squared <= query.limit) << key;
    distances.within = distances.squared.iter().enumerate().map(bit).sum();
}

pub(super) fn within(distances: &[f32; BLOCK], limit: f32) -> u64 {
    let bit = |(key, distance): (usize, &f32)| u64::from(*distance <= limit) << key;
    distances.iter().enumerate().map(bit).sum()
}
