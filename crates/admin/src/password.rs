//! Where a new password comes from: the command line, standard input, or a person at a terminal.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};

use crate::Failure;

/// No password comes near this.
const LONGEST: u64 = 4096;

/// Takes the password from where it was said to be; asks only at a terminal. `option` is named where it is missing.
pub(crate) fn obtain(given: Option<String>, from_stdin: bool, option: &str) -> Result<SecretString, Failure> {
    match given {
        Some(password) => Ok(password.into()),
        None if from_stdin => first_line(),
        None if io::stdin().is_terminal() => ask_twice(),
        None => Err(Failure::Usage(format!(
            "there is no password: give `{option}`, or `{option}-stdin` and the password on standard input"
        ))),
    }
}

fn first_line() -> Result<SecretString, Failure> {
    let mut line = String::new();
    io::stdin()
        .lock()
        .take(LONGEST)
        .read_line(&mut line)
        .map_err(|_| Failure::Usage("standard input holds no text".into()))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Failure::Usage("standard input is empty: the password must be its first line".into()));
    }
    Ok(password.into())
}

fn ask_twice() -> Result<SecretString, Failure> {
    let password = ask("Password: ")?;
    let again = ask("Again: ")?;
    if password.expose_secret() == again.expose_secret() {
        Ok(password)
    } else {
        Err(Failure::Usage("the two passwords differ".into()))
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
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
    }
}
