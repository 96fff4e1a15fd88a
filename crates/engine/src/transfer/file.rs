//! The file that a tenant travels in: a first line with the format's version, then frames, the last of which is the end.
//!
//! ```text
//! tidemark events 1
//! header 123 <check>
//! {"tenant":"acme", ...}
//! event 456 <check>
//! {"eventId": ...}
//! ```
//!
//! A frame is a line with its kind, the length of its body and a check, then the body and a line feed. The check is a SHA-256
//! over the check before it, the kind, the length and the body: what was changed, left out, put in, cut off or moved shows at
//! that frame. It shows damage, not malice: only a passphrase vouches for who has written a file.

use std::io::{self, BufRead, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::TransferError;

const FORMAT: &str = "tidemark events ";
const VERSION: &str = "1";
/// No first line and no line of a frame is longer.
const LONGEST_LINE: u64 = 128;
/// No body is longer: an event has at most 2 MiB, an answer that is remembered less.
const LONGEST_BODY: u64 = 16 << 20;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Header,
    Event,
    Claim,
    Erased,
    ClaimsKey,
    Key,
    Secret,
    Answer,
    End,
}

const NAMES: [(&str, Kind); 9] = [
    ("header", Kind::Header),
    ("event", Kind::Event),
    ("claim", Kind::Claim),
    ("erased", Kind::Erased),
    ("claims-key", Kind::ClaimsKey),
    ("key", Kind::Key),
    ("secret", Kind::Secret),
    ("answer", Kind::Answer),
    ("end", Kind::End),
];

impl Kind {
    fn name(self) -> &'static str {
        NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    fn of(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }
}

/// The check of a frame, which the next one builds on.
#[derive(Clone)]
struct Chain([u8; 32]);

impl Chain {
    fn begin(line: &str) -> Self {
        Self(Sha256::digest(line.as_bytes()).into())
    }

    fn next(&self, kind: Kind, body: &[u8]) -> Self {
        let digest = Sha256::new()
            .chain_update(self.0)
            .chain_update(kind.name())
            .chain_update(body.len().to_be_bytes())
            .chain_update(body);
        Self(digest.finalize().into())
    }

    fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

/// Writes frames.
pub(super) struct Writer<W> {
    out: W,
    chain: Chain,
    bytes: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(mut out: W) -> io::Result<Self> {
        let line = format!("{FORMAT}{VERSION}\n");
        out.write_all(line.as_bytes())?;
        Ok(Self { out, chain: Chain::begin(&line), bytes: line.len() as u64 })
    }

    pub(super) fn frame(&mut self, kind: Kind, body: &[u8]) -> io::Result<()> {
        self.chain = self.chain.next(kind, body);
        let line = format!("{} {} {}\n", kind.name(), body.len(), self.chain.text());
        self.out.write_all(line.as_bytes())?;
        self.out.write_all(body)?;
        self.out.write_all(b"\n")?;
        self.bytes += (line.len() + body.len() + 1) as u64;
        Ok(())
    }

    /// Where the next frame will be: it stands for all that was written before.
    pub(super) fn place(&self) -> String {
        self.chain.text()
    }

    /// Hands everything on; says how many bytes there were.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.out.flush()?;
        Ok(self.bytes)
    }
}

/// A frame whose check was right.
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) body: Vec<u8>,
    /// What the writer's `place` was for it.
    pub(super) place: String,
}

/// Reads frames, and believes none without its check.
pub(super) struct Reader<R> {
    input: R,
    chain: Chain,
    frames: u64,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn begin(mut input: R) -> Result<Self, TransferError> {
        let line = line(&mut input)?;
        let Some(version) = line.strip_prefix(FORMAT.as_bytes()) else { return Err(TransferError::Foreign) };
        if version != format!("{VERSION}\n").as_bytes() {
            let version = String::from_utf8_lossy(version).trim_end().to_owned();
            return Err(TransferError::OtherFormat(version));
        }
        Ok(Self { input, chain: Chain::begin(&format!("{FORMAT}{VERSION}\n")), frames: 0 })
    }

