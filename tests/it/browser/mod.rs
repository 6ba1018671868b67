//! The pages in a real browser: what people see and click.

mod chrome;
mod pictures;
mod roads;

use chrome::Chrome;

/// Whether there is a browser; if not, it is said.
fn browser_for(test: &str) -> bool {
    let here = Chrome::is_installed();
    if !here {
        println!("left out, for there is no Chromium: {test}");
    }
    here
}
