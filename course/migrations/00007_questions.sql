-- Questions to the editors (Fråga redaktionen), and what becomes of them. Of a
-- person: text, signature, title, wording and slug are the reader's words or made
-- of them; answer is the editors', about them. When the reader is erased, the
-- rows go, published or not. What the reader wrote is kept no longer than it is
-- needed: text until there is an answer, the rest while it is published.

-- +goose Up

create table questions (
    subscriber_id bigint not null references subscribers,
    number        integer not null, -- the reader's first is 1; names its letters, as in question-wording:1
    id            text not null, -- random, for editors; stands in no address
    state         text not null default 'asked',
    asked_at      timestamptz not null,
    text          text, -- as the reader wrote it
    signature     text,
    title         text,
    slug          text, -- under /fragor
    wording       text, -- as it is to be published
    answer        text, -- Markdown; of a declined one the reply, which is for the asker alone
    proposals     smallint not null default 0, -- how often the asker was shown a wording
    proposed_at   timestamptz,
    published_at  timestamptz,
    closed_at     timestamptz, -- declined or withdrawn
    primary key (subscriber_id, number),
    constraint questions_id_once unique (id),
    constraint questions_slug_once unique (slug),
    constraint questions_state_known check (state in ('asked', 'proposed', 'published', 'declined', 'withdrawn')),
    constraint questions_text_waits_for_an_answer check ((state in ('asked', 'proposed')) = (text is not null)),
    constraint questions_signature_stands_while_needed check ((state in ('asked', 'proposed', 'published')) = (signature is not null)),
    constraint questions_wording_is_whole check (
        num_nonnulls(title, slug, wording) = case when state in ('proposed', 'published') then 3 else 0 end),
    constraint questions_answer_is_given check ((state in ('proposed', 'published', 'declined')) = (answer is not null)),
    constraint questions_proposed_have_a_date check (state not in ('proposed', 'published') or proposed_at is not null),
    constraint questions_published_have_a_date check ((state = 'published') = (published_at is not null)),
    constraint questions_closed_have_a_date check ((state in ('declined', 'withdrawn')) = (closed_at is not null))
);

create index questions_published on questions (published_at) where state = 'published';

alter table consents
    drop constraint consents_purpose_known,
    add constraint consents_purpose_known
        check (purpose in ('access', 'newsletter', 'question') or purpose like 'course:%');
