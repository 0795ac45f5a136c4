//! Reads the columns of a row.

use wire::{SiteId, Tag};

use super::{Cause, SqlError, Value};
use crate::store::TokenHash;

/// A row that a statement gave.
pub(in crate::store) trait Row {
    /// A column's value, counted from 0.
    fn value(&self, column: usize) -> Result<Value<'_>, SqlError>;
}

impl dyn Row + '_ {
    /// A signed number.
    pub(in crate::store) fn signed(&self, column: usize) -> Result<i64, SqlError> {
        match self.value(column)? {
            Value::Number(number) => Ok(number),
            Value::Null | Value::Text(_) | Value::Bytes(_) | Value::Id(_) => Err(wrong(column)),
        }
    }

    /// A number that is never negative, of whatever size it must fit into.
    pub(in crate::store) fn number<N: TryFrom<i64>>(&self, column: usize) -> Result<N, SqlError> {
        N::try_from(self.signed(column)?).map_err(|_| wrong(column))
    }

    /// A number that is never negative, when there is one.
    pub(in crate::store) fn optional_number(&self, column: usize) -> Result<Option<u64>, SqlError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Number(number) => u64::try_from(number).map(Some).map_err(|_| wrong(column)),
            Value::Text(_) | Value::Bytes(_) | Value::Id(_) => Err(wrong(column)),
        }
    }

    /// A truth value.
    pub(in crate::store) fn flag(&self, column: usize) -> Result<bool, SqlError> {
        Ok(self.signed(column)? != 0)
    }

    /// A text, when there is one.
    pub(in crate::store) fn optional_text(&self, column: usize) -> Result<Option<String>, SqlError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text.to_owned())),
            Value::Number(_) | Value::Bytes(_) | Value::Id(_) => Err(wrong(column)),
        }
    }

    /// A text.
    pub(in crate::store) fn text(&self, column: usize) -> Result<String, SqlError> {
        self.optional_text(column)?.ok_or_else(|| wrong(column))
    }

    /// Bytes of a fixed length, when there are any.
    pub(in crate::store) fn optional_bytes<const N: usize>(&self, column: usize) -> Result<Option<[u8; N]>, SqlError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => bytes.try_into().map(Some).map_err(|_| wrong(column)),
            Value::Number(_) | Value::Text(_) | Value::Id(_) => Err(wrong(column)),
        }
    }

    /// Bytes of a fixed length.
    pub(in crate::store) fn bytes<const N: usize>(&self, column: usize) -> Result<[u8; N], SqlError> {
        self.optional_bytes(column)?.ok_or_else(|| wrong(column))
    }

    /// Bytes of any length.
    pub(in crate::store) fn long_bytes(&self, column: usize) -> Result<Vec<u8>, SqlError> {
        match self.value(column)? {
            Value::Bytes(bytes) => Ok(bytes.to_vec()),
            Value::Null | Value::Number(_) | Value::Text(_) | Value::Id(_) => Err(wrong(column)),
        }
    }

    /// A 16-byte id.
    pub(in crate::store) fn id(&self, column: usize) -> Result<u128, SqlError> {
        Ok(u128::from_be_bytes(self.bytes(column)?))
    }

    /// A 16-byte id, when there is one.
    pub(in crate::store) fn optional_id(&self, column: usize) -> Result<Option<u128>, SqlError> {
        Ok(self.optional_bytes(column)?.map(u128::from_be_bytes))
    }

    /// The hash of a token.
    pub(in crate::store) fn token(&self, column: usize) -> Result<TokenHash, SqlError> {
        Ok(TokenHash(self.bytes(column)?))
    }

    /// A site's id.
    pub(in crate::store) fn site(&self, column: usize) -> Result<SiteId, SqlError> {
        self.text(column)?.parse().map_err(|_| wrong(column))
    }

    /// A site's id, when there is one.
    pub(in crate::store) fn optional_site(&self, column: usize) -> Result<Option<SiteId>, SqlError> {
        let text = self.optional_text(column)?;
        text.map(|text| text.parse().map_err(|_| wrong(column))).transpose()
    }

    /// A tag's 64 bits, when there are any; the column is a signed number.
    pub(in crate::store) fn tag(&self, column: usize) -> Result<Option<Tag>, SqlError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Number(bits) => Ok(Some(Tag(bits.cast_unsigned()))),
            Value::Text(_) | Value::Bytes(_) | Value::Id(_) => Err(wrong(column)),
        }
    }
}

/// A column has a value that no relay of this version writes.
pub(in crate::store) fn wrong(column: usize) -> SqlError {
    broken(&format!("column {column} holds a value this relay does not write"))
}

pub(in crate::store) fn broken(text: &str) -> SqlError {
    SqlError { cause: Cause::Row, text: text.to_owned() }
}
