//! What only PostgreSQL is told: locks, nodes, wake-ups.

queries! {
    /// Takes a line for this transaction, and says where it stands.
    LOCK_LINE = "select kind, revision, last_at, head from lines where line_id = $1 for update";
    /// Takes the place of a line that is not there yet.
    LOCK_NEW_LINE = "select pg_advisory_xact_lock($1)";
    /// From here on nothing ends this transaction but its commit.
    NO_TIMEOUT = "set local statement_timeout = 0";

    /// Where the feed stands, which database and timeline have been settled, and what time it is there.
    FEED_SETTLED = "select position, settled_system, settled_timeline,
            cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)
        from feed where id = 1";
    /// The command at a position.
    COMMAND_AT = "select command_id from changes where position = $1";
    /// The changes after a position, each event a row: at most so many changes, and so many bytes of payload unless
    /// the first change alone has more. Whole changes only: the bytes are counted over all events of a position.
    PAGE = "select position, command_id, line_kind, line_id, revision, model, at, kind, version, payload
        from (select c.position, c.command_id, l.kind as line_kind, c.line_id, c.revision, e.seq, e.model, e.at, e.kind,
                e.version, e.payload, sum(octet_length(e.payload)) over (order by c.position) as bytes
            from changes c
            join lines l on l.line_id = c.line_id
            join events e on e.line_id = c.line_id and e.revision = c.revision
            where c.position > $1 and c.position <= $1 + $2) counted
        where bytes <= $3 or position = $1 + 1
        order by position, seq";

    /// A new registration.
    REGISTER = "insert into nodes (incarnation, node, applied) values ($1, $2, $3)";
    /// Up to where a node has applied. An update writes a new version of the row also where it changes no value, so
    /// there is always something to log, and a commit that waits for the standby.
    RENEW = "update nodes set applied = greatest(applied, $2) where incarnation = $1";
    /// All rows.
    NODES = "select incarnation, applied from nodes order by incarnation";
    /// Takes away a row that stands too far behind.
    STRIKE = "delete from nodes where incarnation = $1 and applied < $2";
    /// A node takes its own row away.
    LEAVE = "delete from nodes where incarnation = $1";
    /// Writes down which timeline has been settled.
    SETTLE = "update feed set settled_system = $1, settled_timeline = $2 where id = 1";
    /// Wakes who listens.
    WAKE = "select pg_notify('bailiwick', $1)";

    /// Which migrations were applied.
    APPLIED = "select number, hash from migrations order by number";
    /// Notes a migration.
    NOTE = "insert into migrations (number, name, hash, applied_at)
        values ($1, $2, $3, cast(extract(epoch from clock_timestamp()) * 1000000 as bigint))";
}