    /// The next frame. After the end there must be nothing.
    pub(super) fn next(&mut self) -> Result<Frame, TransferError> {
        self.frames += 1;
        let line = line(&mut self.input)?;
        let Some(line) = line.strip_suffix(b"\n") else {
            return Err(if line.len() as u64 == LONGEST_LINE {
                self.damaged("its line is too long")
            } else {
                self.cut()
            });
        };
        let (kind, length) = parse(line).ok_or_else(|| self.damaged("its line is no line of a frame"))?;
        let mut body = Vec::new();
        (&mut self.input).take(length + 1).read_to_end(&mut body)?;
        if body.len() as u64 != length + 1 {
            return Err(self.cut());
        }
        if body.pop() != Some(b'\n') {
            return Err(self.damaged("its body is longer than it says"));
        }
        let chain = self.chain.next(kind, &body);
        let expected = format!("{} {length} {}", kind.name(), chain.text());
        if line != expected.as_bytes() {
            return Err(self.damaged("its check is wrong"));
        }
        let place = std::mem::replace(&mut self.chain, chain).text();
        if kind == Kind::End && !self.input.fill_buf()?.is_empty() {
            return Err(self.damaged("something follows the end"));
        }
        Ok(Frame { kind, body, place })
    }

    pub(super) fn damaged(&self, reason: impl Into<String>) -> TransferError {
        TransferError::Damaged { frame: self.frames, reason: reason.into() }
    }

    fn cut(&self) -> TransferError {
        TransferError::Truncated { frame: self.frames }
    }
}

/// A line with its line feed, or what there is of it.
fn line(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    input.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// Kind and length; what else there is is compared with what it must be.
fn parse(line: &[u8]) -> Option<(Kind, u64)> {
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let kind = Kind::of(words.next()?)?;
    let length = words.next()?.parse().ok().filter(|length| *length <= LONGEST_BODY)?;
    Some((kind, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::begin(&mut bytes).expect("a Vec takes everything");
        for (kind, body) in [(Kind::Header, "{}"), (Kind::Event, "{\n}"), (Kind::Event, ""), (Kind::End, "{}")] {
            writer.frame(kind, body.as_bytes()).expect("a Vec takes everything");
        }
        assert!(writer.finish().is_ok_and(|bytes| bytes > 0));
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<(Kind, Vec<u8>)>, TransferError> {
        let mut reader = Reader::begin(bytes)?;
        let mut frames = Vec::new();
        loop {
            let frame = reader.next()?;
            frames.push((frame.kind, frame.body));
            if frame.kind == Kind::End {
                return Ok(frames);
            }
        }
    }

    #[test]
    fn frames_come_back() {
        let frames = read(&written()).expect("sound");
        assert_eq!(
            frames.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
            [Kind::Header, Kind::Event, Kind::Event, Kind::End]
        );
        assert_eq!(frames[1].1, b"{\n}");
    }

    #[test]
    fn every_bit_counts_and_so_does_every_byte_that_is_missing() {
        let sound = written();
        for n in 0..sound.len() {
            for bit in 0..8 {
                let mut damaged = sound.clone();
                damaged[n] ^= 1 << bit;
                assert!(read(&damaged).is_err(), "bit {bit} of byte {n}");
            }
            assert!(read(&sound[..n]).is_err(), "cut at {n}");
        }
        assert!(read(&[&sound[..], b"x"].concat()).is_err());
    }

    #[test]
    fn frames_cannot_be_left_out_repeated_or_moved() {
        let sound = String::from_utf8(written()).expect("text");
        let lines: Vec<&str> = sound.split_inclusive('\n').collect();
        // The first line, the header, an event of two lines, an empty one, the end.
        let frames = [&lines[..1], &lines[1..3], &lines[3..6], &lines[6..8], &lines[8..]].map(<[&str]>::concat);
        let joined = |order: &[usize]| order.iter().map(|n| frames[*n].as_str()).collect::<String>();
        assert!(read(joined(&[0, 1, 2, 3, 4]).as_bytes()).is_ok());
        for order in [&[0, 2, 3, 4][..], &[0, 1, 3, 4], &[0, 1, 2, 4], &[0, 1, 2, 2, 3, 4], &[0, 1, 3, 2, 4]] {
            assert!(read(joined(order).as_bytes()).is_err(), "{order:?}");
        }
    }

    #[test]
    fn another_file_and_another_version_are_told_apart() {
        assert!(matches!(read(b"PK\x03\x04"), Err(TransferError::Foreign)));
        assert!(matches!(read(b""), Err(TransferError::Foreign)));
        assert!(matches!(read(b"tidemark events 2\n"), Err(TransferError::OtherFormat(version)) if version == "2"));
        let endless = [b"tidemark events 1\n".as_slice(), &[b'x'; 4096]].concat();
        assert!(matches!(read(&endless), Err(TransferError::Damaged { frame: 1, .. })));
        let huge = b"tidemark events 1\nheader 99999999999 x\n";
        assert!(matches!(read(huge), Err(TransferError::Damaged { frame: 1, .. })));
    }
}
