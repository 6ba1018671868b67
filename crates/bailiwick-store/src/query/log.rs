//! The log and the feed.

queries! {
    /// Where a line stands.
    LINE = "select kind, revision, last_at, head, oldest_reader from lines where line_id = $1";
    /// Every line, in order.
    LINES = "select line_id, kind from lines order by kind, line_id";
    /// Begins a line or moves it on.
    PUT_LINE = "insert into lines (line_id, kind, product_id, revision, last_at, head) values ($1, $2, $3, $4, $5, $6)
        on conflict (line_id) do update set revision = excluded.revision, last_at = excluded.last_at";
    /// The last link of a line's chain.
    PUT_HEAD = "update lines set head = $2 where line_id = $1";
    /// Takes positions in the feed; the last of them.
    TAKE_POSITIONS = "update feed set position = position + $1 where id = 1 returning position";
    /// Puts the feed where it stood in another database.
    SET_POSITION = "update feed set position = $1 where id = 1";
    /// Where the feed stands.
    HEAD = "select position from feed where id = 1";
    /// Where the feed stands, how many changes there are and the last of them.
    FEED = "select f.position, (select count(*) from changes), (select coalesce(max(position), 0) from changes)
        from feed f where f.id = 1";
    /// What a command, or another one of its name, changed.
    REPEATED = "select l.kind, c.line_id, c.revision, c.position, c.command_id from changes c
        join lines l on l.line_id = c.line_id where c.command_id >= $1 and c.command_id <= $2";
    /// A change.
    ADD_CHANGE = "insert into changes (line_id, revision, position, command_id, at, actor, origin_id)
        values ($1, $2, $3, $4, $5, $6, $7)";
    /// An event.
    ADD_EVENT = "insert into events (line_id, revision, seq, at, kind, version, model, payload, key_id, mac)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// Where a change came from.
    ADD_ORIGIN = "insert into origins (origin_id, ip, agent) values ($1, $2, $3)";
    /// The changes of a line, oldest first.
    CHANGES = "select revision, position, command_id, at, actor from changes where line_id = $1 order by revision";
    /// The events of a line, oldest first.
    EVENTS = "select revision, seq, at, kind, version, model, payload, key_id, mac from events
        where line_id = $1 order by revision, seq";
    /// The events of one change.
    CHANGE_EVENTS = "select at, kind, version, payload from events where line_id = $1 and revision = $2 order by seq";
    /// Whether there are rows without a line: in the log, then in the tables.
    WITHOUT_LINE = "select
        (select count(*) from changes where line_id not in (select line_id from lines)),
        (select count(*) from events where line_id not in (select line_id from lines)),
        (select count(*) from workspaces where workspace_id not in
            (select line_id from lines where kind = 'workspace')),
        (select count(*) from members where workspace_id not in
            (select line_id from lines where kind = 'workspace')),
        (select count(*) from grants where workspace_id not in
            (select line_id from lines where kind = 'workspace')),
        (select count(*) from invitations where workspace_id not in
            (select line_id from lines where kind = 'workspace')),
        (select count(*) from invitation_grants where workspace_id not in
            (select line_id from lines where kind = 'workspace')),
        (select count(*) from templates where workspace_id not in
            (select line_id from lines where kind = 'workspace')),
        (select count(*) from resources where workspace_id not in
            (select line_id from lines where kind = 'workspace')),
        (select count(*) from persons where person_id not in
            (select line_id from lines where kind = 'person')),
        (select count(*) from sessions where person_id not in
            (select line_id from lines where kind = 'person')),
        (select count(*) from credentials where person_id not in
            (select line_id from lines where kind = 'person')),
        (select count(*) from products where not exists (select 1 from lines where kind = 'installation')),
        (select count(*) from models where not exists (select 1 from lines where kind = 'installation')),
        (select count(*) from keys where not exists (select 1 from lines where kind = 'installation')),
        (select count(*) from webhooks where not exists (select 1 from lines where kind = 'installation'))";
}

pairs! {
    /// Changes of a line that pass a filter; its lists are JSON.
    ENTRIES = "select c.revision, c.position, c.at, c.actor, c.command_id, o.ip, o.agent
        from changes c left join origins o on o.origin_id = c.origin_id
        where c.line_id = $1 and c.revision < $2 and c.at >= $3 and c.at < $4
            and ($5 is null or c.actor = $5)
            and ($6 is null or exists (select 1 from events e
                where e.line_id = c.line_id and e.revision = c.revision
                    and e.kind in (select value from json_each($6))))
            and ($7 is null or exists (select 1 from events e, json_each($7) m
                where e.line_id = c.line_id and e.revision = c.revision and instr(e.payload, m.value) > 0))
        order by c.revision desc limit $8",
    "select c.revision, c.position, c.at, c.actor, c.command_id, o.ip, o.agent
        from changes c left join origins o on o.origin_id = c.origin_id
        where c.line_id = $1 and c.revision < $2 and c.at >= $3 and c.at < $4
            and (cast($5 as text) is null or c.actor = $5)
            and (cast($6 as text) is null or exists (select 1 from events e
                where e.line_id = c.line_id and e.revision = c.revision
                    and e.kind in (select value from json_array_elements_text(cast($6 as json)) as listed (value))))
            and (cast($7 as text) is null or exists (
                select 1 from events e, json_array_elements_text(cast($7 as json)) as m (value)
                where e.line_id = c.line_id and e.revision = c.revision and strpos(e.payload, m.value) > 0))
        order by c.revision desc limit $8";
}
