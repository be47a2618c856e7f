-- By a signature and what it signs, a weak secret can be guessed by whoever has the database. The JSON stays text: as
-- jsonb it would lose the order of its keys, and fail for a null character.
update webhook_deliveries
set request = regexp_replace(
  request::text,
  ',"X-Hub-Signature(-256)?":"sha(1|256)=[0-9a-f]+"',
  '',
  'g'
)::json
where request is not null;
