//! What a failure of the store means to whoever asked.

use wire::Refusal;

use super::StoreError;

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing | StoreError::Conflict => Self::NotFound,
            StoreError::Busy => Self::Busy,
            StoreError::Down => Self::StoreDown,
        }
    }
}
