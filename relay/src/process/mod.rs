//! What belongs to the process itself: its output, its open files, and the parts without which it ends.

pub mod open_files;
pub mod output;
pub mod trace;
pub mod vital;
