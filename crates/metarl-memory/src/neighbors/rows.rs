//! Memory that grows without being moved.

use bytemuck::Pod;

use super::pages::{HUGE_PAGE, Pages};

/// Rows of `width` numbers, allocated in chunks: growing never copies what is there, so the slowest
/// insertion is not that of a doubling, and no more than one chunk is unused.
#[derive(Debug, Clone)]
pub(crate) struct Rows<T: Pod> {
    width: usize,
    n_rows: usize,
    /// A chunk has 2 to the power of this many rows.
    chunk_bits: u32,
    chunks: Vec<Pages<T>>,
}

impl<T: Pod> Rows<T> {
    /// A chunk is a huge page where at least eight are likely, and else at most a thirty-second of what is.
    pub(crate) fn new(width: usize, n_likely: usize) -> Self {
        let row = width * size_of::<T>();
        let likely = row * n_likely;
        let chunk = if likely >= 8 * HUGE_PAGE {
            HUGE_PAGE
        } else {
            likely / 32
        };
        Self {
            width,
            n_rows: 0,
            chunk_bits: (chunk / row).max(1).ilog2(),
            chunks: Vec::new(),
        }
    }

    /// One more row, filled.
    pub(crate) fn push(&mut self, fill: T) {
        if self.n_rows >> self.chunk_bits == self.chunks.len() {
            self.chunks
                .push(Pages::zeros(self.width << self.chunk_bits));
        }
        self.n_rows += 1;
        self.row_mut(self.n_rows - 1).fill(fill);
    }

    #[inline]
    pub(crate) fn row(&self, row: usize) -> &[T] {
        let (chunk, start) = self.place(row);
        &self.chunks[chunk][start..][..self.width]
    }

    /// A row and those that lie behind it in memory.
    #[inline]
    pub(crate) fn rows_from(&self, row: usize) -> &[T] {
        let (chunk, start) = self.place(row);
        &self.chunks[chunk][start..]
    }

    #[inline]
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [T] {
        let (chunk, start) = self.place(row);
        &mut self.chunks[chunk][start..][..self.width]
    }

    pub(crate) fn width(&self) -> usize {
        self.width
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
