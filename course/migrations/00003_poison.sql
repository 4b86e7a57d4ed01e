-- A letter that kills the workers that take it up must not stop the others, and
-- an operator wants to see why a relay takes nothing.

-- +goose Up

alter table deliveries
    add column deaths smallint not null default 0; -- workers that died with it in their claim

alter table workers
    add column trouble text not null default ''; -- what was wrong with its relays at the last heartbeat
