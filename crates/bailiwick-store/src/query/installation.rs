//! Products, models, keys.

queries! {
    /// Products.
    PRODUCTS = "select product_id, name, brand, return_to from products order by name";
    /// Writes a product.
    PUT_PRODUCT = "insert into products (product_id, name, brand, return_to) values ($1, $2, $3, $4)
        on conflict (product_id) do update set name = excluded.name, brand = excluded.brand,
            return_to = excluded.return_to";
    /// Models, oldest first.
    MODELS = "select version, name, text, created_at from models order by created_at, version";
    /// The text of one model.
    MODEL_TEXT = "select text from models where version = $1";
    /// Writes a model; its text never changes, for it is what the version is the hash of.
    PUT_MODEL = "insert into models (version, name, text, created_at) values ($1, $2, $3, $4)
        on conflict (version) do update set name = excluded.name, created_at = excluded.created_at";
    /// Keys with the hashes of their secrets.
    KEYS = "select k.key_id, k.product_id, k.name, k.scopes, k.created_at, k.expires_at, k.revoked_at, s.hash from keys k
        left join secrets s on s.object = k.key_id and s.kind = 'host_key' order by k.created_at, k.key_id";
    /// Keys that were not revoked.
    LIVE_KEYS = "select k.key_id, k.product_id, k.name, k.scopes, k.created_at, k.expires_at, k.revoked_at, s.hash
        from keys k left join secrets s on s.object = k.key_id and s.kind = 'host_key' where k.revoked_at is null
        order by k.created_at, k.key_id";
    /// A key.
    KEY = "select k.key_id, k.product_id, k.name, k.scopes, k.created_at, k.expires_at, k.revoked_at, s.hash from keys k
        left join secrets s on s.object = k.key_id and s.kind = 'host_key' where k.key_id = $1";
    /// Writes a key.
    PUT_KEY = "insert into keys (key_id, product_id, name, scopes, created_at, expires_at, revoked_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (key_id) do update set product_id = excluded.product_id, name = excluded.name,
            scopes = excluded.scopes, created_at = excluded.created_at, expires_at = excluded.expires_at,
            revoked_at = excluded.revoked_at";
}
