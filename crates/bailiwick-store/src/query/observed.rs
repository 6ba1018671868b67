//! The outbox, and observations.

/// The columns of a mail, in the order that it is read in.
macro_rules! mails {
    ($rest:literal) => {
        concat!(
            "select mail_id, address_id, person_id, workspace_id, object, message, nonce, created_at, state, attempts,
            next_at, last_error, ended_at from mails ",
            $rest
        )
    };
}

queries! {
    /// Queues a mail.
    ADD_MAIL = "insert into mails (mail_id, address_id, person_id, workspace_id, object, message, nonce, created_at,
            state, attempts, next_at, last_error, ended_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0, $8, null, null)";
    /// Voids the waiting mails about an object.
    VOID_MAILS = "update mails set state = 'void' where object = $1 and state = 'waiting'";
    /// Voids every waiting mail.
    VOID_ALL_MAILS = "update mails set state = 'void' where state = 'waiting'";
    /// Mails, newest first.
    MAILS = mails!("order by created_at desc, mail_id desc limit $1");
    /// Mails of a workspace, newest first.
    MAILS_OF = mails!("where workspace_id = $1 order by created_at desc, mail_id desc limit $2");
    /// How many mails were queued for an address since then, and when the oldest of them was.
    MAILS_TO_SINCE = "select count(*), min(created_at) from mails where address_id = $1 and created_at >= $2";
    /// The same for mails that a person caused.
    MAILS_BY_SINCE = "select count(*), min(created_at) from mails where person_id = $1 and created_at >= $2";
    /// The same for mails of a workspace.
    MAILS_OF_SINCE = "select count(*), min(created_at) from mails where workspace_id = $1 and created_at >= $2";
    /// Mails whose next try is due.
    MAILS_DUE = mails!("where state = 'waiting' and next_at <= $1 order by next_at, mail_id limit $2");
    /// When the next mail is due.
    NEXT_MAIL = "select min(next_at) from mails where state = 'waiting'";
    /// Claims a due mail for the time until then: only who still finds the moment that they read changes a row.
    CLAIM_MAIL = "update mails set next_at = $3 where mail_id = $1 and state = 'waiting' and next_at = $2";
    /// How a try went. A void mail stays void, unless the relay had taken it already: then that is the truth.
    MAIL_TRIED = "update mails set state = $2, attempts = attempts + 1, next_at = $3, last_error = $4, ended_at = $5
        where mail_id = $1 and (state = 'waiting' or (state = 'void' and $2 = 'sent'))";

    /// Who entered a workspace, and when last.
    ENTERED = "select person_id, at from entered where workspace_id = $1 order by person_id";
    /// Somebody entered.
    ENTER = "insert into entered (workspace_id, person_id, at) values ($1, $2, $3)
        on conflict (workspace_id, person_id) do update set at = excluded.at where excluded.at > entered.at";
    /// When a session was last used.
    SESSION_USED = "select at from session_use where session_id = $1";
    /// A session was used; a minute is one use.
    USE_SESSION = "insert into session_use (session_id, at) values ($1, $2)
        on conflict (session_id) do update set at = excluded.at where excluded.at >= session_use.at + 60000000";
    /// A key was used; a minute is one use.
    USE_KEY = "insert into key_use (key_id, at) values ($1, $2)
        on conflict (key_id) do update set at = excluded.at where excluded.at >= key_use.at + 60000000";
    /// Tries in a window.
    TRIES = "select tries, began_at from tries where name = $1 and began_at >= $2";
    /// One more try.
    ADD_TRY = "insert into tries (name, began_at, tries) values ($1, $3, 1)
        on conflict (name) do update set
            tries = case when tries.began_at >= $2 then tries.tries + 1 else 1 end,
            began_at = case when tries.began_at >= $2 then tries.began_at else excluded.began_at end
        returning tries";
    /// Forgets tries.
    CLEAR_TRIES = "delete from tries where name = $1";
}

pairs! {
    /// Forgets windows that began so long ago that none is as long. Where several do so at once, each takes what the
    /// others leave: nobody waits, so nobody waits in a circle.
    OLD_TRIES = "delete from tries where began_at < $1",
    "delete from tries where name in (select name from tries where began_at < $1 for update skip locked)";
}
