//! Makes the folder of the built web assets, so that the relay compiles before the first web build.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/web");
    std::fs::create_dir_all(&folder)?;
    // A release build carries the files inside: it is made anew when they change. Others read them when they run.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    println!("cargo::rerun-if-changed=migrations");
    Ok(())
}
