-- A sender that nobody knows yet may send only so many letters a day, and all
-- workers together have to keep to it.

-- +goose Up

create table warm_days (
    day     date primary key,
    letters integer not null default 0 -- that were taken up on it
);
