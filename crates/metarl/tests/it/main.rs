//! Integration tests: the library's runs and the program as a person calls it.

mod bad_checkpoint;
mod bad_environment;
mod bad_experiment;
mod bad_folder;
mod barcode;
mod full_disk;
mod interrupted;
mod list;
mod matching;
mod play;
mod program;
mod reproduce;
