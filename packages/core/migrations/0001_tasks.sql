-- Tasks, their sessions, and all that happens in them. The session is the job: it is queued, leased
-- and fenced by columns of its own row.
--
-- Times have milliseconds, as JavaScript and the API have: what was answered can be asked for again.
-- A row begins queued by its column's default; only sessions/transition.ts writes state after that.

create table tasks (
  id uuid primary key,
  position bigint generated always as identity,
  name text not null,
  state text not null default 'queued',
  session_count integer not null default 1,
  event_count bigint not null default 0,
  creator_id bigint not null,
  creator_login text not null,
  owner_id bigint not null,
  owner_login text not null,
  owner_type text not null,
  repository_id bigint not null,
  repository_full_name text not null,
  base_ref text not null,
  head_ref text,
  custom_agent text,
  requested_model text,
  create_pull_request boolean not null,
  idempotency_key text,
  idempotency_hash text,
  archived_at timestamptz(3),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null
);

create unique index tasks_idempotency on tasks (creator_id, repository_id, idempotency_key)
  where idempotency_key is not null;
create index tasks_by_repository on tasks (repository_id, updated_at desc);
create index tasks_by_creator on tasks (creator_id, updated_at desc);

create table sessions (
  id uuid primary key,
  -- The order of creation, which created_at is not: many are created in one millisecond.
  position bigint generated always as identity,
  task_id uuid not null references tasks (id),
  number integer not null,
  state text not null default 'queued',
  prompt text not null,
  model text not null,
  agent text not null,
  user_id bigint not null,
  user_login text not null,
  owner_id bigint not null,
  repository_id bigint not null,
  base_ref text not null,
  head_ref text,
  priority integer not null default 0,
  timeout_seconds integer not null,
  attempt integer not null default 0,
  losses integer not null default 0,
  runner_id text,
  lease_expires_at timestamptz(3),
  agent_session_id text,
  put_away boolean not null default false,
  waited_seconds double precision not null default 0,
  usage_nano bigint not null default 0,
  error jsonb,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  queued_at timestamptz(3) not null,
  started_at timestamptz(3),
  waiting_since timestamptz(3),
  completed_at timestamptz(3),
  unique (task_id, number)
);

-- What admission reads: the queue in its order, and who holds a slot.
create index sessions_queue on sessions (priority desc, position) where state = 'queued';
create index sessions_running on sessions (owner_id, repository_id, model)
  where state in ('in_progress', 'waiting_for_user');

create table events (
  task_id uuid not null references tasks (id),
  number bigint not null,
  session_id uuid not null references sessions (id),
  type text not null,
  timestamp timestamptz(3) not null,
  -- Not jsonb: it is never searched, and keeps the order of keys an agent gave.
  data json not null,
  primary key (task_id, number)
);

-- What users send to a running task, until an attempt has taken it.
create table messages (
  id uuid primary key,
  task_id uuid not null references tasks (id),
  session_id uuid not null references sessions (id),
  number bigint not null,
  content text not null,
  user_id bigint not null,
  user_login text not null,
  created_at timestamptz(3) not null,
  taken_by_attempt integer
);
create index messages_by_session on messages (session_id, number);

create table questions (
  id uuid primary key,
  session_id uuid not null references sessions (id),
  number bigint not null,
  attempt integer not null,
  message text not null,
  requested_schema jsonb,
  answer text,
  created_at timestamptz(3) not null,
  answered_at timestamptz(3)
);
-- One question at a time: a session waits for one answer.
create unique index questions_open on questions (session_id) where answered_at is null;

create table artifacts (
  task_id uuid not null references tasks (id),
  type text not null,
  data jsonb not null,
  created_at timestamptz(3) not null,
  primary key (task_id, type)
);

create table usage (
  session_id uuid not null references sessions (id),
  model text not null,
  requests bigint not null,
  input_tokens bigint not null,
  cached_input_tokens bigint not null,
  cache_write_tokens bigint not null,
  output_tokens bigint not null,
  primary key (session_id, model)
);
