-- What a forge tells by webhooks. A delivery is stored in one transaction with what it gives to do, and
-- acted upon from here: whoever dies in between is carried on by another.

-- Every delivery that gave something to do, by the forge's own id: sent again, it is the same.
create table forge_deliveries (
  id text primary key,
  event text not null,
  received_at timestamptz(3) not null
);
create index forge_deliveries_by_time on forge_deliveries (received_at);

-- Comments on pull requests that speak to Errand, each once for ever, however often and under whatever
-- delivery it is told of. What the comment says is not kept: it is read on the forge when it is its turn.
create table pull_comments (
  repository_id bigint not null,
  -- Of the conversation ('issue'), or of a line of the diff ('review'): their ids are apart.
  type text not null,
  comment_id bigint not null,
  repository_full_name text not null,
  pull_number integer not null,
  user_id bigint not null,
  user_login text not null,
  body_hash text not null,
  received_at timestamptz(3) not null,
  -- Null until it was given to the task.
  taken_at timestamptz(3),
  task_id uuid references tasks (id) on delete cascade,
  -- The last question of the task that the pull request was told.
  told_question uuid,
  -- Null while there is something to do for it.
  closed_at timestamptz(3),
  -- Why it was not taken, or what was told in the end.
  outcome text,
  -- The fence of whoever acts on it, as of a session's runner.
  attempt integer not null default 0,
  lease_expires_at timestamptz(3),
  next_at timestamptz(3) not null,
  failures integer not null default 0,
  primary key (repository_id, type, comment_id)
);
create index pull_comments_open on pull_comments (next_at) where closed_at is null;
create index pull_comments_by_time on pull_comments (received_at);
create index artifacts_by_pull on artifacts ((data ->> 'number')) where type = 'pull';
