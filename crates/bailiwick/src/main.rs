//! Bailiwick: team settings as a service, in one binary.

mod cli;
mod moment;
mod operator;
mod server;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match cli::run().await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            let said = error.to_string();
            if !said.is_empty() {
                eprintln!("bailiwick: {said}");
            }
            std::process::ExitCode::from(if error.is::<cli::No>() { 1 } else { 3 })
        }
    }
}
