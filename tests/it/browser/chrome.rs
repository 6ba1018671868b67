//! A real browser: Chromium without a window, driven by WebDriver.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::world::{Folder, until};

/// How a page is shown.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Width of the window, in pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// Whether the person likes it dark.
    pub dark: bool,
}

/// What most people have.
pub const DESK: Look = Look { width: 1280, height: 900, dark: false };
/// What they have in the pocket.
pub const POCKET: Look = Look { width: 390, height: 844, dark: false };

/// Something to find: by CSS, or by the words that it shows.
#[derive(Debug, Clone, Copy)]
pub enum Find<'a> {
    /// By CSS.
    Css(&'a str),
    /// A link or button with these words.
    Words(&'a str),
}

/// A browser with one window and a profile of its own; all of it ends when this is dropped.
pub struct Chrome {
    driver: Child,
    client: Client,
    runtime: Runtime,
    _profile: Folder,
}

impl Chrome {
    /// Whether both programs are on this machine. Where they must be (`BAILIWICK_NEED_BROWSER`), that they are not fails.
    pub fn is_installed() -> bool {
        let on_path = |name: &str| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
        };
        let both = on_path("chromedriver") && on_path("chromium");
        assert!(both || std::env::var_os("BAILIWICK_NEED_BROWSER").is_none(), "Chromium or chromedriver is missing");
        both
    }

    /// Starts one.
    pub fn start(look: Look) -> Self {
        let profile = Folder::new();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let lines = BufReader::new(driver.stdout.take().expect("stdout is piped")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let port = line.split_once("started successfully on port ")?.1;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("it says on which port it listens");
        let scheme = if look.dark { 0 } else { 1 };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            &format!("--blink-settings=preferredColorScheme={scheme}"),
            &format!("--user-data-dir={}", profile.text()),
            &format!("--window-size={},{}", look.width, look.height),
        ]
        .map(str::to_owned);
        let wanted = json!({ "goog:chromeOptions": { "args": arguments } });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async {
            let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
            builder.capabilities(wanted.as_object().expect("an object").clone());
            builder.connect(&format!("http://127.0.0.1:{port}")).await
        });
        Self { driver, client: client.expect("a session"), runtime, _profile: profile }
    }

    /// Goes to an address.
    pub fn goto(&self, url: &str) {
        self.runtime.block_on(self.client.goto(url)).unwrap_or_else(|e| panic!("{url}: {e}"));
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.runtime.block_on(self.client.current_url()).expect("an address").into()
    }

    /// Waits until it is at an address with this in it.
    pub fn comes_to(&self, part: &str) {
        until(&format!("the browser is at {part}"), || self.url().contains(part).then_some(()));
    }

    /// The text of the page, as it is seen.
    pub fn text(&self) -> String {
        let text = async { self.client.find(Locator::Css("body")).await?.text().await };
        self.runtime.block_on(text).expect("a page")
    }

    /// Clicks something, and waits until the page that it leads to is there.
    pub fn click(&self, what: Find<'_>) {
        self.runtime
            .block_on(async { self.find(what).await?.click().await })
            .unwrap_or_else(|e| panic!("{what:?}: {e}"));
    }

    /// Types into a field, in the place of what is there.
    pub fn fill(&self, css: &str, words: &str) {
        let typed = async {
            let field = self.find(Find::Css(css)).await?;
            field.clear().await?;
            field.send_keys(words).await
        };
        self.runtime.block_on(typed).unwrap_or_else(|e| panic!("{css}: {e}"));
    }

    /// What a script of the test sees.
    pub fn ask(&self, script: &str) -> serde_json::Value {
        self.runtime.block_on(self.client.execute(script, Vec::new())).unwrap_or_else(|e| panic!("{script}: {e}"))
    }

    /// A picture of the whole page, as PNG.
    pub fn picture(&self, look: Look) -> Vec<u8> {
        // The picture before may have needed a taller window.
        self.runtime.block_on(self.client.set_window_size(look.width, look.height)).expect("a size");
        let height = self.ask("return document.documentElement.scrollHeight").as_u64().unwrap_or(0);
        let height = u32::try_from(height).unwrap_or(look.height).clamp(look.height, 4_000);
        let taken = async {
            self.client.set_window_size(look.width, height).await?;
            self.client.screenshot().await
        };
        self.runtime.block_on(taken).expect("a picture")
    }

    async fn find(&self, what: Find<'_>) -> Result<Element, fantoccini::error::CmdError> {
        match what {
            Find::Css(css) => self.client.find(Locator::Css(css)).await,
            Find::Words(words) => {
                let shown = format!("//*[self::a or self::button][contains(normalize-space(.), \"{words}\")]");
                self.client.find(Locator::XPath(&shown)).await
            }
        }
    }
}

impl Drop for Chrome {
    fn drop(&mut self) {
        let _ = self.runtime.block_on(self.client.clone().close());
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
