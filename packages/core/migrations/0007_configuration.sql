-- What repositories and organizations say their agents may do, and the log of who changed it.

create table repository_configurations (
  repository_id bigint primary key,
  repository_full_name text not null,
  -- The fields that the repository says anything of.
  document jsonb not null,
  updated_at timestamptz(3) not null
);

create table organization_configurations (
  owner_id bigint primary key,
  owner_login text not null,
  document jsonb not null,
  enabled_repositories text not null default 'all' check (enabled_repositories in ('all', 'selected', 'none')),
  updated_at timestamptz(3) not null
);

create table selected_repositories (
  owner_id bigint not null,
  repository_id bigint not null,
  primary key (owner_id, repository_id)
);

-- Each entry holds the hash of the one before it, so that nothing in between can be changed unseen.
create table audit_log (
  number bigint primary key,
  timestamp timestamptz(3) not null,
  action text not null,
  actor_id bigint not null,
  actor_login text not null,
  owner_id bigint,
  owner_login text,
  repository_id bigint,
  repository_full_name text,
  -- JSON as it was hashed: jsonb would put its keys into another order.
  data text not null,
  previous_hash text not null,
  hash text not null
);

create index audit_log_of_owner on audit_log (owner_id, number);

create function refuse_change() returns trigger language plpgsql as
  $$ begin raise exception '% is append-only', tg_table_name; end $$;

create trigger audit_log_is_append_only before update or delete on audit_log
  for each row execute function refuse_change();

create trigger audit_log_is_never_emptied before truncate on audit_log
  for each statement execute function refuse_change();
