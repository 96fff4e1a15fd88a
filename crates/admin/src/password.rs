//! Where a new password or a passphrase comes from: the command line, standard input, or a person at a terminal.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::Path;

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};

use crate::Failure;

/// No password comes near this.
const LONGEST: u64 = 4096;
const SHORTEST_PASSPHRASE: usize = 12;

/// Takes the password from where it was said to be; asks only at a terminal. `option` is named where it is missing.
pub(crate) fn obtain(given: Option<String>, from_stdin: bool, option: &str) -> Result<SecretString, Failure> {
    match given {
        Some(password) => Ok(password.into()),
        None if from_stdin => first_line(),
        None if io::stdin().is_terminal() => ask_twice("Password: "),
        None => Err(Failure::Usage(format!(
            "there is no password: give `{option}`, or `{option}-stdin` and the password on standard input"
        ))),
    }
}

/// A passphrase that is to seal a file, from the first line of `file` or from a person at a terminal.
pub(crate) fn new_passphrase(file: Option<&Path>) -> Result<SecretString, Failure> {
    let passphrase = match file {
        Some(file) => first_line_of(file)?,
        None => ask_twice_at_terminal("Passphrase: ")?,
    };
    if passphrase.expose_secret().chars().count() < SHORTEST_PASSPHRASE {
        let words = format!(
            "the passphrase must have {SHORTEST_PASSPHRASE} characters or more: the file may lie around for years"
        );
        return Err(Failure::Usage(words));
    }
    Ok(passphrase)
}

/// The passphrase that a file was sealed with.
pub(crate) fn passphrase(file: Option<&Path>) -> Result<SecretString, Failure> {
    match file {
        Some(file) => first_line_of(file),
        None if io::stdin().is_terminal() => ask("Passphrase: "),
        None => Err(no_passphrase()),
    }
}

fn ask_twice_at_terminal(prompt: &str) -> Result<SecretString, Failure> {
    if io::stdin().is_terminal() { ask_twice(prompt) } else { Err(no_passphrase()) }
}

fn no_passphrase() -> Failure {
    Failure::Usage("there is no passphrase: give `--passphrase-file` where nobody can be asked".into())
}

fn first_line_of(file: &Path) -> Result<SecretString, Failure> {
    let failed = |error| Failure::Usage(format!("cannot read {}: {error}", file.display()));
    line_of(BufReader::new(File::open(file).map_err(failed)?), &file.display().to_string())
}

fn first_line() -> Result<SecretString, Failure> {
    line_of(io::stdin().lock(), "standard input")
}

fn line_of(input: impl BufRead, name: &str) -> Result<SecretString, Failure> {
    let mut line = String::new();
    input.take(LONGEST).read_line(&mut line).map_err(|_| Failure::Usage(format!("{name} holds no text")))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Failure::Usage(format!("{name} is empty: what is wanted must be its first line")));
    }
    Ok(password.into())
}

fn ask_twice(prompt: &str) -> Result<SecretString, Failure> {
    let password = ask(prompt)?;
    let again = ask("Again: ")?;
    if password.expose_secret() == again.expose_secret() {
        Ok(password)
    } else {
        Err(Failure::Usage("the two differ".into()))
    }
}

fn ask(prompt: &str) -> Result<SecretString, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(format!("cannot ask for the password: {error}"));
    let silence = Silence::begin().map_err(|error| failed(&error))?;
    write!(io::stderr(), "{prompt}").map_err(|error| failed(&error))?;
    let password = first_line();
    drop(silence);
    writeln!(io::stderr()).map_err(|error| failed(&error))?;
    password
}

/// The terminal shows nothing of what is typed until this is dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> nix::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone cannot be put right, and a drop can tell nobody.
        let _is_restored = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
    }
}
