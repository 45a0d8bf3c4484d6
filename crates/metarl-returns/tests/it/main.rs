//! Integration tests.
mod equations;
mod errors;
mod laws;
mod normalize;
mod reference;
mod seams;
mod views;
