-- Where repositories are not as the policy of the server wants them: since when, and by whose change.

create table policy_deviations (
  id bigint generated always as identity primary key,
  repository_id bigint not null,
  repository_full_name text not null,
  owner_id bigint not null,
  fingerprint text not null,
  rule text not null,
  severity text not null,
  message text not null,
  since timestamptz(3) not null,
  -- The change that brought it, in the audit log; null where it was the policy that changed.
  since_entry bigint,
  since_login text,
  ended_at timestamptz(3),
  ended_entry bigint,
  ended_login text
);
create unique index policy_deviations_open on policy_deviations (repository_id, fingerprint)
  where ended_at is null;
create index policy_deviations_by_owner on policy_deviations (owner_id, id desc);

-- Up to which entry of the audit log a repository was looked at.
create table policy_checks (
  repository_id bigint primary key,
  entry bigint not null
);
