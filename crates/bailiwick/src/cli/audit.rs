//! `bailiwick audit ...`: the log, verified, and carried out of the house.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use bailiwick_core::time::Timestamp;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use super::table::word;
use super::tell::tell;
use super::{Data, No, Outcome, say};
use crate::moment;
use crate::operator::Ask;

/// The log.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Walk the chain of every line, fold it, and compare it with the tables.
    Verify(Data),
    /// Write a workspace's log to a file or the terminal, one event a line, the newest change first.
    Export(Export),
}

/// What of the log, and where to.
#[derive(Debug, Args)]
#[command(after_long_help = "In CSV a cell that a spreadsheet would take for a formula begins with an apostrophe.

Examples:
  bailiwick audit export --workspace acme --out acme.csv
  bailiwick audit export --workspace acme --from 2026-11-01 --until 2026-12-01 --format jsonl | jq .kind")]
pub struct Export {
    #[command(flatten)]
    data: Data,
    /// The workspace: the host's id, or `wsp_...`.
    #[arg(long, short)]
    workspace: String,
    /// The product whose id that is, by name or id.
    #[arg(long, default_value = "default")]
    product: String,
    /// From this moment on: `2026-11-24`, `2026-11-24T06:00:00Z`.
    #[arg(long, value_parser = moment::parse)]
    from: Option<Timestamp>,
    /// Before this moment.
    #[arg(long, value_parser = moment::parse)]
    until: Option<Timestamp>,
    /// How it is written. Left out: by the ending of `--out`, else JSON Lines.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// A new file; one that is there is not written over.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
}

const COLUMNS: [&str; 8] = ["revision", "at", "actor", "actor_id", "actor_name", "ip", "kind", "data"];

/// `bailiwick audit ...`
pub async fn run(audit: Audit) -> Outcome {
    match audit {
        Audit::Verify(data) => say(tell(&data, &Ask::Verify).await?.into_words()?),
        Audit::Export(export) => run_export(export).await,
    }
}

async fn run_export(export: Export) -> Outcome {
    let Export { data, workspace, product, from, until, format, out } = export;
    let by_name = out.as_ref().filter(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")));
    let format = format.unwrap_or(if by_name.is_some() { Format::Csv } else { Format::Jsonl });
    let (from, until) = (from.map(|t| t.0), until.map(|t| t.0));
    let page = |before| Ask::Log { product: product.clone(), workspace: workspace.clone(), from, until, before };
    // The first page is there before the file is: of a workspace that is not, none is left.
    let mut found = tell(&data, &page(None)).await?.into_found()?;
    let to: Box<dyn Write> = match &out {
        Some(path) => {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            Box::new(file.map_err(|e| format!("{}: {e}", path.display()))?)
        }
        None => Box::new(std::io::stdout().lock()),
    };
    let mut writer = Writer::new(to, format)?;
    let mut count = 0;
    loop {
        for event in found["events"].as_array().into_iter().flatten() {
            if !writer.put(event)? {
                return Ok(());
            }
            count += 1;
        }
        let Some(next) = found["next"].as_u64() else { break };
        found = tell(&data, &page(Some(next))).await?.into_found()?;
    }
    writer.end()?;
    if let Some(path) = out {
        eprintln!("{count} events in {}", path.display());
    }
    if count == 0 { Err(No::because("there are no events in that time")) } else { Ok(()) }
}

enum Writer {
    Csv(Box<csv::Writer<Box<dyn Write>>>),
    Jsonl(BufWriter<Box<dyn Write>>),
}

impl Writer {
    fn new(to: Box<dyn Write>, format: Format) -> Outcome<Self> {
        Ok(match format {
            Format::Jsonl => Self::Jsonl(BufWriter::new(to)),
            Format::Csv => {
                let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
                writer.write_record(COLUMNS)?;
                Self::Csv(Box::new(writer))
            }
        })
    }

    /// Whether somebody still reads.
    fn put(&mut self, event: &Value) -> Outcome<bool> {
        let done = match self {
            Self::Csv(writer) => {
                let cells = COLUMNS.map(|column| as_text(&word(&event[column])));
                writer.write_record(cells).map_err(std::io::Error::from)
            }
            Self::Jsonl(writer) => writeln!(writer, "{event}"),
        };
        match done {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    fn end(self) -> Outcome {
        match self {
            Self::Csv(mut writer) => Ok(writer.flush()?),
            Self::Jsonl(mut writer) => Ok(writer.flush()?),
        }
    }
}

/// A cell that every spreadsheet opens as text (AB-135).
fn as_text(cell: &str) -> String {
    let inside = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    let formula = inside.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if formula || cell.starts_with(['\t', '\r', '\n']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::as_text;

    #[test]
    fn ab135_a_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\"=1", "'=1", "\t=1", "\tx", "\nx", "\u{a0}=1", "＝1"] {
            assert_eq!(as_text(bad), format!("'{bad}"));
        }
        for good in ["", "Olga", "a=b", "{\"a\":1}", "2026-11-24T06:00:00Z", "per_01"] {
            assert_eq!(as_text(good), good);
        }
    }
}
