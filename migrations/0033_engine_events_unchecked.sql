-- Postgres reads a check from its catalogue and plans it anew for each insert, a tenth of what an append of one event cost. Appends count
-- from the version that they expect, and an import takes no stream that does not count from 1.
--
-- Appends are not to wait behind a migration that waits for whoever reads the log for long: then it fails, and is run again.
set local lock_timeout = '2s';
alter table log.events drop constraint events_sequence_check;
