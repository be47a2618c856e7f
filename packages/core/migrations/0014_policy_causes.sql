-- Whose doing a deviation is: a change of the configuration, a change of the policy, or not known.

-- Each policy the servers were given, in their order, and the latest entry of the audit log at that time.
create table policy_versions (
  id bigint generated always as identity primary key,
  hash text not null,
  seen_at timestamptz(3) not null,
  entry bigint not null
);

-- Under which policy a repository was looked at.
alter table policy_checks add column policy bigint;

alter table policy_deviations
  -- Where in the configuration it stands, by names; an entry of a list by itself.
  add column place jsonb,
  add column since_cause text not null default 'unknown',
  add column ended_cause text;
update policy_deviations set
  since_cause = case when since_entry is null then 'unknown' else 'configuration' end,
  ended_cause = case when ended_at is null then null
    when ended_entry is null then 'unknown' else 'configuration' end;
