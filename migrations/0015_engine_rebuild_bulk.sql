-- Rebuilds write what follows from other rows (counters, a row a tag) once, when the log is folded.

-- Whether that is still to be done.
alter table rebuild.runs add column puts_off boolean not null default false;

-- The auditor compares one tenant after the other.
alter table rebuild.runs drop constraint runs_purpose_check;
alter table rebuild.runs add constraint runs_purpose_check check (purpose in ('rebuild', 'verify', 'sample'));
