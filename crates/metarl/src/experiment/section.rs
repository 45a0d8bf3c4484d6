//! A table of an experiment, and where in the file it stands.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::Error;

/// Keys are taken out one by one; what is left over at the end is unknown.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    origin: &'a str,
    path: String,
    table: Table,
    taken: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(crate) fn root(origin: &'a str, table: Table) -> Self {
        Self {
            origin,
            path: String::new(),
            table,
            taken: Vec::new(),
        }
    }

    /// Takes a table within this one.
    pub(crate) fn section(&mut self, key: &'static str) -> Result<Self, Error> {
        Ok(Self {
            origin: self.origin,
            path: self.path_of(key),
            table: self.take(key)?,
            taken: Vec::new(),
        })
    }

    /// Takes a value that must be there.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, key: &'static str) -> Result<T, Error> {
        self.taken.push(key);
        match self.table.remove(key) {
            Some(value) => self.read(key, value),
            None => Err(self.error(key, "is missing")),
        }
    }

    /// Takes a value that has a default.
    pub(crate) fn take_or<T: DeserializeOwned>(
        &mut self,
        key: &'static str,
        default: T,
    ) -> Result<T, Error> {
        self.taken.push(key);
        let value = self.table.remove(key);
        value.map_or(Ok(default), |value| self.read(key, value))
    }

    /// Takes all the rest.
    pub(crate) fn rest<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let rest = std::mem::take(&mut self.table);
        self.read("", Value::Table(rest))
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), Error> {
        match self.table.keys().next() {
            None => Ok(()),
            Some(key) => {
                let known = self.taken.join(", ");
                Err(self.error(key, &format!("unknown key, expected one of {known}")))
            }
        }
    }

    /// Checks a value's range.
    pub(crate) fn check(
        &self,
        key: &str,
        allowed: &str,
        got: impl std::fmt::Display,
        ok: bool,
    ) -> Result<(), Error> {
        if ok {
            Ok(())
        } else {
            Err(self.error(key, &format!("must be {allowed}, got {got}")))
        }
    }

    /// Says which key an agent found outside its range.
    pub(crate) fn checked(&self, result: Result<(), metarl_agents::Error>) -> Result<(), Error> {
        result.map_err(|error| match error {
            metarl_agents::Error::OutOfRange { name, allowed, got }
            | metarl_agents::Error::Environment(metarl_core::Error::OutOfRange {
                name,
                allowed,
                got,
            }) => self.error(name, &format!("must be {allowed}, got {got}")),
            other => self.error("", &other.to_string()),
        })
    }

    pub(crate) fn error(&self, key: &str, message: &str) -> Error {
        Error::Key {
            origin: self.origin.to_owned(),
            key: self.path_of(key),
            message: message.to_owned(),
        }
    }

    fn path_of(&self, key: &str) -> String {
        let parts = [self.path.as_str(), key];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(".")
    }

    fn read<T: DeserializeOwned>(&self, key: &str, value: Value) -> Result<T, Error> {
        value.try_into().map_err(|error: toml::de::Error| {
            // The second line says where: in `a.b`.
            let text = error.to_string();
            let place = text.lines().find_map(|line| line.strip_prefix("in `"));
            let place = place.map_or("", |place| place.trim_end_matches('`'));
            let inner = [key, place];
            let inner: Vec<&str> = inner.into_iter().filter(|part| !part.is_empty()).collect();
            self.error(&inner.join("."), &in_words(error.message()))
        })
    }
}

/// A message of serde without the names of Rust's types.
fn in_words(message: &str) -> String {
    let count = "expected a whole number, 0 or more";
    let words = [
        ("expected usize", count),
        ("expected u64", count),
        ("expected u32", count),
        ("expected f64", "expected a number"),
        ("expected f32", "expected a number"),
    ];
    let found = words
        .iter()
        .find_map(|(rust, words)| Some((message.strip_suffix(rust)?, words)));
    found.map_or_else(
        || message.to_owned(),
        |(before, words)| format!("{before}{words}"),
    )
}
