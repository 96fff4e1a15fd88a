//! Calls that wait until their worker has nothing else to do.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};

/// Calls when this worker of the runtime next looks for input: when it has nothing else to run, or after some sixty tasks.
///
/// Whoever wakes many tasks at once does it here. Each task that a busy worker wakes makes it wake a second worker, which takes
/// that one task; and where both share a core, it takes the core for it as well, before the next task is woken. What is woken
/// while a worker looks for input is put into its queue first, and a second worker then takes half of it.
///
/// In the runtime a task that yields is woken at that time, so this is a yield with another waker. Where there is no worker the call
/// is made at once. It must neither yield nor come here again.
pub(super) fn when_idle(call: impl FnOnce() + Send + 'static) {
    let waker = Waker::from(Arc::new(Call(Mutex::new(Some(Box::new(call))))));
    // Nobody asks again: the first time it is asked is when it hands the waker over.
    let _pending = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&waker));
}

/// Made when it is dropped: by whoever wakes, or by a runtime that ends and forgets its wakers.
struct Call(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Wake for Call {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Call {
    fn drop(&mut self) {
        let call = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = call.take() {
            call();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc::{Sender, channel};

    use tokio::runtime::Builder;

    use super::*;

    /// Says so when it is called.
    fn saying<T: Send + 'static>(said: &Sender<T>, word: T) -> impl FnOnce() + Send + 'static {
        let said = said.clone();
        move || {
            // Whoever does not listen any more has failed already.
            let _heard = said.send(word);
        }
    }

    #[test]
    fn outside_of_a_runtime_the_call_is_made_at_once() {
        let (made, calls) = channel();
        when_idle(saying(&made, ()));
        assert_eq!(calls.try_recv(), Ok(()));
    }

    #[tokio::test]
    async fn what_is_at_hand_goes_first() {
        let (made, calls) = channel();
        when_idle(saying(&made, "when idle"));
        let task = saying(&made, "task");
        tokio::spawn(async move { task() });
        let mut heard = Vec::new();
        while heard.len() < 2 {
            tokio::task::yield_now().await;
            heard.extend(calls.try_iter());
        }
        assert_eq!(heard, ["task", "when idle"]);
    }

    #[test]
    fn a_runtime_that_ends_before_makes_the_call() -> io::Result<()> {
        let (made, calls) = channel();
        let runtime = Builder::new_current_thread().build()?;
        runtime.block_on(async { when_idle(saying(&made, ())) });
        drop(runtime);
        assert_eq!(calls.try_iter().count(), 1);
        Ok(())
    }
}
