//! A connection that no client can hold for ever, that loses no answer when it closes, and on which every error is a problem
//! document.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::future::BoxFuture;
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::unreadable;

/// How long a client may leave what it is sent unread before it is cut off. The server of HTTP alone never notices it.
const UNREAD: Duration = Duration::from_secs(30);
/// A client that leaves more than this unread is not read any further until it has taken what is beyond: it may ask ahead, and be
/// answered without a body, of which the server of HTTP alone keeps any number. That server takes it for silent meanwhile, so that it has as long as
/// for the head of a request, 10 seconds.
const MOST_UNREAD: usize = 2 << 20;
/// How long a closed connection goes on reading what the client still sends. Closing with unread bytes makes the
/// kernel send a reset, which destroys the answer on its way: a client that uploads too much would never see the 413.
/// See RFC 9112, section 9.6.
const LINGER: Duration = Duration::from_secs(5);
/// What is read and thrown away at a time.
const DISCARDED: usize = 16 * 1024;

/// Makes what a client is told whose request cannot be read.
pub(crate) type Tell = Box<dyn Fn(StatusCode) -> BoxFuture<'static, Vec<u8>> + Send>;

/// A stream whose writes have a deadline and whose shutdown waits for the other side's end.
pub(crate) struct Connection<S> {
    stream: S,
    tell: Tell,
    /// When the write that waits now is given up.
    write_deadline: Option<Pin<Box<Sleep>>>,
    /// Whether so much waits to be written that nothing more is read.
    is_full: bool,
    last_word: Option<LastWord>,
    closing: Closing,
}

/// What looks like an answer that the HTTP library has made by itself. It is one if the library has nothing more to say and nothing
/// more to read, and then something else goes out. Anything else that somebody has made look like it goes out as it is.
struct LastWord {
    /// What goes out before it, and how much of that has.
    before: Vec<u8>,
    sent: usize,
    /// How much the library has offered, its last word included; nothing once it was told that this is written.
    offered: Option<usize>,
    word: Vec<u8>,
    status: StatusCode,
}

impl LastWord {
    /// The library puts heads before bodies, so what it says by itself stands at the end of the first piece; what waits behind that belongs
    /// to the answer before.
    fn of(offered: &[IoSlice<'_>]) -> Option<Self> {
        let (first, bodies) = offered.split_first()?;
        let (begin, status) = unreadable::ending(first)?;
        let (before, word) = first.split_at(begin);
        let mut before = before.to_vec();
        bodies.iter().for_each(|body| before.extend_from_slice(body));
        let offered = offered.iter().map(|piece| piece.len()).sum();
        Some(Self { before, sent: 0, offered: Some(offered), word: word.to_vec(), status })
    }
}

/// How far the shutdown has come.
enum Closing {
    No,
    Telling(BoxFuture<'static, Vec<u8>>),
    Lingering(Pin<Box<Sleep>>),
    Done,
}

impl<S> Connection<S> {
    pub(crate) fn new(stream: S, tell: Tell) -> Self {
        Self { stream, tell, write_deadline: None, is_full: false, last_word: None, closing: Closing::No }
    }

