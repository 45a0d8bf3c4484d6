//! Keys set from outside the file.

use std::str::FromStr;

use toml::{Table, Value};

use crate::Error;

/// `key=value` with a dotted key, for example `system.learning_rate=0.003`. The value is what could
/// stand in the file; a word that could not is text.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    path: Vec<String>,
    value: Value,
}

impl FromStr for Assignment {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = || Error::Assignment(text.to_owned());
        let (key, value) = text.split_once('=').ok_or_else(malformed)?;
        let path: Vec<String> = key.trim().split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            return Err(malformed());
        }
        let line: Option<Table> = toml::from_str(&format!("value = {value}")).ok();
        let parsed = line
            .filter(|table| table.len() == 1)
            .and_then(|mut table| table.remove("value"));
        let value = parsed.unwrap_or_else(|| number_or_text(value.trim()));
        Ok(Self { path, value })
    }
}

/// TOML wants a digit on both sides of the point; `.03` and `1.` are numbers all the same.
fn number_or_text(value: &str) -> Value {
    let numeric = value.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let number = value.parse().ok().filter(|_| numeric);
    number.map_or_else(|| Value::String(value.to_owned()), Value::Float)
}

impl Assignment {
    /// Sets the key in a file's table; the file's own check finds out whether there is such a key.
    pub(super) fn apply(&self, origin: &str, table: &mut Table) -> Result<(), Error> {
        let Some((last, parents)) = self.path.split_last() else {
            return Ok(());
        };
        let mut at = table;
        for (depth, key) in parents.iter().enumerate() {
            let inner = at.entry(key).or_insert_with(|| Value::Table(Table::new()));
            at = inner.as_table_mut().ok_or_else(|| Error::Key {
                origin: origin.to_owned(),
                key: self.path[..=depth].join("."),
                message: format!("is not a table, so '{last}' cannot be set in it"),
            })?;
        }
        at.insert(last.clone(), self.value.clone());
        Ok(())
    }
}
