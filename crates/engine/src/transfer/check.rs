//! Reading a file to its end, to know that it is whole.

use std::io::BufRead;

use super::TransferError;
use super::contents::End;
use super::file::Kind;
use super::import::{Incoming, body};

impl<R: BufRead> Incoming<R> {
    /// Reads the rest and compares it with what the file says of itself; gives the tenant position that it has come to. What is
    /// sealed is not opened.
    ///
    /// # Errors
    /// When it is cut off, damaged or contradicts itself.
    pub fn check(mut self) -> Result<i64, TransferError> {
        let mut events = 0;
        loop {
            let frame = self.file.next()?;
            match frame.kind {
                Kind::Event => events += 1,
                Kind::End => {
                    let end: End = body(&self.file, &frame.body)?;
                    if events != self.header.events || events != end.counts.events {
                        let said = self.header.events;
                        return Err(TransferError::Contradiction(format!("it has {events} events, and says {said}")));
                    }
                    return Ok(events);
                }
                _ => {}
            }
        }
    }
}
