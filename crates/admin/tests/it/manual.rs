//! Completions work where there is no installation, and complete.

use std::process::{Command, Output, Stdio};

fn admin(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_admin")).args(args).env_clear().stdin(Stdio::null()).output().unwrap()
}

#[test]
fn every_shell_has_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = admin(&["completions", shell]);
        assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
        let script = String::from_utf8(ran.stdout).unwrap();
        for word in ["projections", "dead-letters", "rebuild", "max-lag", "completions"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    assert_eq!(admin(&["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn bash_completes_commands_and_options() {
    let script = String::from_utf8(admin(&["completions", "bash"]).stdout).unwrap();
    for (line, expected) in
        [("admin proj", "projections"), ("admin projections reb", "rebuild"), ("admin events tail --fol", "--follow")]
    {
        let words: Vec<&str> = line.split(' ').collect();
        let ask = format!(
            "{script}\nCOMP_WORDS=({line}) COMP_CWORD={} COMP_LINE='{line}'\n_admin admin {} {}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
            words.len() - 1,
            words[words.len() - 1],
            words[words.len() - 2],
        );
        let ran = Command::new("bash").args(["--norc", "-c", &ask]).stdin(Stdio::null()).output().unwrap();
        assert_eq!(String::from_utf8(ran.stdout).unwrap().trim(), expected, "{line}");
    }
}
