//! What the system says about a process: memory, open files.

use std::fs;

/// A line of `/proc/<id>/status` in KiB (`VmRSS`, `VmHWM`).
pub(crate) fn memory_kib(id: u32, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{id}/status")).expect("the process runs");
    let line = text.lines().find(|line| line.starts_with(name)).expect("the system counts memory");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("it is a number")
}

/// Files, sockets too, that this process may have open.
pub(crate) fn open_files_max() -> u64 {
    let text = fs::read_to_string("/proc/self/limits").expect("a process knows its limits");
    let line = text.lines().find(|line| line.starts_with("Max open files")).expect("files are limited");
    line.split_whitespace().nth(3).and_then(|number| number.parse().ok()).unwrap_or(u64::MAX)
}

/// Files, sockets too, that a process has open now.
pub(crate) fn open_files(id: u32) -> usize {
    fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count)
}
