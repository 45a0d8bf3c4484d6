//! The order of use over 10⁶ slots by a map that goes from key to node by a hash.

use std::hint::black_box;

use schnellru::{ByLength, LruMap};

use crate::{Outcome, Worker};

const N_SLOTS: u32 = 1_000_000;

/// Touches of random slots, drawn as the example `dictionary` of metarl-memory draws them.
pub(crate) struct Touches {
    map: LruMap<u32, (), ByLength>,
    state: u64,
}

impl Touches {
    pub(crate) fn new() -> Self {
        let mut map = LruMap::new(ByLength::new(N_SLOTS));
        for slot in 0..N_SLOTS {
            map.insert(slot, ());
        }
        Self { map, state: 1 }
    }
}

impl Worker for Touches {
    fn step(&mut self) -> Outcome<usize> {
        let n_touches = 65_536;
        for _ in 0..n_touches {
            let next = self.state.wrapping_mul(6_364_136_223_846_793_005);
            self.state = next.wrapping_add(1);
            let slot = ((self.state >> 32) * u64::from(N_SLOTS)) >> 32;
            black_box(self.map.get(&(slot as u32)));
        }
        Ok(n_touches)
    }
}
