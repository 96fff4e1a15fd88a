-- Nothing is kept of people whose tenant was deleted, whoever was about to write it.
create trigger refuse_deleted after insert on identity.mail_tokens for each row execute function log.refuse_deleted();
create trigger refuse_deleted after insert on identity.reset_requests for each row execute function log.refuse_deleted();
create trigger refuse_deleted after insert on identity.failed_sign_ins for each row execute function log.refuse_deleted();
