//! Bailiwick: team settings as a service, in one binary.

mod cli;
mod operator;
mod server;

use clap::Parser as _;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match cli::run(cli::Bailiwick::parse()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bailiwick: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
