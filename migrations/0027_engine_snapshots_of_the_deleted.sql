-- Also a snapshot that takes the place of another is none of a deleted tenant.
create or replace trigger refuse_deleted after insert or update on log.snapshots for each row execute function log.refuse_deleted();
