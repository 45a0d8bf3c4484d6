//! Memory that grows without being moved.

/// Rows of `width` numbers, allocated in chunks: growing never copies what is there, so the slowest
/// insertion is not that of a doubling, and no more than one chunk is unused.
#[derive(Debug, Clone)]
pub(crate) struct Rows<T> {
    width: usize,
    n_rows: usize,
    /// A chunk has 2 to the power of this many rows.
    chunk_bits: u32,
    chunks: Vec<Box<[T]>>,
}

impl<T: Copy> Rows<T> {
    /// A chunk is about an eighth of the rows there will likely be, and at most 256.
    pub(crate) fn new(width: usize, n_likely: usize) -> Self {
        Self {
            width,
            n_rows: 0,
            chunk_bits: (n_likely / 8).clamp(1, 256).next_power_of_two().ilog2(),
            chunks: Vec::new(),
        }
    }

    /// One more row, filled.
    pub(crate) fn push(&mut self, fill: T) {
        if self.n_rows >> self.chunk_bits == self.chunks.len() {
            let n_numbers = self.width << self.chunk_bits;
            self.chunks.push(vec![fill; n_numbers].into_boxed_slice());
        }
        self.n_rows += 1;
        self.row_mut(self.n_rows - 1).fill(fill);
    }

    pub(crate) fn row(&self, row: usize) -> &[T] {
        let (chunk, start) = self.place(row);
        &self.chunks[chunk][start..][..self.width]
    }

    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [T] {
        let (chunk, start) = self.place(row);
        &mut self.chunks[chunk][start..][..self.width]
    }

    pub(crate) fn bytes_of_a_row(&self) -> usize {
        self.width * size_of::<T>()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.chunks
            .iter()
            .map(|chunk| size_of_val(&chunk[..]))
            .sum()
    }

    fn place(&self, row: usize) -> (usize, usize) {
        let within = row & ((1 << self.chunk_bits) - 1);
        (row >> self.chunk_bits, within * self.width)
    }
}
