//! Has the crate compiled anew when the console was built anew. It builds nothing itself.

use std::path::Path;

const BUILT: &str = "../../web/dist";

fn main() {
    // Of a folder that is not there cargo says that it has changed, each time.
    let watched = if Path::new(BUILT).exists() { BUILT } else { "../../web/package.json" };
    println!("cargo::rerun-if-changed={watched}");
}
