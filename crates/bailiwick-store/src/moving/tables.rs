//! The tables that are moved, in an order in which each row finds what it refers to.

/// A table: its name, its key's columns, the others. A page of it follows the key.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) key: &'static [&'static str],
    pub(super) rest: &'static [&'static str],
}

impl Table {
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.key.iter().chain(self.rest).copied()
    }

    /// A page from the beginning, or from after a key on.
    pub(super) fn page(&self, from_start: bool) -> String {
        let columns = self.columns().collect::<Vec<_>>().join(", ");
        let key = self.key.join(", ");
        let marks = marks(self.key.len());
        let (name, limit) = (self.name, if from_start { 1 } else { self.key.len() + 1 });
        let after = if from_start { String::new() } else { format!("where ({key}) > ({marks}) ") };
        format!("select {columns} from {name} {after}order by {key} limit ${limit}")
    }

    pub(super) fn insert(&self) -> String {
        let columns: Vec<_> = self.columns().collect();
        format!("insert into {} ({}) values ({})", self.name, columns.join(", "), marks(columns.len()))
    }

    pub(super) fn is_empty(&self) -> String {
        format!("select count(*) from (select 1 from {} limit 1) found", self.name)
    }
}

fn marks(count: usize) -> String {
    (1..=count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// Columns that hold a yes or no: one database has a type for it, the other has numbers.
pub(super) const YES_OR_NO: &[&str] = &["over", "sole"];

macro_rules! tables {
    ($($name:ident($($key:ident)+ $(; $($rest:ident)+)?))*) => {
        &[$(Table { name: stringify!($name), key: &[$(stringify!($key)),+], rest: &[$($(stringify!($rest)),+)?] },)*]
    };
}

/// All tables but `feed`, of which only the position goes over, and those about the database itself.
pub(super) const TABLES: &[Table] = tables! {
    lines(line_id; kind product_id revision last_at head oldest_reader)
    origins(origin_id; ip agent)
    changes(line_id revision; position command_id at actor origin_id)
    events(line_id revision seq; at kind version model payload key_id mac)
    products(product_id; name brand return_to)
    models(version; name text created_at)
    keys(key_id; product_id name scopes created_at expires_at revoked_at)
    webhooks(webhook_id; product_id maker url description kinds workspace_id secrets created_at disabled_at disabled_because
        deleted_at)
    workspaces(workspace_id; name product_id external_id model plan extra_seats revision version created_at last_at
        deleted_at seats_taken seats_held over next_due_at)
    members(workspace_id member_id; product_id person_id address_id role template_id direct toggles all_level until
        suspended_at joined_at invited_by toggles_before role_since version sole scope)
    grants(workspace_id member_id resource_id; product_id level until)
    invitations(workspace_id invitation_id; product_id address_id role template_id direct toggles all_level until sender
        sent_at sending stage stage_at accepted_by version scope)
    invitation_grants(workspace_id invitation_id resource_id; product_id level until)
    templates(workspace_id template_id; product_id name permissions suggests version)
    resources(workspace_id resource_id; product_id kind name external_id deleted_at version)
    persons(person_id; address_id proven_at name_id created_at erased_at)
    sessions(session_id; person_id begun_by product_id created_at expires_at ended_at)
    credentials(credential_id; person_id created_at ended_at)
    person_external_ids(product_id external_id; person_id)
    addresses(address_id; comparable display)
    texts(text_id; text)
    password_hashes(credential_id; phc)
    secrets(hash; kind line object generation expires_at bound_to)
    mails(mail_id; address_id person_id workspace_id object message nonce created_at state attempts next_at last_error
        ended_at)
    webhook_progress(webhook_id; position next_at failures failing_since)
    webhook_deliveries(webhook_id event_id; workspace_id position seq kind created_at state attempts next_at last_at status
        error)
    entered(workspace_id person_id; at)
    session_use(session_id; at)
    key_use(key_id; at)
    tries(name; began_at tries)
};

#[cfg(test)]
mod tests {
    use super::*;

    /// What stays: the feed's one row gives its position alone, and migrations are the database's own.
    const STAY: &[&str] = &["feed", "migrations"];

    #[test]
    fn no_column_is_left_behind() {
        let mut moved: Vec<String> =
            TABLES.iter().flat_map(|table| table.columns().map(|column| format!("{}.{column}", table.name))).collect();
        moved.sort();
        let there: Vec<String> = crate::sqlite::columns()
            .into_iter()
            .filter(|column| !STAY.iter().any(|table| column.starts_with(&format!("{table}."))))
            .collect();
        assert_eq!(moved, there);
    }
}
