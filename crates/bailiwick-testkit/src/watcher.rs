//! A shell that runs a server and outlives whoever started it by as much as it takes to clear up. Its input is a pipe:
//! when the other end is gone, for whatever reason, the server goes, and its folder with it.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::programs;

/// `$1`: where the programs are, `$2`: the folder. It answers each word with a line.
const SCRIPT: &str = r#"
# An answer that nobody hears must not end it.
trap '' PIPE
server=
end() {
    [ -z "$server" ] || { kill -QUIT "$server"; wait "$server"; }
    server=
} 2>/dev/null
mkdir -m 755 "$2" || exit 1
while read -r word rest; do
    case $word in
    make) eval "$rest" >"$2/said" 2>&1; echo "$?" ;;
    run) "$1/postgres" -D "$2/data" >>"$2/log" 2>&1 & server=$!; echo 0 ;;
    stop) end; echo 0 ;;
    esac
done
end
rm -rf "$2"
"#;

/// The shell.
#[derive(Debug)]
pub struct Watcher {
    shell: Child,
    words: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Watcher {
    /// Makes the folder.
    pub fn new(programs: &Path, folder: &Path) -> io::Result<Self> {
        let mut shell = programs::command("sh");
        shell.arg("-c").arg(SCRIPT).arg("sh").arg(programs).arg(folder);
        // A group of its own: what is typed at the terminal must not end it before it has cleared up.
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut shell = shell.spawn()?;
        let words = shell.stdin.take();
        let answers = shell.stdout.take().ok_or_else(|| io::Error::other("a shell without output"))?;
        Ok(Self { shell, words, answers: BufReader::new(answers) })
    }

    /// Runs a program with these words; whether it went well. What it said is in the file `said`.
    pub fn make(&mut self, words: &[&str]) -> io::Result<bool> {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
        Ok(self.tell(&format!("make {}", quoted.join(" ")))? == "0")
    }

    /// Starts the server.
    pub fn run(&mut self) -> io::Result<()> {
        self.tell("run").map(drop)
    }

    /// Ends the server at once.
    pub fn stop(&mut self) -> io::Result<()> {
        self.tell("stop").map(drop)
    }

    fn tell(&mut self, word: &str) -> io::Result<String> {
        let words = self.words.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(words, "{word}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        if answer.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(answer.trim().to_owned()) }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.words.take());
        let _ = self.shell.wait();
    }
}
