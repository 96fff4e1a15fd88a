//! Work that goes on where nobody waits for it any more: a command whose client has hung up.
//!
//! It runs where it is waited for, and only what is left of it when it is dropped becomes a task. A task from the beginning would
//! cost every command two changes from task to task, and where threads are asleep, their waking.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// Work that cannot be stopped by dropping it.
pub(crate) struct Unstoppable<F: Future<Output: Send> + Send + 'static> {
    /// Nothing once it is done.
    work: Option<Pin<Box<F>>>,
    /// It counts as one of the tasks from the beginning: over HTTP/2 nobody else knows of it.
    counted: TaskTrackerToken,
}

impl<F: Future<Output: Send> + Send + 'static> Unstoppable<F> {
    /// Does `work`, which is one of `tasks` until it is done, also where it is dropped before.
    pub(crate) fn new(work: F, tasks: &TaskTracker) -> Self {
        Self { work: Some(Box::pin(work)), counted: tasks.token() }
    }
}

impl<F: Future<Output: Send> + Send + 'static> Future for Unstoppable<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // Taken out, so that nothing is left of it when it panics.
        let Some(mut work) = self.work.take() else { return Poll::Pending };
        let polled = work.as_mut().poll(cx);
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for Unstoppable<F> {
    fn drop(&mut self) {
        // Without a runtime there is nothing that it could go on with.
        if let Some(work) = self.work.take()
            && let Ok(runtime) = Handle::try_current()
        {
            let counted = self.counted.clone();
            runtime.spawn(async move {
                let _counted = counted;
                work.await
            });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use futures::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_waited_for_is_no_task() {
        let tasks = TaskTracker::new();
        let work = Unstoppable::new(async { 7 }, &tasks);
        assert_eq!(tasks.len(), 1);
        assert_eq!(work.await, 7);
        assert!(tasks.is_empty());
    }

    #[tokio::test]
    async fn nothing_is_left_of_what_panics() {
        let tasks = TaskTracker::new();
        let nothing: Option<u8> = std::iter::empty().next();
        let work = Unstoppable::new(async move { nothing.unwrap() }, &tasks);
        assert!(std::panic::AssertUnwindSafe(work).catch_unwind().await.is_err());
        assert!(tasks.is_empty());
    }

    #[tokio::test]
    async fn what_is_dropped_half_way_goes_on_where_it_was() {
        let (tasks, (go, gone), (done, end)) = (TaskTracker::new(), oneshot::channel::<()>(), oneshot::channel());
        let mut beginnings = 0;
        let work = async move {
            beginnings += 1;
            gone.await.unwrap();
            done.send(beginnings).unwrap();
        };
        let mut work = Unstoppable::new(work, &tasks);
        assert!((&mut work).now_or_never().is_none());
        drop(work);
        assert_eq!(tasks.len(), 1);
        go.send(()).unwrap();
        tasks.close();
        tasks.wait().await;
        assert_eq!(end.await.unwrap(), 1);
    }
}
