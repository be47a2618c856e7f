-- Secrets and variables that agents are given. A secret is only ever here sealed; a variable is no secret.

create table agent_values (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('secret', 'variable')),
  target_type text not null check (target_type in ('repository', 'organization')),
  target_id bigint not null,
  -- In upper case.
  name text not null,
  value text not null,
  -- Which of an organization's repositories it is for.
  visibility text check (visibility in ('all', 'private', 'selected')),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  unique (target_type, target_id, kind, name),
  check ((target_type = 'organization') = (visibility is not null))
);

create table agent_value_repositories (
  value_id bigint not null references agent_values (id) on delete cascade,
  repository_id bigint not null,
  primary key (value_id, repository_id)
);

-- What clients seal secrets with on their way here: one pair of keys, the secret one sealed.
create table sealed_box_key (
  is_only boolean primary key default true check (is_only),
  key_id text not null,
  public_key text not null,
  sealed text not null,
  created_at timestamptz(3) not null
);
