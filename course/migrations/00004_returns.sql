-- What came back of our letters, and what it was taken for. The same mail a
-- hundred times is one row; raw is the evidence, and goes before the rest does.

-- +goose Up

create table returns (
    subscriber_id bigint not null,
    delivery_id   bigint not null,
    hash          bytea not null, -- SHA-256 of what came back
    at            timestamptz not null,
    via           text not null, -- pipe, smtp, a provider; relay: refused at RCPT
    kind          text not null
                  constraint returns_kind_known check (kind in ('failed', 'delayed', 'complaint', 'opt-out', 'auto-reply', 'unclear')),
    judged        text not null
                  constraint returns_judgement_known check (judged in ('hard', 'soft', 'ours', 'complaint', 'opt-out', 'note')),
    enhanced      text not null,
    code          smallint not null, -- 0: unknown
    diagnostic    text not null,
    raw           bytea,
    primary key (subscriber_id, delivery_id, hash),
    foreign key (subscriber_id, delivery_id) references deliveries
);

create index returns_at on returns (at);

-- Since when we have had reason to believe that the mailbox works: the person
-- opened a confirm letter, or an admin said so. Bounces of older letters say
-- nothing any more.
alter table addresses
    add column vouched_at timestamptz;

-- What a mail provider told us, verified, until a worker has read it. A body
-- that was read is dropped; one that could not be is kept with the reason.
create table hooks (
    id       bigint generated always as identity primary key,
    provider text not null,
    hash     bytea not null constraint hooks_once unique, -- SHA-256 of provider and body
    body     bytea,
    kept_at  timestamptz not null,
    read_at  timestamptz,
    error    text,
    constraint hooks_waiting_have_a_body check (body is not null or read_at is not null and error is null)
);

create index hooks_waiting on hooks (id) where read_at is null;
