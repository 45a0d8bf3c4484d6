//! Look-ups whose gradients flow into the network that makes the queries.

use std::cell::RefCell;
use std::rc::Rc;

use dfdx::prelude::*;

use crate::{Dictionary, Error, LookUp, LookUpGradient, NearestNeighbors};

type Rows<B, M, T> = Tensor<(B, M), f32, Cpu, T>;

/// Gradients by the entries that a batch read, one for each query, once the tape has run backward.
#[derive(Debug, Clone, Default)]
pub struct EntryGradients(Rc<RefCell<Vec<LookUpGradient>>>);

impl EntryGradients {
    /// Takes them, the first query's first; none before the tape has run, or if it did not record.
    #[must_use]
    pub fn take(&self) -> Vec<LookUpGradient> {
        self.0.take()
    }
}

impl<N: NearestNeighbors> Dictionary<N> {
    /// Looks up every row of a tensor; gradients of the output flow into the rows.
    ///
    /// | tensor | shape | |
    /// |---|---|---|
    /// | `queries` | batch × dimension | hᵦ, from an embedding |
    /// | output | batch × width | oᵦ |
    ///
    /// All rows are looked up before any entry counts as read, then in their order. What flows on to
    /// the entries is in the [`EntryGradients`], for [`descend`](Self::descend).
    ///
    /// # Errors
    ///
    /// Those of [`look_up`](Self::look_up) of any row; then no entry counts as read.
    ///
    /// # Examples
    ///
    /// ```
    /// use dfdx::prelude::*;
    /// use metarl_memory::{BruteForce, Dictionary, DictionaryConfig, Kernel};
    ///
    /// let config = DictionaryConfig {
    ///     kernel: Kernel::InverseDistance { delta: 2.0 },
    ///     ..DictionaryConfig::default()
    /// };
    /// let mut dictionary = Dictionary::new(BruteForce::new(1, 100)?, 1, config)?;
    /// dictionary.write(&[1.0], &[3.0])?;
    /// dictionary.write(&[-2.0], &[6.0])?;
    ///
    /// let device = Cpu::default();
    /// let query = device.tensor([[0.0_f32]]);
    /// let (output, by_entry) = dictionary.look_up_rows(query.leaky_trace())?;
    /// let gradients = output.sum::<Rank0, _>().backward();
    /// // The weights are 2/3 and 1/3. Their logarithms, before normalization, change by 2/3 and −2/3,
    /// // so that o changes by w₁ w₂ (2/3 + 2/3) (3 − 6).
    /// let by_query = gradients.get(&query).array()[0][0];
    /// assert!((by_query + 8.0 / 9.0).abs() < 1e-6);
    /// for gradient in by_entry.take() {
    ///     dictionary.descend(&gradient, 0.1)?;
    /// }
    /// # Ok::<(), metarl_memory::Error>(())
    /// ```
    pub fn look_up_rows<B: Dim, M: Dim, T: Tape<f32, Cpu>>(
        &mut self,
        queries: Rows<B, M, T>,
    ) -> Result<(Rows<B, usize, T>, EntryGradients), Error> {
        // Where rows are a view, their gradient would not lie row by row.
        let (queries, mut tape) = queries.contiguous().split_tape();
        let (batch, dimension) = *queries.shape();
        let (expected, got) = (self.keys().dimension(), dimension.size());
        if got != expected {
            return Err(Error::DimensionMismatch {
                name: "each query",
                expected,
                got,
            });
        }
        let look_ups = self.look_up_many(queries.as_vec().chunks_exact(got))?;
        let output = look_ups.iter().flat_map(|look_up| look_up.output());
        let output = output.copied().collect::<Vec<_>>();
        let output = queries
            .device()
            .tensor_from_vec(output, (batch, self.width()));
        let by_entry = EntryGradients::default();
        let (place, to_entries) = (output.clone(), by_entry.clone());
        tape.add_backward_op(move |gradients| {
            let by_output = gradients.get_or_alloc_mut(&place)?.to_vec();
            let by_queries = gradients.get_or_alloc_mut(&queries)?;
            let to_rows = by_queries.chunks_exact_mut(dimension.size());
            let width = place.shape().1;
            for ((look_up, by_output), to_row) in look_ups
                .iter()
                .zip(by_output.chunks_exact(width))
                .zip(to_rows)
            {
                let mut gradient = LookUpGradient::default();
                look_up.differentiate(by_output, &mut gradient);
                for (to, by_query) in to_row.iter_mut().zip(&gradient.query) {
                    *to += by_query;
                }
                to_entries.0.borrow_mut().push(gradient);
            }
            Ok(())
        });
        Ok((output.put_tape(tape), by_entry))
    }

    /// Looks up all or none.
    fn look_up_many<'a>(
        &mut self,
        queries: impl Iterator<Item = &'a [f32]>,
    ) -> Result<Vec<LookUp>, Error> {
        let look_ups = queries
            .map(|query| {
                let mut look_up = LookUp::default();
                self.peek(query, &mut look_up)?;
                Ok(look_up)
            })
            .collect::<Result<Vec<_>, Error>>()?;
        look_ups
            .iter()
            .try_for_each(|look_up| self.touch(look_up))?;
        Ok(look_ups)
    }
}
