//! The default generator of NumPy.

use rand::Rng;
use rand_pcg::Lcg128Xsl64;

/// The numbers of `numpy.random.default_rng(seed)`: PCG64, seeded through a `SeedSequence`.
///
/// # References
///
/// O'Neill, *PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for Random
/// Number Generation*, 2014, and its author's notes on seed sequences.
#[derive(Debug, Clone)]
pub struct NumpyRng {
    generator: Lcg128Xsl64,
    /// What is left of 64 bits of which a 32-bit number was made.
    half: Option<u32>,
}

impl NumpyRng {
    /// The generator of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let [a, b, c, d] = seed_sequence(seed);
        let wide = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
        Self {
            generator: Lcg128Xsl64::new(wide(a, b), wide(c, d)),
            half: None,
        }
    }

    /// The next `random()`, in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The next `uniform(low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// The next `integers(low, high)`, at least `low` and below `high`: nothing is drawn where there is
    /// only one such number.
    ///
    /// # References
    ///
    /// Lemire, *Fast Random Integer Generation in an Interval*, 2019,
    /// [arXiv:1805.10941](https://arxiv.org/abs/1805.10941).
    pub fn integer(&mut self, low: u32, high: u32) -> u32 {
        let n = high.saturating_sub(low);
        if n <= 1 {
            return low;
        }
        loop {
            let product = u64::from(self.word()) * u64::from(n);
            // Numbers below 2³² mod n would make some outcomes likelier than others.
            if product as u32 >= n.wrapping_neg() % n {
                return low + (product >> 32) as u32;
            }
        }
    }

    /// 32 bits: the lower half of 64, then the upper one.
    fn word(&mut self) -> u32 {
        if let Some(half) = self.half.take() {
            return half;
        }
        let both = self.generator.next_u64();
        self.half = Some((both >> 32) as u32);
        both as u32
    }
}

/// Multiplies by a constant that is itself multiplied at each use.
struct Hash {
    constant: u32,
    multiplier: u32,
}

impl Hash {
    fn of(&mut self, value: u32) -> u32 {
        let value = value ^ self.constant;
        self.constant = self.constant.wrapping_mul(self.multiplier);
        let value = value.wrapping_mul(self.constant);
        value ^ (value >> 16)
    }
}

/// `SeedSequence(seed).generate_state(4, uint64)`
fn seed_sequence(seed: u64) -> [u64; 4] {
    let mut hash = Hash {
        constant: 0x43b0_d7e5,
        multiplier: 0x931e_8875,
    };
    // The entropy is the seed's words; a seed below 2³² has one, and zeros fill the pool either way.
    let mut pool = [seed as u32, (seed >> 32) as u32, 0, 0].map(|word| hash.of(word));
    for source in 0..4 {
        for target in 0..4 {
            if source != target {
                let mixed = pool[target]
                    .wrapping_mul(0xca01_f9dd)
                    .wrapping_sub(hash.of(pool[source]).wrapping_mul(0x4973_f715));
                pool[target] = mixed ^ (mixed >> 16);
            }
        }
    }
    let mut hash = Hash {
        constant: 0x8b51_f9dd,
        multiplier: 0x58f3_8ded,
    };
    let words: [u32; 8] = std::array::from_fn(|i| hash.of(pool[i % 4]));
    std::array::from_fn(|i| u64::from(words[2 * i]) | u64::from(words[2 * i + 1]) << 32)
}
