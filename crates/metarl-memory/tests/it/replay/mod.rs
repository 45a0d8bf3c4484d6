//! Replay: what is stored, drawn and made of it, beside a history that forgets nothing.

mod allocations;
mod environment;
mod hindsight;
mod history;
mod n_step;
mod prioritized;
mod ring;
mod sequences;
mod snapshot;
mod sum_tree;
