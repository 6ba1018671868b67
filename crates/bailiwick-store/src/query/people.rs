//! People, and what lies outside the chain by reference.

queries! {
    /// A person.
    PERSON = "select person_id, address_id, proven_at, name_id, created_at, erased_at from persons
        where person_id = $1";
    /// Who signs in with an address.
    PERSON_AT = "select person_id, address_id, proven_at, name_id, created_at, erased_at from persons
        where address_id = $1 and erased_at is null";
    /// Writes a person.
    PUT_PERSON = "insert into persons (person_id, address_id, proven_at, name_id, created_at, erased_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (person_id) do update set address_id = excluded.address_id, proven_at = excluded.proven_at,
            name_id = excluded.name_id, created_at = excluded.created_at, erased_at = excluded.erased_at";
    /// The person of a host's id.
    PERSON_OF_EXTERNAL_ID = "select person_id from person_external_ids where product_id = $1 and external_id = $2";
    /// Whether a host has an id for a person.
    HAS_EXTERNAL_ID = "select true from person_external_ids where product_id = $1 and person_id = $2 limit 1";
    /// Remembers a host's id.
    ADD_EXTERNAL_ID = "insert into person_external_ids (product_id, external_id, person_id) values ($1, $2, $3)";
    /// What pages show of a person.
    CARD = "select p.person_id, coalesce(t.text, ''), coalesce(a.display, ''), p.erased_at from persons p
        left join texts t on t.text_id = p.name_id left join addresses a on a.address_id = p.address_id
        where p.person_id = $1";

    /// What an address says.
    ADDRESS = "select display from addresses where address_id = $1";
    /// The reference of an address.
    FIND_ADDRESS = "select address_id from addresses where comparable = $1";
    /// Writes an address down, unless it is.
    ADD_ADDRESS = "insert into addresses (address_id, comparable, display) values ($1, $2, $3)
        on conflict (comparable) do nothing";
    /// Writes a text down.
    PUT_TEXT = "insert into texts (text_id, text) values ($1, $2)
        on conflict (text_id) do update set text = excluded.text";
    /// Writes a password's hash down.
    PUT_HASH = "insert into password_hashes (credential_id, phc) values ($1, $2)
        on conflict (credential_id) do update set phc = excluded.phc";
    /// The password in force.
    PASSWORD = "select c.credential_id, c.person_id, c.created_at, c.ended_at, h.phc from credentials c
        join password_hashes h on h.credential_id = c.credential_id
        where c.person_id = $1 and c.ended_at is null order by c.created_at desc limit 1";

    /// A session.
    SESSION = "select session_id, person_id, begun_by, product_id, created_at, expires_at, ended_at from sessions
        where session_id = $1";
    /// Sessions of a person that were not ended.
    SESSIONS = "select session_id, person_id, begun_by, product_id, created_at, expires_at, ended_at from sessions
        where person_id = $1 and ended_at is null order by created_at desc, session_id";
    /// Every session of a person.
    ALL_SESSIONS = "select session_id, person_id, begun_by, product_id, created_at, expires_at, ended_at from sessions
        where person_id = $1";
    /// Writes a session.
    PUT_SESSION = "insert into sessions (session_id, person_id, begun_by, product_id, created_at, expires_at, ended_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (session_id) do update set person_id = excluded.person_id, begun_by = excluded.begun_by,
            product_id = excluded.product_id, created_at = excluded.created_at, expires_at = excluded.expires_at, ended_at = excluded.ended_at";
    /// Every credential of a person.
    ALL_CREDENTIALS = "select credential_id, person_id, created_at, ended_at from credentials where person_id = $1";
    /// Writes a credential.
    PUT_CREDENTIAL = "insert into credentials (credential_id, person_id, created_at, ended_at) values ($1, $2, $3, $4)
        on conflict (credential_id) do update set person_id = excluded.person_id, created_at = excluded.created_at,
            ended_at = excluded.ended_at";

    /// What a secret opens.
    SECRET = "select hash, kind, line, object, generation, expires_at, bound_to from secrets where hash = $1";
    /// Lets a secret open something.
    PUT_SECRET = "insert into secrets (hash, kind, line, object, generation, expires_at, bound_to)
        values ($1, $2, $3, $4, $5, $6, $7)";
    /// Takes a secret away.
    TAKE_SECRET = "delete from secrets where hash = $1";
    /// Persons with sessions that were not ended, by id.
    IN_SESSION = "select distinct person_id from sessions where ended_at is null and person_id > $1
        order by person_id limit $2";
    /// Takes every secret away that is no host's key.
    DROP_LINKS = "delete from secrets where kind <> $1";
    /// Takes an object's secrets away.
    DROP_SECRETS = "delete from secrets where object = $1 and kind = $2";
}
