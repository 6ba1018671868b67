//! What only PostgreSQL is told: locks, nodes, wake-ups.

queries! {
    /// Takes a line for this transaction, and says where it stands.
    LOCK_LINE = "select kind, revision, last_at, head, oldest_reader from lines where line_id = $1 for update";
    /// Takes the place of a line that is not there yet.
    LOCK_NEW_LINE = "select pg_advisory_xact_lock($1)";
    /// From here on nothing ends this transaction but its commit.
    NO_TIMEOUT = "set local statement_timeout = 0";

    /// Where the feed stands, which database and timeline have been settled, which programs may be at work, and what time
    /// it is there.
    FEED_SETTLED = "select position, settled_system, settled_timeline, oldest_reader,
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
    /// What those who have rows call themselves.
    NODE_NAMES = "select node from nodes order by node";
    /// Holds the database still to its end: every change takes a position, an observation writes one of the others, and
    /// a node that begins writes a row. Reading goes on. In the order in which changes take them, the feed last.
    HOLD_STILL = "lock table mails, webhook_progress, webhook_deliveries, entered, session_use, key_use, tries,
        nodes, feed in share mode";
    /// Takes away a row that stands too far behind.
    STRIKE = "delete from nodes where incarnation = $1 and applied < $2";
    /// A node takes its own row away.
    LEAVE = "delete from nodes where incarnation = $1";
    /// Writes down which timeline has been settled.
    SETTLE = "update feed set settled_system = $1, settled_timeline = $2 where id = 1";
    /// Wakes who listens. A notification is a commit, but none that has to survive anything: nobody waits for its disk.
    WAKE = "select set_config('synchronous_commit', 'off', true), pg_notify('bailiwick', $1)";

    /// The server and this connection to it.
    CHANNEL = "select current_setting('server_version'), case when ssl then version end, host(inet_server_addr())
        from pg_stat_ssl where pid = pg_backend_pid()";
    /// Settings that durability rests on, as a new session has them.
    SETTINGS = "select name, reset_val from pg_settings where name in ('fsync', 'full_page_writes',
        'synchronous_commit', 'synchronous_standby_names', 'wal_level')";
    /// How many standbys are connected.
    STANDBYS = "select count(*) from pg_stat_replication";
    /// What this role may: everything; make or change tables; change the log.
    ROLE = "select cast(current_user as text), (select rolsuper from pg_roles where rolname = current_user),
        has_schema_privilege('bailiwick', 'create') or exists (select 1 from pg_class
            where relnamespace = to_regnamespace('bailiwick') and pg_has_role(relowner, 'usage')),
        has_table_privilege('changes', 'update, delete, truncate')
            or has_table_privilege('events', 'update, delete, truncate')";
    /// What time it is there.
    CLOCK = "select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)";
    /// How far each node is.
    NODES_BY_NAME = "select node, applied from nodes order by node, applied";

    /// Which programs may be at work.
    OLDEST_READER = "select oldest_reader from feed where id = 1";
    /// Which migrations were applied.
    APPLIED = "select number, hash from migrations order by number";
    /// Notes a migration.
    NOTE = "insert into migrations (number, name, hash, applied_at)
        values ($1, $2, $3, cast(extract(epoch from clock_timestamp()) * 1000000 as bigint))";
}
