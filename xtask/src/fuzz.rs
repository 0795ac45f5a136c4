//! Fuzzing: builds every target of fuzz/ with nightly and sanitizers, and lets each run for a time.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::shell::{output, program, run, say};
use crate::{root, target, tools};

/// What there is to fuzz; each is a file in fuzz/fuzz_targets and a folder of seeds in fuzz/corpus.
const TARGETS: [&str; 5] = ["frame", "codec", "sniff", "token", "core"];
/// How long each target runs unless told otherwise.
const SECONDS_DEFAULT: u32 = 3_600;
/// Longer inputs only repeat; left to itself libFuzzer would make none that are longer than the longest seed.
const INPUT_BYTES_MAX: u32 = 4_096;
/// An input that takes longer is a finding.
const INPUT_SECONDS_MAX: u32 = 10;
/// An allocation that is larger is a finding …
const ALLOCATION_MIB_MAX: u32 = 64;
/// … and so is more than this in all, of which the sanitizer takes 256 for what was freed, and the corpus some in a long run.
const MEMORY_MIB_MAX: u32 = 2_048;
/// Lines of a failed run that are shown.
const WORDS_LINES: usize = 60;

/// `cargo xtask fuzz [TARGET] [--seconds N]`.
pub(crate) fn fuzz(words: &[&str]) -> Result<()> {
    let (chosen, seconds) = read(words)?;
    build()?;
    let began = Instant::now();
    let left: Mutex<VecDeque<&str>> = Mutex::new(chosen.iter().copied().collect());
    let found: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let hands = thread::available_parallelism().map_or(1, usize::from).min(chosen.len());
    say(&format!("Fuzzing {} for {seconds} s each, {hands} at a time", chosen.join(", ")));
    thread::scope(|scope| {
        for _ in 0..hands {
            scope.spawn(|| {
                while let Some(name) = left.lock().ok().and_then(|mut left| left.pop_front()) {
                    match run_target(name, seconds) {
                        Ok(words) => println!("    {name}: {words}"),
                        Err(error) => {
                            found.lock().map(|mut found| found.push(format!("{name}: {error:#}"))).unwrap_or(())
                        }
                    }
                }
            });
        }
    });
    let found = found.into_inner().unwrap_or_default();
    ensure!(found.is_empty(), "\n{}", found.join("\n\n"));
    say(&format!("Nothing found in {} s", began.elapsed().as_secs()));
    Ok(())
}

fn read<'a>(words: &[&'a str]) -> Result<(Vec<&'a str>, u32)> {
    let (mut chosen, mut seconds) = (Vec::new(), SECONDS_DEFAULT);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if *word == "--seconds" {
            seconds = words.next().and_then(|number| number.parse().ok()).context("--seconds needs a number")?;
        } else if TARGETS.contains(word) {
            chosen.push(*word);
        } else {
            bail!("there is no fuzz target `{word}`; there are {}", TARGETS.join(", "));
        }
    }
    Ok((if chosen.is_empty() { TARGETS.to_vec() } else { chosen }, seconds))
}

/// Everything lies under the workspace's target folder.
fn build_folder() -> PathBuf {
    target().join("fuzz")
}

fn build() -> Result<()> {
    if output(program("rustup").args(["run", "nightly", "rustc", "--version"])).is_none() {
        bail!(
            "FUZZING NEEDS THE NIGHTLY TOOLCHAIN, which is not here: rustup toolchain install nightly --profile minimal"
        );
    }
    tools::cargo_fuzz()?;
    // Under cargo these name the toolchain that runs us, and would win over `rustup run`.
    let mut build = program("rustup");
    for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "CARGO_TARGET_DIR", "RUSTFLAGS"] {
        build.env_remove(name);
    }
    build
        .args(["run", "nightly", "cargo", "fuzz", "build", "--codegen-units", "16", "--target-dir"])
        .arg(build_folder());
    run("Building the fuzz targets with sanitizers", &mut build, "cargo-fuzz says above what is wrong.")
}

/// The finished program of a target: cargo-fuzz puts it below the host's own triple.
fn binary(name: &str) -> Result<PathBuf> {
    let folders = fs::read_dir(build_folder()).context("nothing was built")?.flatten();
    let mut found = folders.map(|folder| folder.path().join("release").join(name)).filter(|path| path.is_file());
    found.next().with_context(|| format!("the build left no `{name}`"))
}

/// One target for its time; gives libFuzzer's last words, or fails with what it found.
fn run_target(name: &str, seconds: u32) -> Result<String> {
    // The clients' reader and serde are compared on the frames that serde is tried on.
    let seeds = [Some(name), (name == "codec").then_some("frame")].into_iter().flatten();
    let seeds = seeds.map(|folder| root().join("fuzz/corpus").join(folder));
    let grown = build_folder().join("corpus").join(name);
    let artifacts = root().join("fuzz/artifacts").join(name);
    for folder in [&grown, &artifacts] {
        fs::create_dir_all(folder)?;
    }
    let log = build_folder().join(format!("{name}.log"));
    let file = File::create(&log).context("cannot write the log")?;
    let status = Command::new(binary(name)?)
        .env("RUST_BACKTRACE", "0")
        .arg(&grown)
        .args(seeds)
        .args([format!("-max_total_time={seconds}"), format!("-timeout={INPUT_SECONDS_MAX}")])
        .args([format!("-rss_limit_mb={MEMORY_MIB_MAX}"), format!("-artifact_prefix={}/", artifacts.display())])
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .args([format!("-malloc_limit_mb={ALLOCATION_MIB_MAX}"), "-print_final_stats=1".to_owned()])
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()?;
    let words = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if !status.success() {
        let lines: Vec<_> = words.lines().collect();
        let last = lines[lines.len().saturating_sub(WORDS_LINES)..].join("\n");
        bail!(
            "found something ({status}); the input lies in {}, again with\n    {} FILE\n{last}",
            shown(&artifacts),
            shown(&binary(name)?)
        );
    }
    let number = |label: &str| {
        let line = words.lines().find_map(|line| line.strip_prefix(label));
        line.map_or("?", str::trim).to_owned()
    };
    let covered = words.lines().rev().find_map(|line| line.split_once("cov: ")?.1.split(' ').next());
    let (runs, covered) = (number("stat::number_of_executed_units:"), covered.unwrap_or("?"));
    Ok(format!("{runs} inputs, {covered} edges, {} MiB at most", number("stat::peak_rss_mb:")))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_choose_targets_and_time() {
        assert_eq!(read(&[]).expect("all"), (TARGETS.to_vec(), SECONDS_DEFAULT));
        assert_eq!(read(&["core", "--seconds", "5"]).expect("one"), (vec!["core"], 5));
        assert!(read(&["cores"]).is_err() && read(&["--seconds"]).is_err());
    }

    #[test]
    fn every_target_has_its_file_and_its_seeds() {
        let files = fs::read_dir(root().join("fuzz/fuzz_targets")).expect("the targets are there").flatten();
        let mut names: Vec<String> =
            files.filter_map(|file| file.path().file_stem()?.to_str().map(str::to_owned)).collect();
        names.sort();
        let mut listed = TARGETS.to_vec();
        listed.sort_unstable();
        assert_eq!(names, listed);
        for name in TARGETS {
            let seeds = fs::read_dir(root().join("fuzz/corpus").join(name)).map_or(0, Iterator::count);
            assert!(seeds > 0, "{name} has no seeds");
        }
    }
}
