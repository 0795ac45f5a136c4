//! Runs rings of tests and counts what they say.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::shell::{is_ci, say, testing_cargo};
use crate::{changed, root, tools, torture, web};

/// What is run, as the command line asks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish<'a> {
    ring: Option<Ring>,
    /// Leaves out packages that passed as they are now. For a developer's machine; CI runs everything.
    only_changed: bool,
    filter: Option<&'a str>,
}

/// A ring of tests, from the innermost. `cargo xtask test` runs all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ring {
    /// Beside the code, and the pure packages' own tests.
    Unit,
    /// The stores against their contracts.
    Store,
    /// A real server on port 0, and the programs that talk to it.
    Server,
    /// Real faults on the real binary, short form.
    Torture,
    /// Real browsers, and what they load.
    Browser,
    /// The repository's own rules.
    Rules,
}

impl Ring {
    const ALL: [(&str, Self); 6] = [
        ("unit", Self::Unit),
        ("store", Self::Store),
        ("server", Self::Server),
        ("torture", Self::Torture),
        ("browser", Self::Browser),
        ("rules", Self::Rules),
    ];

    /// What cargo is asked for, one run after the other.
    const fn runs(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Unit => &[
                &[
                    "-p",
                    "wire",
                    "-p",
                    "relay-core",
                    "-p",
                    "relay-edge",
                    "-p",
                    "widget-core",
                    "-p",
                    "sim",
                    "-p",
                    "xtask",
                ],
                &["-p", "relay", "--lib"],
            ],
            Self::Store => &[&["-p", "relay", "--test", "store_*"]],
            Self::Server => {
                &[&["-p", "relay", "--test", "server"], &["-p", "tests", "--test", "stranger", "--test", "examples"]]
            }
            Self::Torture => &[&["-p", "tests", "--test", "torture"]],
            Self::Browser => &[&["-p", "tests", "--test", "browser", "--test", "weight"]],
            Self::Rules => &[&["-p", "tests", "--test", "tidy", "--test", "layers", "--test", "controls"]],
        }
    }
}

impl<'a> Wish<'a> {
    /// Reads `[--ring NAME] [--changed] [FILTER]`.
    ///
    /// # Errors
    /// When a word is not one of these.
    pub(crate) fn read(words: &[&'a str]) -> Result<Self> {
        let mut wish = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--ring" => {
                    let name = words.next().copied().unwrap_or_default();
                    let ring = Ring::ALL.iter().find(|(known, _)| *known == name);
                    let names = Ring::ALL.map(|(known, _)| known).join(", ");
                    wish.ring = Some(ring.with_context(|| format!("no such ring: {name:?}; there are {names}"))?.1);
                }
                "--changed" => wish.only_changed = true,
                flag if flag.starts_with('-') => bail!("no such flag: {flag}; there are --ring NAME and --changed"),
                _ if wish.filter.is_some() => bail!("one filter at most"),
                filter => wish.filter = Some(filter),
            }
        }
        if wish.only_changed && is_ci() {
            bail!("--changed is for a developer's machine: here everything runs");
        }
        Ok(wish)
    }
}

/// Builds what the tests drive, runs them, and ends with the line `N passed, N failed`. False when not all passed.
pub(crate) fn test(wish: &Wish<'_>) -> bool {
    let sum = prepare(wish.ring).and_then(|()| run(wish)).unwrap_or_else(|error| {
        println!("\nxtask: {error:#}");
        Count { passed: 0, failed: 1 }
    });
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
    sum.failed == 0
}

/// What a ring needs beside Rust.
fn prepare(ring: Option<Ring>) -> Result<()> {
    match ring {
        Some(Ring::Unit | Ring::Rules) => Ok(()),
        Some(Ring::Store) => tools::postgres(),
        Some(Ring::Server) => web::ensure_built(&root()),
        Some(Ring::Torture) => torture::prepare().and_then(|()| web::ensure_built(&root())),
        Some(Ring::Browser) => tools::browser().and_then(|()| web::ensure_built(&root())),
        None => {
            tools::postgres()?;
            tools::browser()?;
            torture::prepare()?;
            web::ensure_built(&root())
        }
    }
}

fn run(wish: &Wish<'_>) -> Result<Count> {
    if let Some(ring) = wish.ring {
        let mut sum = Count::default();
        for run in ring.runs() {
            sum.add(&cargo_test(run, wish.filter)?);
        }
        return Ok(sum);
    }
    let packages = changed::packages()?;
    let (left_out, tested): (Vec<_>, Vec<_>) =
        packages.into_iter().partition(|package| wish.only_changed && package.has_passed);
    if !left_out.is_empty() {
        say(&format!("Left out, for they passed as they are: {}", changed::names(&left_out)));
    }
    if tested.is_empty() {
        return Ok(Count::default());
    }
    let named: Vec<&str> = tested.iter().flat_map(|package| ["-p", package.name.as_str()]).collect();
    let sum = cargo_test(if left_out.is_empty() { &["--workspace"] } else { &named }, wish.filter)?;
    // A part of the tests says nothing about the rest.
    if wish.filter.is_none() && sum.failed == 0 {
        changed::remember(&tested)?;
    }
    Ok(sum)
}

fn cargo_test(arguments: &[&str], filter: Option<&str>) -> Result<Count> {
    say(&format!("cargo test {} {}", arguments.join(" "), filter.unwrap_or_default()));
    let mut command = testing_cargo();
    command.args(["test", "--no-fail-fast"]).args(arguments).args(filter);
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut sum = Count::default();
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        if let Some(count) = counted(&line) {
            sum.add(&count);
        }
    }
    if !child.wait()?.success() && sum.failed == 0 {
        println!("\nA test could not be built, or ended without a result: the words stand above.");
        sum.failed = 1;
    }
    Ok(sum)
}

#[derive(Debug, Default, PartialEq)]
struct Count {
    passed: u32,
    failed: u32,
}

impl Count {
    const fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// The numbers in a line `test result: ok. 3 passed; 0 failed; …`.
fn counted(line: &str) -> Option<Count> {
    let numbers = line.trim().strip_prefix("test result: ")?;
    let number = |word: &str| {
        let part = numbers.split([';', '.']).map(str::trim).find(|part| part.ends_with(word))?;
        part.split(' ').next()?.parse().ok()
    };
    Some(Count { passed: number(" passed")?, failed: number(" failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.01s";
        assert_eq!(counted(line), Some(Count { passed: 12, failed: 3 }));
        assert_eq!(counted("test tests::a ... ok"), None);
    }

    #[test]
    fn words_are_read() {
        let read = |words: &[&'static str]| Wish::read(words).ok();
        assert_eq!(read(&[]), Some(Wish::default()));
        assert_eq!(read(&["odd"]), Some(Wish { filter: Some("odd"), ..Wish::default() }));
        let browser = Wish { ring: Some(Ring::Browser), filter: Some("eyes::"), only_changed: false };
        assert_eq!(read(&["--ring", "browser", "eyes::"]), Some(browser));
        for wrong in [&["--ring", "outer"][..], &["--ring"], &["--fast"], &["a", "b"]] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