    /// Passes on what a write came to; one that waits is given up `UNREAD` after the last that went through.
    fn within_deadline<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_deadline = None;
            if std::mem::take(&mut self.is_full) {
                // Whoever wanted to read meanwhile was not told when to try again.
                cx.waker().wake_by_ref();
            }
            return written;
        }
        let deadline = self.write_deadline.get_or_insert_with(|| Box::pin(sleep(UNREAD)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl<S: AsyncWrite + Unpin> Connection<S> {
    /// Keeps back what looks like the library's last word, and writes what comes before it; nothing where there is no such thing.
    fn poll_before_last_word(
        &mut self,
        cx: &mut Context<'_>,
        offered: &[IoSlice<'_>],
    ) -> Poll<io::Result<Option<usize>>> {
        // There is more to say, so what was kept back was no last word.
        ready!(self.poll_kept_back(cx))?;
        let Some(mut last) = self.last_word.take().or_else(|| LastWord::of(offered)) else {
            return Poll::Ready(Ok(None));
        };
        let written = self.poll_all(cx, &last.before, &mut last.sent);
        let told = if written.is_ready() { last.offered.take() } else { None };
        self.last_word = Some(last);
        ready!(written)?;
        // Whoever has more to do is to do it now: what is kept back waits for that.
        cx.waker().wake_by_ref();
        Poll::Ready(Ok(told))
    }

    /// Writes what was kept back, as it is.
    fn poll_kept_back(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_kept_back = |last: &mut LastWord| last.offered.is_none();
        let Some(mut last) = self.last_word.take_if(is_kept_back) else {
            return Poll::Ready(Ok(()));
        };
        if !last.word.is_empty() {
            (last.before, last.sent) = (std::mem::take(&mut last.word), 0);
        }
        let written = self.poll_all(cx, &last.before, &mut last.sent);
        if written.is_pending() {
            self.last_word = Some(last);
        }
        written
    }

    fn poll_all(&mut self, cx: &mut Context<'_>, bytes: &[u8], sent: &mut usize) -> Poll<io::Result<()>> {
        while *sent < bytes.len() {
            let written = Pin::new(&mut self.stream).poll_write(cx, &bytes[*sent..]);
            match ready!(self.within_deadline(cx, written))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => *sent += count,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Connection<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Whoever reads on has not said the last word.
        ready!(this.poll_kept_back(cx))?;
        if this.is_full {
            return Poll::Pending;
        }
        Pin::new(&mut this.stream).poll_read(cx, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(told) = ready!(this.poll_before_last_word(cx, &[IoSlice::new(bytes)]))? {
            return Poll::Ready(Ok(told));
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
        if let Some(told) = ready!(this.poll_before_last_word(cx, slices))? {
            return Poll::Ready(Ok(told));
        }
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        let is_full = written.is_pending() && slices.iter().map(|slice| slice.len()).sum::<usize>() > MOST_UNREAD;
        let written = this.within_deadline(cx, written);
        this.is_full = is_full;
        written
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
                    let is_unreadable = |last: &&LastWord| last.offered.is_none() && !last.word.is_empty();
                    if let Some(last) = this.last_word.as_ref().filter(is_unreadable) {
                        this.closing = Closing::Telling((this.tell)(last.status));
                        continue;
                    }
                    ready!(this.poll_kept_back(cx))?;
                    // TLS has something to say at last, which may not get through.
                    let shut = Pin::new(&mut this.stream).poll_shutdown(cx);
                    ready!(this.within_deadline(cx, shut))?;
                    this.closing = Closing::Lingering(Box::pin(tokio::time::sleep_until(Instant::now() + LINGER)));
                }
                Closing::Telling(told) => {
                    let told = ready!(told.as_mut().poll(cx));
                    if let Some(last) = &mut this.last_word {
                        last.word.clear();
                        (last.before, last.sent) = (told, 0);
                    }
                    this.closing = Closing::No;
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

    use std::future::poll_fn;

    use futures::FutureExt;
    use http::HeaderMap;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::problem::Problem;

    fn connection<S>(stream: S) -> Connection<S> {
        let tell = |status| unreadable::answer(status, &Problem::of_status(status), HeaderMap::new());
        Connection::new(stream, Box::new(move |status| Box::pin(std::future::ready(tell(status)))))
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_cut_off_and_one_that_reads_slowly_is_not() {
        let (server, mut client) = duplex(1024);
        let mut server = connection(server);
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
    async fn a_client_that_leaves_much_unread_is_read_once_it_has_taken_it() {
        let (server, mut client) = duplex(1024);
        let mut server = connection(server);
        let (much, mut sent) = (vec![7; 2 * MOST_UNREAD], 0);
        while let Some(written) = server.write_vectored(&[IoSlice::new(&much[sent..])]).now_or_never() {
            sent += written.unwrap();
        }
        client.write_all(b"next").await.unwrap();
        assert!(server.read_u8().now_or_never().is_none());
        // As the library does it: it reads, then it writes, and without being woken it does neither.
        let mut next = Vec::new();
        let going_on = poll_fn(|cx| {
            let mut read = [0; 4];
            let mut read = ReadBuf::new(&mut read);
            if next.is_empty() && Pin::new(&mut server).poll_read(cx, &mut read).is_ready() {
                next = read.filled().to_vec();
            }
            while sent < much.len() {
                let written = Pin::new(&mut server).poll_write_vectored(cx, &[IoSlice::new(&much[sent..])]);
                sent += ready!(written).unwrap();
            }
            if next.is_empty() { Poll::Pending } else { Poll::Ready(std::mem::take(&mut next)) }
        });
        let mut taken = vec![0; much.len()];
        let (next, taken) =
            tokio::time::timeout(UNREAD, async { tokio::join!(going_on, client.read_exact(&mut taken)) })
                .await
                .unwrap();
        assert_eq!((&*next, taken.unwrap()), (&b"next"[..], much.len()));
    }

    const BARE: &str = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

    /// The library puts heads before bodies, also where a body still waits whose head has gone.
    #[tokio::test(start_paused = true)]
    async fn what_the_library_says_by_itself_is_replaced_behind_what_waits_too() {
        let head = "HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 4\r\n\r\n";
        let behind = format!("{head}{BARE}");
        let behind_a_part = &behind[20..];
        for (offered, before) in [
            (vec![BARE], String::new()),
            (vec![&*behind], head.to_owned()),
            (vec![behind_a_part], head[20..].to_owned()),
            (vec![&*behind, "bo", "dy"], format!("{head}body")),
            (vec![BARE, "dy"], "dy".to_owned()),
        ] {
            let (server, mut client) = duplex(64);
            let mut server = connection(server);
            let texts: Vec<String> = offered.iter().map(|&text| text.to_owned()).collect();
            let writing = tokio::spawn(async move {
                let slices: Vec<IoSlice<'_>> = texts.iter().map(|text| IoSlice::new(text.as_bytes())).collect();
                let written = server.write_vectored(&slices).await.unwrap();
                server.shutdown().await.unwrap();
                written
            });
            let mut sent = String::new();
            client.read_to_string(&mut sent).await.unwrap();
            drop(client);
            let problem = sent.strip_prefix(&before).unwrap_or_else(|| panic!("{sent}"));
            assert!(problem.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{sent}");
            assert!(problem.contains("\"code\":\"MALFORMED_REQUEST\"") && !problem.contains(BARE), "{sent}");
            assert_eq!(writing.await.unwrap(), offered.concat().len());
        }
    }

    /// A body may hold anything, and must not change what whoever reads it takes for the next answer.
    #[tokio::test(start_paused = true)]
    async fn what_only_looks_like_it_goes_out_as_it_is() {
        for reads_on in [false, true] {
            let (server, mut client) = duplex(64);
            let mut server = connection(server);
            let serving = tokio::spawn(async move {
                server.write_all(BARE.as_bytes()).await.unwrap();
                server.flush().await.unwrap();
                if reads_on {
                    server.read_exact(&mut [0; 4]).await.unwrap();
                } else {
                    server.write_all(b"more").await.unwrap();
                }
                server.shutdown().await.unwrap();
            });
            client.write_all(b"next").await.unwrap();
            let mut sent = String::new();
            client.read_to_string(&mut sent).await.unwrap();
            drop(client);
            assert_eq!(sent, if reads_on { BARE.to_owned() } else { format!("{BARE}more") });
            serving.await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn closing_reads_what_still_comes_until_the_client_ends() {
        let (server, mut client) = duplex(1024);
        let mut server = connection(server);
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
        connection(server).shutdown().await.unwrap();
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
        let mut server = connection(server);
        server.shutdown().await.unwrap();
        assert!(started.elapsed() < LINGER + Duration::from_secs(1));
        drop(server);
        sending.await.unwrap();
    }
}
