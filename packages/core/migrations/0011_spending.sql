-- What models cost, by day, and what it is held against. Money is counted in nano AI credits.

alter table usage add column day text not null default '1970-01-01';
alter table usage add column reasoning_tokens bigint not null default 0;
alter table usage add column nano bigint not null default 0;
alter table usage alter column day drop default;
update usage set day = (
  select to_char(created_at at time zone 'utc', 'YYYY-MM-DD') from sessions where sessions.id = usage.session_id
);
alter table usage drop constraint usage_pkey;
alter table usage add primary key (session_id, model, day);
create index usage_by_day on usage (day);
create index sessions_by_owner on sessions (owner_id);

-- Bounds a task was given, or null.
alter table tasks add column max_nano bigint;
alter table tasks add column max_multiplier double precision;

-- What was spent and what is promised to requests on their way, for a task, and by month for a user, a
-- repository and its owner. Whoever locks several locks them in the order of their ids.
create table accounts (
  id text primary key,
  spent_nano bigint not null default 0,
  reserved_nano bigint not null default 0
);

-- Requests of models that are on their way; one of a runner that was lost is kept for a day, in case
-- it is counted after all.
create table model_requests (
  id uuid primary key,
  session_id uuid not null references sessions (id) on delete cascade,
  attempt integer not null,
  model text not null,
  account_ids text[] not null,
  reserved_nano bigint not null,
  -- What the upstream has reported so far, which is counted already.
  counted jsonb,
  counted_nano bigint not null default 0,
  started_at timestamptz(3) not null
);
create index model_requests_by_session on model_requests (session_id);

-- The account whose budget is used up, for a question that is answered by raising it.
alter table questions add column account_id text;

-- Upstreams that did not answer when they were last asked: `auto` passes them by until then.
create table failing_upstreams (
  name text primary key,
  until timestamptz(3) not null
);
