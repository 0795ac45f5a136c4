//! Which packages are the same as when their tests passed last: their own files, those of every package they build on, and what the
//! tests of the whole read beside code.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::shell::cargo;
use crate::web::hex;
use crate::{root, target};

/// Whose tests look at the whole repository: any change is one for them.
const WHOLE: [&str; 2] = ["tests", "xtask"];

/// A package of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// SHA-256 over everything its tests depend on.
    hash: String,
    /// Whether its tests passed with this hash.
    pub(crate) has_passed: bool,
}

/// Every package of the workspace that has tests.
///
/// # Errors
/// When cargo does not answer, or a file cannot be read.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let graph = graph()?;
    let whole = hash(&[root()])?;
    let mut packages = Vec::new();
    for name in graph.keys() {
        let hash = if WHOLE.contains(&name.as_str()) { whole.clone() } else { hash(&folders(&graph, name))? };
        let has_passed = fs::read_to_string(stamp(name)).is_ok_and(|passed| passed == hash);
        packages.push(Package { name: name.clone(), hash, has_passed });
    }
    Ok(packages)
}

/// Keeps that these packages' tests passed as they are.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn remember(packages: &[Package]) -> Result<()> {
    for package in packages {
        let path = stamp(&package.name);
        fs::create_dir_all(path.parent().context("a stamp lies in a folder")?)?;
        fs::write(path, &package.hash)?;
    }
    Ok(())
}

/// Their names, for people.
pub(crate) fn names(packages: &[Package]) -> String {
    let names: Vec<_> = packages.iter().map(|package| package.name.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn stamp(name: &str) -> PathBuf {
    target().join("passed").join(name)
}

/// Where each package lies, and the packages of the workspace that it builds on.
type Graph = BTreeMap<String, (PathBuf, Vec<String>)>;

fn graph() -> Result<Graph> {
    let metadata = metadata()?;
    let mut graph = Graph::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().context("a package has a name")?;
        let manifest = PathBuf::from(package["manifest_path"].as_str().context("a package has a manifest")?);
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        let own = dependencies.filter(|dependency| dependency["path"].is_string());
        let own = own.filter_map(|dependency| dependency["name"].as_str()).map(str::to_owned).collect();
        graph.insert(name.to_owned(), (manifest.parent().context("a manifest lies in a folder")?.to_owned(), own));
    }
    Ok(graph)
}

/// The folders of a package, of all it builds on, and what its tests may read beside these.
fn folders(graph: &Graph, name: &str) -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![name], Vec::new());
    while let Some((folder, own)) = open.pop().and_then(|name| graph.get(name)) {
        if !found.contains(folder) {
            found.push(folder.clone());
            open.extend(own.iter().map(String::as_str));
        }
    }
    // Tests hold documents to the code: those of the protocol, the bounds, the numbers.
    found.push(root().join("docs"));
    found.push(root().join("Cargo.lock"));
    found.push(root().join("Cargo.toml"));
    found.sort();
    found
}

/// What cargo knows of the workspace's packages, as JSON (`cargo metadata`, format 1, without what they depend on from elsewhere).
///
/// # Errors
/// When a manifest cannot be read.
pub fn metadata() -> Result<Value> {
    let answer = cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output()?;
    if !answer.status.success() {
        bail!("`cargo metadata` failed: {}", String::from_utf8_lossy(&answer.stderr));
    }
    Ok(serde_json::from_slice(&answer.stdout)?)
}

fn hash(folders: &[PathBuf]) -> Result<String> {
    let mut hash = Sha256::new();
    let mut open = folders.to_vec();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let mut inside: Vec<PathBuf> = fs::read_dir(&path)?.flatten().map(|entry| entry.path()).collect();
            inside.retain(|path| !is_made(path));
            inside.sort();
            open.extend(inside);
        } else {
            hash.update(path.to_string_lossy().as_bytes());
            hash.update(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
        }
    }
    Ok(hex(&hash.finalize()))
}

/// What builds and runs leave behind.
fn is_made(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    ["target", ".git", "data", "artifacts"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_stands_on_those_it_names_and_changes_with_them() {
        let graph = graph().expect("cargo answers");
        let folders = folders(&graph, "relay-core");
        assert!(folders.contains(&root().join("relay/core")) && folders.contains(&root().join("relay/wire")));
        assert!(!folders.contains(&root().join("widget/core")));
        assert!(folders.contains(&root().join("docs")), "the protocol's document is tested by `wire`");

        let folder = tempfile::tempdir().expect("a folder");
        let hashed = || hash(&[folder.path().to_owned()]).expect("read");
        fs::write(folder.path().join("a.rs"), "1").expect("written");
        let before = hashed();
        fs::create_dir(folder.path().join("target")).expect("made");
        fs::write(folder.path().join("target/b"), "1").expect("written");
        assert_eq!(hashed(), before, "what is built does not count");
        fs::write(folder.path().join("a.rs"), "2").expect("written");
        assert_ne!(hashed(), before);
    }
}
