-- What the servers on one database have counted together. Unlogged: it is written without a log, and a
-- crash of the database empties it, by which every caller begins a new hour, and nothing is lost.

create unlogged table rate_windows (
  -- What is counted, and of whom: never a token, only its hash.
  key text primary key,
  length_ms integer not null,
  started_at timestamptz(3) not null,
  used integer not null
);
