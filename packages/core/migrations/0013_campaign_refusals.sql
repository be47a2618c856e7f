-- What a campaign's repository was not sent for: asked again just before each task, the forge or the
-- server's rules may refuse what they admitted when the campaign was made.

alter table campaign_targets
  -- `failed`, or `skipped` where the same campaign is at work in it already; null while it may be sent.
  add column unsent_state text check (unsent_state in ('failed', 'skipped')),
  -- Why, in a sentence.
  add column refusal text;
