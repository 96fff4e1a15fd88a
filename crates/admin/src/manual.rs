//! `completions` and `man`: what is made of the command line itself, for whoever packages `admin`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::Failure;
use crate::cli::{Cli, Manual};

/// Prints or writes what was asked for. No settings are read.
pub(crate) fn tell(manual: &Manual) -> Result<(), Failure> {
    match manual {
        Manual::Completions { shell } => print_completions(*shell),
        Manual::Man { output } => write_pages(output),
    }
}

fn print_completions(shell: Shell) -> Result<(), Failure> {
    // Not straight to standard output: the generator panics where nobody reads to the end.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "admin", &mut script);
    Ok(io::stdout().write_all(&script)?)
}

fn write_pages(directory: &Path) -> Result<(), Failure> {
    fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), directory))
        .map_err(|error| Failure::Failed(format!("cannot write manual pages to {}: {error}", directory.display())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use clap::Command;

    use super::*;

    /// The pages that a command and all below it should have, with what each begins to tell.
    fn pages(command: &Command, name: &str, expected: &mut Vec<(String, String)>) {
        expected.push((format!("{name}.1"), command.get_about().unwrap().to_string()));
        for below in command.get_subcommands() {
            pages(below, &format!("{name}-{}", below.get_name()), expected);
        }
    }

    #[test]
    fn every_command_has_its_page() {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("man/man1");
        write_pages(&below).unwrap();
        let mut expected = Vec::new();
        pages(&Cli::command(), "admin", &mut expected);
        assert!(expected.len() > 30);
        for (file, about) in &expected {
            let page = fs::read_to_string(below.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            // As roff writes apostrophes and hyphens.
            let page = page.replace("\\*(Aq", "'").replace('\\', "");
            assert!(page.contains(about), "{file} does not say `{about}`");
        }
        assert_eq!(fs::read_dir(&below).unwrap().count(), expected.len());
        assert!(fs::read_to_string(below.join("admin.1")).unwrap().contains("Exit codes:"));
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = write_pages(&file.path().join("man")).unwrap_err().to_string();
        assert!(refused.starts_with("cannot write manual pages to /"), "{refused}");
    }
}
