-- Who is erased leaves letters under a number that leads to nobody, and the
-- proof that what they were sent had been agreed to. What is kept for a time
-- only is found by its age.

-- +goose Up

-- Evidence of consent of somebody who was erased. It hangs on the address and not
-- on the subscriber: whoever signs up anew is another one. No column holds a
-- person's data but the keyed hash.
create table erased_consents (
    address_hash bytea not null,
    id           bigint generated always as identity,
    purpose      text not null,
    event        text not null,
    at           timestamptz not null,
    wording      bytea references wordings,
    primary key (address_hash, id)
);

create index subscribers_unconfirmed on subscribers (created_at) where confirmed_at is null and state <> 'erased';
create index enrolments_ended on enrolments (ended_at) where ended_at is not null;
create index consents_ip on consents (at) where ip is not null;
create index returns_raw on returns (at) where raw is not null;
create index attempts_ended on attempts (ended_at);
create index sessions_expiry on sessions (expires_at);
