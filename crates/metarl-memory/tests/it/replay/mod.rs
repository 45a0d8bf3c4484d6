//! Replay: what is stored, drawn and made of it, beside a history that forgets nothing.

mod history;
mod n_step;
mod ring;
