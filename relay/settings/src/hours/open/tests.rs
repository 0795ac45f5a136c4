//! Hard cases of hours.
