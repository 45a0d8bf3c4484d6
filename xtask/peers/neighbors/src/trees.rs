//! Trees of other crates.

use crate::{Outcome, Tree};

/// Mutable, of a dimension that is a constant.
pub struct Kiddo5<const D: usize>(kiddo5::float::kdtree::KdTree<f32, u32, D, 32, u32>);

impl<const D: usize> Tree for Kiddo5<D> {
    fn new(_: usize) -> Self {
        Self(kiddo5::float::kdtree::KdTree::new())
    }

    fn add(&mut self, key: &[f32], slot: u32) -> Outcome<()> {
        self.0.add(key.try_into()?, slot);
        Ok(())
    }

    fn remove(&mut self, key: &[f32], slot: u32) -> Outcome<()> {
        match self.0.remove(key.try_into()?, slot) {
            1 => Ok(()),
            n => Err(format!("{n} keys were removed").into()),
        }
    }

    fn nearest(&self, query: &[f32], k: usize) -> Outcome<usize> {
        let query = query.try_into()?;
        Ok(self.0.nearest_n::<kiddo5::SquaredEuclidean>(query, k).len())
    }
}

/// Mutable, of a dimension that is a constant.
pub struct Kiddo6<const D: usize>(kiddo6::MutableKdTree<f32, D>);

impl<const D: usize> Tree for Kiddo6<D> {
    fn new(_: usize) -> Self {
        Self(kiddo6::MutableKdTree::default())
    }

    fn add(&mut self, key: &[f32], slot: u32) -> Outcome<()> {
        Ok(self.0.add(key.try_into()?, slot)?)
    }

    fn remove(&mut self, key: &[f32], slot: u32) -> Outcome<()> {
        self.0.remove(key.try_into()?, slot);
        Ok(())
    }

    fn nearest(&self, query: &[f32], k: usize) -> Outcome<usize> {
        let query: &[f32; D] = query.try_into()?;
        let found = self
            .0
            .query(query)
            .nearest_n::<kiddo6::SquaredEuclidean<f32>>(k.try_into()?);
        Ok(found.execute().len())
    }
}

/// Mutable, of any dimension.
pub struct Kdtree(kdtree::KdTree<f32, u32, Vec<f32>>);

impl Tree for Kdtree {
    fn new(dimension: usize) -> Self {
        Self(kdtree::KdTree::with_capacity(dimension, 32))
    }

    fn add(&mut self, key: &[f32], slot: u32) -> Outcome<()> {
        Ok(self.0.add(key.to_vec(), slot)?)
    }

    fn remove(&mut self, key: &[f32], slot: u32) -> Outcome<()> {
        self.0.remove(&key.to_vec(), &slot)?;
        Ok(())
    }

    fn nearest(&self, query: &[f32], k: usize) -> Outcome<usize> {
        let distance = kdtree::distance::squared_euclidean;
        Ok(self.0.nearest(query, k, &distance)?.len())
    }
}
