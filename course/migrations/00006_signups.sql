-- What people ask for through forms waits in one narrow table, written with one
-- statement whatever is known of the address, until a worker carries it out: so
-- the answer is the same, and equally quick, for everybody.

-- +goose Up

-- A person's data: email, ip, article, form, browser. A row goes when it has been
-- carried out, usually within a second.
create table signups (
    id                 bigint generated always as identity primary key,
    at                 timestamptz not null, -- when it was asked
    email              text not null, -- normalised
    login              boolean not null, -- to be let in on a browser, not to sign up
    newsletter         boolean not null, -- the box was ticked
    article            text not null, -- whose wall it was
    form               text not null, -- path of the form
    ip                 inet, -- truncated to /24 or /48
    access             bytea, -- SHA-256 of the wording shown, which stands in wordings
    newsletter_wording bytea, -- likewise
    browser            bytea, -- SHA-256 of the random value in the asking browser's cookie
    fault              text, -- why it could not be carried out: set aside, for people
    constraint signups_logins_name_a_browser check (login = (browser is not null))
);

-- The last request of each browser to be let in. A person's data: browser,
-- subscriber_id, article. A row is of no use after half an hour, and is deleted a
-- day later at the next request.
create table logins (
    browser       bytea primary key, -- SHA-256, as in signups
    subscriber_id bigint, -- with delivery_id, the login letter; null where none was sent
    delivery_id   bigint,
    article       text not null, -- where to go on
    at            timestamptz not null, -- from which its life counts
    tries         smallint not null default 0, -- codes that were typed
    used_at       timestamptz,
    foreign key (subscriber_id, delivery_id) references deliveries,
    constraint logins_one_a_letter unique (subscriber_id, delivery_id)
);

-- Login letters asked for in the last 30 days, as asked_at has the confirm letters.
alter table addresses
    add column login_asked_at timestamptz[] not null default '{}';

-- The breaker of the letters that anybody can ask for, one row for all workers.
create table breaker (
    id        smallint primary key constraint breaker_is_one_row check (id = 1),
    at        timestamptz not null, -- of the last letter
    recent    integer[] not null, -- letters in each of the 60 seconds that end with at, the newest last
    usual     double precision not null, -- letters a minute, those of a week ago counting a third
    opened_at timestamptz -- since when letters are delayed
);

insert into breaker (id, at, recent, usual)
values (1, 'epoch', array_fill(0, array[60]), 0);
