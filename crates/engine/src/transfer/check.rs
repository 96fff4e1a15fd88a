//! Reading a file to its end, to know that it is whole.

use std::io::BufRead;

use uuid::Uuid;

use super::TransferError;
use super::contents::{End, Event};
use super::file::Kind;
use super::import::{Incoming, body};

impl<R: BufRead> Incoming<R> {
    /// Reads the rest and compares it with what the file says of itself; gives the id of the last event in it. What is sealed
    /// is not opened.
    ///
    /// # Errors
    /// When it is cut off, damaged or contradicts itself.
    pub fn check(mut self) -> Result<Uuid, TransferError> {
        let mut events = 0;
        let mut last = None;
        loop {
            let frame = self.file.next()?;
            match frame.kind {
                Kind::Event => {
                    events += 1;
                    last = Some(frame.body);
                }
                Kind::End => {
                    let end: End = body(&self.file, &frame.body)?;
                    if events != self.header.events || events != end.counts.events {
                        let said = self.header.events;
                        return Err(TransferError::Contradiction(format!("it has {events} events, and says {said}")));
                    }
                    let last = last.ok_or_else(|| TransferError::Contradiction("it has no events".to_owned()))?;
                    return Ok(body::<_, Event>(&self.file, &last)?.event_id);
                }
                _ => {}
            }
        }
    }
}
