//! One builder a key: whoever asks for an answer that is being built waits for it and builds none of its own.
//!
//! Who finds a build under way takes its answer if that is known to be true; otherwise the build may have begun before
//! something that the caller has to see, and the caller takes part in the next one, which began after it asked. So
//! nobody waits for more than two builds, however many ask and however often the answer changes meanwhile. A failure is
//! told to those who took part in the build, and is not kept.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::{Cache, Entry, Key};
use crate::problem::Problem;

/// What a build came to: an answer, or why there is none.
pub type Flown = Result<Arc<Entry>, Problem>;

/// The builds under way.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<Key, watch::Receiver<Option<Flown>>>>);

/// The one who builds. Others can join until it has landed or is dropped.
struct Pilot<'a> {
    flights: &'a Flights,
    key: &'a Key,
    passengers: Option<watch::Sender<Option<Flown>>>,
}

enum Boarding<'a> {
    Pilot(Pilot<'a>),
    Passenger(watch::Receiver<Option<Flown>>),
}

impl Flights {
    fn board<'a>(&'a self, key: &'a Key) -> Boarding<'a> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(key) {
            return Boarding::Passenger(flight.clone());
        }
        let (passengers, flight) = watch::channel(None);
        flights.insert(key.clone(), flight);
        Boarding::Pilot(Pilot { flights: self, key, passengers: Some(passengers) })
    }

    fn close(&self, key: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl Pilot<'_> {
    /// Tells those who have joined. The flight is closed before, so that nobody who is told can join it again and take
    /// it for a later one.
    fn land(mut self, flown: &Flown) {
        self.flights.close(self.key);
        if let Some(passengers) = self.passengers.take() {
            passengers.send_replace(Some(flown.clone()));
        }
    }
}

impl Drop for Pilot<'_> {
    fn drop(&mut self) {
        // After the landing this key belongs to the next one.
        if self.passengers.is_some() {
            self.flights.close(self.key);
        }
    }
}

impl Cache {
    /// The answer to `key` as it is at some moment after this call: built by `build`, or by somebody else who asked for
    /// the same. `after` is what the caller has to see; the read models have come to it already.
    ///
    /// # Errors
    /// What `build` failed with.
    pub async fn build(&self, key: &Key, after: Option<i64>, build: impl Future<Output = Flown>) -> Flown {
        let mut build = pin!(build);
        let mut began_before_us = true;
        loop {
            match self.0.flights.board(key) {
                Boarding::Pilot(pilot) => {
                    // Somebody may have landed between our last look and this one. What they brought is older than
                    // this flight, so it is for us alone: who has joined meanwhile may have to see more.
                    if let Some(entry) = self.find(key, after) {
                        return Ok(entry);
                    }
                    let flown = build.as_mut().await;
                    pilot.land(&flown);
                    return flown;
                }
                Boarding::Passenger(mut flight) => {
                    // The pilot may have gone, with its client or with what it found: then somebody else takes over.
                    let Ok(flown) = flight.wait_for(Option::is_some).await.map(|flown| flown.clone()) else { continue };
                    let Some(flown) = flown else { continue };
                    let is_true = flown.as_ref().is_ok_and(|entry| self.is_current() && entry.answers(after));
                    // What another process has built may be older than this call, whenever it was fetched.
                    let is_built_here = flown.as_ref().map_or(true, |entry| !entry.is_shared());
                    if is_true || (is_built_here && !began_before_us) {
                        return flown;
                    }
                    began_before_us = false;
                }
            }
        }
    }
}
