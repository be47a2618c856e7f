-- Whether the work of a task's session is pushed when its wait is over; null: as the settings say.
alter table tasks add column push_unfinished boolean;

-- The end that is written once the unfinished work of a put-away session is pushed.
alter table sessions add column end_after_push jsonb;
