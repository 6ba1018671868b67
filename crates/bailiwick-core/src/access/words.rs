//! The words of the pages, as data of the model (X18).

/// What the pages call things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The menu entry of the team page.
    pub menu: String,
    /// The title of the team page.
    pub page: String,
    /// The sentence below the title; `{workspace}` stands for the name.
    pub about: String,
    /// One person of the team, lower case: "user", "member".
    pub person: String,
    /// Several, lower case.
    pub people: String,
    /// The button that opens the invite dialog.
    pub invite: String,
    /// The button that sends.
    pub send: String,
    /// The action that edits a row.
    pub edit: String,
    /// The button that saves an edit.
    pub save: String,
    /// The action that removes a row.
    pub remove: String,
    /// What removal means for the person, after their name: "loses access now and ...".
    pub removed: String,
    /// The workspace, lower case: "tenant", "team".
    pub workspace: String,
    /// The column of last sign-in.
    pub last_seen: String,
    /// The column that says what a member reaches.
    pub access: String,
    /// The role, as the label of its choice and the heading of its column.
    pub role: String,
    /// A template, as the label of its choice: "Role template", "Role".
    pub template: String,
    /// The menu entry and page of templates.
    pub templates: String,
    /// What a role without levels reaches, in the column of access; `None`: all of the resources.
    pub everything: Option<String>,
}
