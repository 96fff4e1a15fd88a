//! Free ports on the loopback address, remembered so that a stack comes back at the same addresses.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The ports of one stack, by what listens there.
#[derive(Debug)]
pub struct Ports {
    file: PathBuf,
    known: BTreeMap<String, u16>,
    given: Vec<u16>,
}

impl Ports {
    /// Reads the ports of the last start; a missing or broken file is an empty one.
    pub fn load(data: &Path) -> Self {
        let file = data.join("ports.json");
        let known = std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { file, known, given: Vec::new() }
    }

    /// The port of the last start while it is free, else `preferred`, else any.
    pub fn pick(&mut self, name: &str, preferred: Option<u16>) -> anyhow::Result<u16> {
        let remembered = self.known.get(name).copied();
        let port = [remembered, preferred]
            .into_iter()
            .flatten()
            .find(|port| !self.given.contains(port) && is_free(*port))
            .map_or_else(|| self.any(), Ok)?;
        self.keep(name, port)?;
        Ok(port)
    }

    /// Exactly this port, or an error that says so.
    pub fn claim(&mut self, name: &str, port: u16) -> anyhow::Result<u16> {
        if self.given.contains(&port) || !is_free(port) {
            bail!("port {port} for {name} is taken; name another one or leave --port out");
        }
        self.keep(name, port)?;
        Ok(port)
    }

    fn any(&self) -> anyhow::Result<u16> {
        for _ in 0..64 {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
            let port = listener.local_addr()?.port();
            if !self.given.contains(&port) {
                return Ok(port);
            }
        }
        bail!("no free port")
    }

    fn keep(&mut self, name: &str, port: u16) -> anyhow::Result<()> {
        self.given.push(port);
        self.known.insert(name.to_owned(), port);
        crate::files::write_private(&self.file, &serde_json::to_vec_pretty(&self.known)?)
    }
}

/// Whether nothing listens there, on any address.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() && TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_remembered_while_it_is_free() {
        let directory = tempfile::tempdir().expect("a directory");
        let first = Ports::load(directory.path()).pick("nats", None).expect("a port");
        assert_eq!(Ports::load(directory.path()).pick("nats", None).expect("a port"), first);
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).expect("ours now");
        assert_ne!(Ports::load(directory.path()).pick("nats", None).expect("a port"), first);
    }

    #[test]
    fn no_port_is_given_twice() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut ports = Ports::load(directory.path());
        let first = ports.pick("a", None).expect("a port");
        assert_ne!(ports.pick("b", Some(first)).expect("a port"), first);
        assert!(ports.claim("c", first).is_err());
    }
}
