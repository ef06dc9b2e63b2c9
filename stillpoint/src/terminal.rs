//! Asking for a passphrase, or for a name that says that something is meant.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};

use base::{Code, Error, Result};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// The terminal with its echo off; it comes back when this is dropped.
struct Silent {
    terminal: File,
    before: Termios,
}

impl Silent {
    fn new(terminal: File) -> std::io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // Nobody can be told.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}

fn open(question: &str, options: &str, without: Code) -> Result<File> {
    let terminal = File::options().read(true).write(true).open("/dev/tty");
    terminal.map_err(|_| {
        let what = format!("{question}: there is no terminal to ask; use {options}");
        Error::new(without, what)
    })
}

fn broken(error: std::io::Error) -> Error {
    Error::io("the terminal", error)
}

/// Asks on the terminal, without echo. `options` are those that would have answered. Blocks.
///
/// # Errors
/// `KeyMissing` if there is no terminal; `Cancelled` if it is closed.
pub fn ask(question: &str, options: &str) -> Result<Zeroizing<String>> {
    let terminal = open(question, options, Code::KeyMissing)?;
    write!(&terminal, "{question}: ").map_err(broken)?;
    let silent = Silent::new(terminal.try_clone().map_err(broken)?).map_err(broken)?;
    let mut line = Zeroizing::new(String::with_capacity(256));
    let read = BufReader::new(&silent.terminal)
        .read_line(&mut line)
        .map_err(broken)?;
    drop(silent);
    if read == 0 {
        return Err(Error::new(Code::Cancelled, "no passphrase was entered"));
    }
    while line.ends_with(['\n', '\r']) {
        line.pop();
    }
    Ok(line)
}

/// Has this name typed before what `question` says is done. Blocks.
///
/// # Errors
/// `BadArgument` if there is no terminal; `Cancelled` if another name is typed.
pub fn confirm(question: &str, name: &str) -> Result<()> {
    let terminal = open(question, "--yes", Code::BadArgument)?;
    write!(&terminal, "{question}. Type `{name}` to go on: ").map_err(broken)?;
    let mut line = String::new();
    BufReader::new(&terminal)
        .read_line(&mut line)
        .map_err(broken)?;
    match line.trim_end() == name {
        true => Ok(()),
        false => Err(Error::new(Code::Cancelled, "another name was typed")),
    }
}

/// Asks for a line, which may be empty. Blocks.
///
/// # Errors
/// `BadArgument` if there is no terminal.
pub fn line(question: &str, options: &str) -> Result<String> {
    let terminal = open(question, options, Code::BadArgument)?;
    write!(&terminal, "{question}: ").map_err(broken)?;
    let mut line = String::new();
    BufReader::new(&terminal)
        .read_line(&mut line)
        .map_err(broken)?;
    Ok(line.trim().to_owned())
}

/// Asks for a new passphrase, twice. Blocks.
///
/// # Errors
/// As [`ask`]; `BadArgument` if the two differ.
pub fn ask_new(question: &str, options: &str) -> Result<Zeroizing<String>> {
    let first = ask(question, options)?;
    let second = ask("Once more", options)?;
    if *first == *second {
        return Ok(first);
    }
    Err(Error::new(Code::BadArgument, "the two passphrases differ"))
}
