//! A connection that no client can hold for ever, that loses no answer when it closes, and on which every error is a problem
//! document.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::unreadable;

/// How long a client may leave what it is sent unread before it is cut off. The server of HTTP alone never notices it.
const UNREAD: Duration = Duration::from_secs(30);
/// How long a closed connection goes on reading what the client still sends. Closing with unread bytes makes the
/// kernel send a reset, which destroys the answer on its way: a client that uploads too much would never see the 413.
/// See RFC 9112, section 9.6.
const LINGER: Duration = Duration::from_secs(5);
/// What is read and thrown away at a time.
const DISCARDED: usize = 16 * 1024;

/// A stream whose writes have a deadline and whose shutdown waits for the other side's end.
pub(crate) struct Connection<S> {
    stream: S,
    /// When the write that waits now is given up.
    write_deadline: Option<Pin<Box<Sleep>>>,
    instead: Option<Instead>,
    closing: Closing,
}

/// What goes out in the place of something else.
struct Instead {
    answer: Vec<u8>,
    sent: usize,
    /// The bytes that it stands for.
    stands_for: usize,
}

/// How far the shutdown has come.
enum Closing {
    No,
    Lingering(Pin<Box<Sleep>>),
    Done,
}

impl<S> Connection<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, write_deadline: None, instead: None, closing: Closing::No }
    }

    /// Passes on what a write came to; one that waits is given up `UNREAD` after the last that went through.
    fn within_deadline<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_deadline = None;
            return written;
        }
        let deadline = self.write_deadline.get_or_insert_with(|| Box::pin(sleep(UNREAD)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl<S: AsyncWrite + Unpin> Connection<S> {
    /// Writes what goes out in the place of `bytes`, if something does. What was begun is finished, whatever is offered then.
    fn poll_instead(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Option<Poll<io::Result<usize>>> {
        if self.instead.is_none() {
            let answer = unreadable::instead_of(bytes)?;
            self.instead = Some(Instead { answer, sent: 0, stands_for: bytes.len() });
        }
        let mut instead = self.instead.take()?;
        while instead.sent < instead.answer.len() {
            let written = Pin::new(&mut self.stream).poll_write(cx, &instead.answer[instead.sent..]);
            match self.within_deadline(cx, written) {
                Poll::Ready(Ok(0)) => return Some(Poll::Ready(Err(io::ErrorKind::WriteZero.into()))),
                Poll::Ready(Ok(count)) => instead.sent += count,
                Poll::Ready(Err(error)) => return Some(Poll::Ready(Err(error))),
                Poll::Pending => {
                    self.instead = Some(instead);
                    return Some(Poll::Pending);
                }
            }
        }
        Some(Poll::Ready(Ok(instead.stands_for)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(replaced) = this.poll_instead(cx, bytes) {
            return replaced;
        }
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.within_deadline(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let [bytes] = slices
            && let Some(replaced) = this.poll_instead(cx, bytes)
        {
            return replaced;
        }
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.within_deadline(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.within_deadline(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match &mut this.closing {
                Closing::No => {
                    // TLS has a last word to send, which may not get through.
                    let shut = Pin::new(&mut this.stream).poll_shutdown(cx);
                    ready!(this.within_deadline(cx, shut))?;
                    this.closing = Closing::Lingering(Box::pin(tokio::time::sleep_until(Instant::now() + LINGER)));
                }
                Closing::Lingering(end) => {
                    if end.as_mut().poll(cx).is_pending() && !ready!(poll_discard(&mut this.stream, cx)) {
                        continue;
                    }
                    this.closing = Closing::Done;
                }
                Closing::Done => return Poll::Ready(Ok(())),
            }
        }
    }
}

/// Throws away some of what comes. True when no more will, an error included: the connection is over either way.
fn poll_discard<S: AsyncRead + Unpin>(stream: &mut S, cx: &mut Context<'_>) -> Poll<bool> {
    let mut discarded = [0; DISCARDED];
    let mut discarded = ReadBuf::new(&mut discarded);
    let read = ready!(Pin::new(stream).poll_read(cx, &mut discarded));
    Poll::Ready(read.is_err() || discarded.filled().is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_cut_off_and_one_that_reads_slowly_is_not() {
        let (server, mut client) = duplex(1024);
        let mut server = Connection::new(server);
        let writing = tokio::spawn(async move { server.write_all(&[7; 4096]).await });
        for _ in 0..2 {
            tokio::time::sleep(UNREAD - Duration::from_secs(1)).await;
            client.read_exact(&mut [0; 1024]).await.unwrap();
        }
        let started = Instant::now();
        let error = writing.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() <= UNREAD + Duration::from_secs(1), "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn closing_reads_what_still_comes_until_the_client_ends() {
        let (server, mut client) = duplex(1024);
        let mut server = Connection::new(server);
        server.write_all(b"refused").await.unwrap();
        let closing = tokio::spawn(async move { server.shutdown().await });
        client.write_all(&[7; 64 * 1024]).await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"refused");
        assert!(!closing.is_finished());
        drop(client);
        closing.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_ends_is_left_after_a_while() {
        let (server, client) = duplex(1024);
        let started = Instant::now();
        Connection::new(server).shutdown().await.unwrap();
        assert!(started.elapsed() >= LINGER && started.elapsed() < LINGER + Duration::from_secs(1));
        drop(client);
    }

    /// Bytes that never stop must not keep the deadline from being looked at.
    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_for_ever_is_left_after_a_while() {
        let (server, mut client) = duplex(1024);
        let sending = tokio::spawn(async move {
            while client.write_all(&[7; 512]).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        let started = Instant::now();
        let mut server = Connection::new(server);
        server.shutdown().await.unwrap();
        assert!(started.elapsed() < LINGER + Duration::from_secs(1));
        drop(server);
        sending.await.unwrap();
    }
}
