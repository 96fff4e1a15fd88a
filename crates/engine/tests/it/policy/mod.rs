//! Policies and the effects they lead to, over a real Postgres.

mod dispatching;
mod letters;
mod reacting;
mod rooms;
mod things;
