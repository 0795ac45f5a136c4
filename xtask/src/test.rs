//! Runs every ring of tests and counts what they say.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::shell::{cargo, say};
use crate::{root, tools, torture, web};

/// Builds what the tests drive, runs them, and ends with the line `N passed, N failed`. False when not all passed.
pub(crate) fn test(filter: Option<&str>) -> bool {
    let sum = prepare().and_then(|()| rings(filter)).unwrap_or_else(|error| {
        println!("\nxtask: {error:#}");
        Count { passed: 0, failed: 1 }
    });
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
    sum.failed == 0
}

fn prepare() -> Result<()> {
    tools::browser()?;
    torture::prepare()?;
    web::ensure_built(&root())
}

fn rings(filter: Option<&str>) -> Result<Count> {
    say("Every ring: unit, contract, real server, browser");
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]).args(filter);
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut sum = Count::default();
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        if let Some(count) = counted(&line) {
            sum.passed += count.passed;
            sum.failed += count.failed;
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
    use super::{Count, counted};

    #[test]
    fn result_lines_are_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.01s";
        assert_eq!(counted(line), Some(Count { passed: 12, failed: 3 }));
        assert_eq!(counted("test tests::a ... ok"), None);
    }
}
