//! Writes every page in every state, and the files they ask for, into a folder to look at.

use std::{env, fs, io, path::Path};

use bailiwick_http::ui::{assets, samples};

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).unwrap_or_else(|| "gallery".to_owned());
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("assets"))?;
    for asset in assets() {
        fs::write(folder.join(asset.path.trim_start_matches('/')), asset.bytes)?;
    }
    for sample in samples::every() {
        let html = sample.html.replace("\"/assets/", "\"assets/");
        fs::write(folder.join(format!("{}--{}.html", sample.page, sample.state)), html)?;
    }
    Ok(())
}
