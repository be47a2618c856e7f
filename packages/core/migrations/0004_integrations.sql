-- What portals ask for, and how far they have been told what became of it. A request is stored before
-- it is acted upon, and a report's position after it is delivered: whoever dies in between is carried
-- on by another, from there.

create table portal_runs (
  portal text not null,
  -- The portal's own id of the run: asked twice, it is the same run.
  run_id text not null,
  -- Not jsonb, which refuses some texts: it is only given back.
  request json not null,
  request_hash text not null,
  requested_by text,
  created_at timestamptz(3) not null,
  -- Null until everything asked for is begun, or refused.
  started_at timestamptz(3),
  -- Null while there is something to tell the portal.
  closed_at timestamptz(3),
  -- The details last told, so that only changes are.
  told text,
  -- The fence of whoever reports, as of a session's runner.
  attempt integer not null default 0,
  lease_expires_at timestamptz(3),
  next_at timestamptz(3) not null,
  failures integer not null default 0,
  primary key (portal, run_id)
);
create index portal_runs_open on portal_runs (next_at) where closed_at is null;

-- What a run is for, one by one, and what became of each.
create table portal_run_tasks (
  portal text not null,
  run_id text not null,
  place integer not null,
  -- A repository, owner/name, that is to have a task; or the id of a task that is to be answered.
  target text not null,
  task_id uuid references tasks (id),
  -- Why it was refused.
  error text,
  -- The number of the last event the portal was told of.
  reported_event bigint not null default 0,
  primary key (portal, run_id, place),
  foreign key (portal, run_id) references portal_runs (portal, run_id)
);
