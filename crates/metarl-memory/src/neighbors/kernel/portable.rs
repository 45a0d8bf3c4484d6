//! Plain loops, for any processor.

use super::{BLOCK, CodeBlock, CodeDistances, CodeQuery};

pub(super) fn measure<const N: usize>(
    queries: &[CodeQuery<'_>; N],
    block: CodeBlock<'_>,
    distances: &mut CodeDistances<N>,
) {
    for (n, query) in queries.iter().enumerate() {
        let mut products = [0_i32; BLOCK];
        for (keys, group) in block.codes.chunks_exact(4 * BLOCK).zip(query.groups) {
            let group = group
                .to_le_bytes()
                .map(|code| i32::from(code.cast_signed()));
            for (product, key) in products.iter_mut().zip(keys.chunks_exact(4)) {
                for (code, q) in key.iter().zip(group) {
                    *product += i32::from(*code) * q;
                }
            }
        }
        let mut within = 0;
        for (key, product) in products.iter().enumerate() {
            let squared = query.offset + block.squares[key] - 2 * product;
            distances.squared[n][key] = squared;
            within |= u64::from(squared <= query.limit) << key;
        }
        distances.within[n] = within;
    }
}

pub(super) fn within(distances: &[f32; BLOCK], limit: f32) -> u64 {
    let bit = |(key, distance): (usize, &f32)| u64::from(*distance <= limit) << key;
    distances.iter().enumerate().map(bit).sum()
}
