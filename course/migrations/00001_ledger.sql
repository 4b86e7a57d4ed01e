-- The ledger: who reads, what they agreed to, where they are in a course, and
-- one row per person and letter with its own state and its own due time.
-- subscriber_id leads every large key, so that the tables can be spread over
-- several databases by it; addresses is the one exception.

-- +goose Up

-- One row. address_key is the random key of the address hashes, wrapped under
-- COURSE_SECRET; that it unwraps is the proof that the secret fits the database.
create table installation (
    id          smallint primary key constraint installation_is_one_row check (id = 1),
    address_key bytea not null,
    created_at  timestamptz not null
);

create table subscribers (
    id           bigint primary key, -- random, since it stands in tokens
    email        text,
    name         text not null default '',
    kind         text not null default 'reader'
                 constraint subscribers_kind_known check (kind in ('reader', 'staff')),
    state        text not null default 'pending'
                 constraint subscribers_state_known check (state in ('pending', 'active', 'blocked', 'erased')),
    newsletter   boolean not null default false,
    created_at   timestamptz not null,
    confirmed_at timestamptz,
    constraint subscribers_only_erased_lack_email check ((email is null) = (state = 'erased')),
    constraint subscribers_active_are_confirmed check (state <> 'active' or confirmed_at is not null)
);

-- What must be known of an address beyond its subscriber; survives erasure.
create table addresses (
    address_hash  bytea primary key, -- HMAC-SHA256 of the normalised address
    subscriber_id bigint references subscribers,
    suppressed    text
                  constraint addresses_suppression_known
                  check (suppressed in ('bounce', 'complaint', 'unsubscribed', 'erased', 'admin')),
    suppressed_at timestamptz,
    asked_at      timestamptz[] not null default '{}', -- confirm letters asked for in the last 30 days
    constraint addresses_suppression_has_date check ((suppressed is null) = (suppressed_at is null))
);

create index addresses_subscriber on addresses (subscriber_id);

create table wordings (
    hash bytea primary key, -- SHA-256 of text
    text text not null
);

-- Evidence of consent, append-only.
create table consents (
    subscriber_id bigint not null references subscribers,
    id            bigint generated always as identity,
    purpose       text not null
                  constraint consents_purpose_known
                  check (purpose in ('access', 'newsletter') or purpose like 'course:%'),
    event         text not null
                  constraint consents_event_known check (event in ('asked', 'confirmed', 'withdrawn')),
    at            timestamptz not null,
    method        text not null, -- form, link, import, one-click, admin, undo
    wording       bytea references wordings,
    form          text not null default '', -- path of the form
    article       text not null default '', -- whose wall it was
    ip            inet, -- truncated to /24 or /48
    primary key (subscriber_id, id)
);

create table sessions (
    token_hash    bytea primary key, -- SHA-256 of the cookie's token
    subscriber_id bigint not null references subscribers,
    created_at    timestamptz not null,
    expires_at    timestamptz not null
);

-- A subscriber's way through a course. position counts the lessons behind the
-- reader, passed those of them that the planner stepped over because an admin
-- had sent them out of turn.
create table enrolments (
    subscriber_id bigint not null references subscribers,
    course        text not null,
    state         text not null default 'active'
                  constraint enrolments_state_known check (state in ('active', 'paused', 'finished', 'left')),
    position      integer not null default 0,
    passed        integer not null default 0,
    next_due_at   timestamptz, -- when the planner looks at it next
    started_at    timestamptz not null,
    ended_at      timestamptz, -- finished or left
    primary key (subscriber_id, course),
    constraint enrolments_position_counts check (passed >= 0 and position >= passed),
    constraint enrolments_running_have_a_next check (state not in ('active', 'paused') or next_due_at is not null),
    constraint enrolments_ended_have_a_date check ((state in ('finished', 'left')) = (ended_at is not null))
);

create index enrolments_due on enrolments (course, next_due_at) where state = 'active';

-- Every text that was ever planned, by content, so that a letter can be
-- rendered exactly as planned after its file was edited.
create table versions (
    hash   bytea primary key, -- SHA-256 over source and layout
    letter text not null,
    source bytea not null,
    layout bytea not null
);

-- Letters asked for outside a course's own pace: confirm letters, and an
-- admin's --all, --to and --resend. With the enrolments' positions they say
-- how many deliveries there must be.
create table requests (
    subscriber_id bigint not null references subscribers,
    letter        text not null,
    copy          smallint not null,
    reason        text not null,
    requested_at  timestamptz not null,
    primary key (subscriber_id, letter, copy)
);

-- One letter to one subscriber. ready_at is set exactly while the row waits to
-- be claimed; marks and records touch no indexed column, and rows leave room
-- on their page for them (HOT updates).
create table deliveries (
    subscriber_id bigint not null references subscribers,
    id            bigint not null, -- random, since it stands in tokens
    letter        text not null,
    copy          smallint not null default 0,
    version       bytea not null references versions,
    rank          smallint not null, -- claim order: 0 confirm, 1 lesson, 2 newsletter
    state         text not null default 'queued'
                  constraint deliveries_state_known check (state in
                      ('queued', 'claimed', 'sending', 'accepted', 'deferred', 'rejected', 'cancelled', 'uncertain', 'parked')),
    planned_at    timestamptz not null,
    due_at        timestamptz not null,
    ready_at      timestamptz,
    claim         integer not null default 0, -- counts claims: the fence before the mark
    attempt       smallint not null default 0, -- counts attempts: the fence after it
    worker        bigint,
    relay         text,
    dated_at      timestamptz, -- the letter's Date, frozen by the first mark
    sha256        bytea, -- of the bytes that were marked
    marked_at     timestamptz,
    settled_at    timestamptz,
    reply         text, -- the relay's last reply, or why there was none
    queue_id      text,
    reason        text, -- why cancelled or parked
    primary key (subscriber_id, id),
    constraint deliveries_once unique (subscriber_id, letter, copy),
    constraint deliveries_waiting_are_ready check ((state in ('queued', 'deferred')) = (ready_at is not null)),
    constraint deliveries_settled_have_a_date check ((state in ('accepted', 'rejected', 'cancelled')) = (settled_at is not null)),
    constraint deliveries_sending_are_marked check (state not in ('sending', 'accepted', 'uncertain') or (marked_at is not null and attempt > 0))
) with (fillfactor = 70);

create index deliveries_ready on deliveries (rank, ready_at) where ready_at is not null;

-- What became of each attempt; append-only, the only part that ages out.
create table attempts (
    subscriber_id bigint not null,
    delivery_id   bigint not null,
    attempt       smallint not null,
    worker        bigint not null,
    relay         text not null,
    marked_at     timestamptz, -- null: refused before the mark
    ended_at      timestamptz not null,
    outcome       text not null
                  constraint attempts_outcome_known check (outcome in ('accepted', 'deferred', 'rejected', 'uncertain')),
    stage         text not null,
    code          smallint not null, -- 0: no reply
    enhanced      text not null,
    reply         text not null,
    sha256        bytea,
    primary key (subscriber_id, delivery_id, attempt),
    foreign key (subscriber_id, delivery_id) references deliveries
);

-- A worker lives by its heartbeat, on the database's clock.
create table workers (
    id           bigint generated always as identity primary key,
    name         text not null, -- host and process, for people
    started_at   timestamptz not null,
    heartbeat_at timestamptz not null,
    stopped_at   timestamptz
);
