-- What becomes of a letter whose relay never answered, and the brake.
--
-- doubted_at has an index of its own, and not one on state, so that marks and
-- records go on touching no indexed column.

-- +goose Up

alter table deliveries
    add column doubts     smallint not null default 0, -- endings without a reply
    add column repeats    smallint not null default 0, -- marks after such an ending
    add column doubted_at timestamptz; -- set while uncertain: since when

update deliveries
set doubts = 1, doubted_at = marked_at
where state = 'uncertain';

alter table deliveries
    add constraint deliveries_uncertain_are_doubted check ((state = 'uncertain') = (doubted_at is not null));

create index deliveries_doubted on deliveries (doubted_at) where doubted_at is not null;

-- What is not to be sent until it is released.
create table holds (
    scope   text primary key, -- a letter, everything, or pause (planning too)
    reason  text not null,
    held_at timestamptz not null
);
