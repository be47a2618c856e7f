-- Whom to tell of what happens to tasks, and what they were told. A delivery is written in the
-- transaction that changes the task, and sent afterwards: whoever sends may die at any line.

create table webhooks (
  id bigint generated always as identity primary key,
  -- The sealed secret is bound to it.
  seal_id uuid not null unique,
  target_type text not null check (target_type in ('repository', 'organization')),
  target_id bigint not null,
  url text not null,
  content_type text not null check (content_type in ('json', 'form')),
  insecure_ssl boolean not null,
  -- Never the secret itself.
  secret text,
  events jsonb not null,
  active boolean not null,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null
);
create index webhooks_target on webhooks (target_type, target_id);

create table webhook_deliveries (
  id bigint generated always as identity primary key,
  webhook_id bigint not null references webhooks (id) on delete cascade,
  -- The same for each attempt and each redelivery of one thing that happened.
  guid uuid not null,
  event text not null,
  action text,
  task_id uuid references tasks (id),
  session_id uuid references sessions (id),
  repository_id bigint,
  -- Null for what happened to a task: that is composed when it is sent.
  payload json,
  redelivery boolean not null default false,
  created_at timestamptz(3) not null,
  next_at timestamptz(3) not null,
  -- The fence of whoever sends, as of a session's runner.
  attempt integer not null default 0,
  lease_expires_at timestamptz(3),
  failures integer not null default 0,
  -- Null while it is still to be sent.
  closed_at timestamptz(3),
  delivered_at timestamptz(3),
  duration_ms integer,
  status_code integer,
  status text,
  -- As sent and as answered, without secrets. Not jsonb, which refuses some texts.
  request json,
  response json
);
create index webhook_deliveries_open on webhook_deliveries (next_at) where closed_at is null;
create index webhook_deliveries_hook on webhook_deliveries (webhook_id, id);
create unique index webhook_deliveries_first on webhook_deliveries (webhook_id, guid) where not redelivery;
create index webhook_deliveries_task on webhook_deliveries (task_id, webhook_id) where closed_at is null;
