//! `cargo xtask screenshots`: pictures of every page, to be looked at.

use std::env;
use std::path::Path;

use crate::process::cargo;

/// Takes them; whether that went well.
///
/// # Errors
/// A sentence, if it cannot be tried.
pub fn run() -> Result<bool, String> {
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let root = env::current_dir().map_err(|error| error.to_string())?;
    // The test runs in the folder of its crate.
    let folder = root.join(Path::new(&target)).join("screenshots");
    let words = ["test", "--package", "bailiwick", "--test", "it", "pictures", "--", "--ignored", "--nocapture"];
    let mut test = cargo(&words);
    let status = test.env("PICTURES", &folder).status().map_err(|error| error.to_string())?;
    Ok(status.success())
}
