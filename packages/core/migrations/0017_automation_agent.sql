-- The agent an automation's tasks are worked on by; an empty text: that of the model.
alter table automations add column agent text not null default '';
