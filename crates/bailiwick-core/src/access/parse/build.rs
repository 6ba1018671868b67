//! From the tables of a file to a [`Model`]: names to numbers, and the rules that hold between tables.

use std::ops::Range;
use std::sync::Arc;

use toml_span::value::ValueInner;

use super::fault::{Faults, near, suggest};
use super::prove::{self, Places};
use super::read::{At, Reader, Section};
use crate::access::model::{
    ALL_ACCESS, Acts, Group, InvitationPolicy, Kind, KindIx, Level, LevelIx, Model, Ownership, PermissionDef, Plan,
    PlanIx, Reserved, Role, RoleIx, SeatPolicy, ShippedTemplate, TakenAt, Toggle, ToggleIx, ToggleSet,
};
use crate::access::set::{MAX_PERMISSIONS, Permission, PermissionSet};
use crate::access::words::Words;

/// `new`: whether it is looked for roads that it does not name.
pub(super) fn build(text: &str, version: &str, new: bool) -> Result<Model, Faults> {
    let mut builder = Builder::default();
    let model = builder.file(text, version);
    // What else is wrong comes first: on what is not whole nothing can be proven.
    if let Some(model) = model.as_ref().filter(|_| new && builder.read.faults.is_empty()) {
        builder.read.faults = prove::faults(model, &builder.places);
    }
    match model {
        Some(model) if builder.read.faults.is_empty() => Ok(model),
        _ => Err(Faults::new(text, builder.read.faults)),
    }
}

/// Every key that is asked for while this text is read.
#[cfg(test)]
pub(super) fn keys(text: &str) -> std::collections::BTreeSet<String> {
    let mut builder = Builder::default();
    builder.file(text, "test");
    builder.read.keys
}

/// How many features a kind can have: their combinations are levels, which are numbered by a byte.
const MAX_FEATURES: usize = 7;

/// Every combination of features as a level, numbered by its bits, then all access.
fn combined(features: &[Level]) -> Vec<Level> {
    let mut levels: Vec<Level> = (1_usize..1 << features.len())
        .map(|bits| {
            let chosen = || features.iter().enumerate().filter(|(ix, _)| bits >> ix & 1 == 1).map(|(_, f)| f);
            let joined = |part: fn(&Level) -> &str, by: &str| chosen().map(part).collect::<Vec<_>>().join(by);
            Level {
                name: Arc::from(joined(|f| &f.name, "+")),
                title: joined(|f| &f.title, ", "),
                says: joined(|f| &f.says, "; "),
                set: chosen().fold(PermissionSet::EMPTY, |set, f| set | f.set),
            }
        })
        .collect();
    levels.push(Level {
        name: Arc::from(ALL_ACCESS),
        title: "All access (features added later included)".into(),
        says: "Every feature".into(),
        set: features.iter().fold(PermissionSet::EMPTY, |set, f| set | f.set),
    });
    levels
}

#[derive(Default)]
struct Builder {
    read: Reader,
    groups: Vec<Group>,
    permissions: Vec<PermissionDef>,
    grantable: PermissionSet,
    caution: PermissionSet,
    kinds: Vec<Kind>,
    toggles: Vec<Toggle>,
    plans: Vec<Plan>,
    role_names: Vec<String>,
    /// Groups whose actions have a fault already: what names one of them is not told, too.
    without_actions: Vec<String>,
    places: Places,
}

impl Builder {
    fn file(&mut self, text: &str, version: &str) -> Option<Model> {
        match toml_span::parse(text) {
            Ok(mut value) => match value.take() {
                ValueInner::Table(table) => Some(self.model(Section::root(table, text.len()), version)),
                _ => unreachable!("a TOML document is a table"),
            },
            Err(error) => {
                self.read.not_toml(&error);
                None
            }
        }
    }

    fn model(&mut self, mut root: Section<'_>, version: &str) -> Model {
        let title = self.read.text(&mut root, "title");
        let describes = self.read.maybe_text(&mut root, "describes").map(|t| t.value).unwrap_or_default();
        let suspension = self.read.switch(&mut root, "suspension");
        let row_per_resource = self.read.switch(&mut root, "row_per_resource");
        let rows_at = root.at.clone();
        let words = self.words(&mut root);
        self.groups(&mut root);
        self.kinds(&mut root);
        self.plans(&mut root);
        self.toggles(&mut root);
        let roles = self.roles(&mut root);
        let templates = self.templates(&mut root, &roles);
        let ownership = self.ownership(&mut root, &roles);
        let acts = self.acts(&mut root);
        let reserved = self.reserved(&mut root);
        let seats = self.seats(&mut root);
        let invitations = self.invitations(&mut root, ownership.as_ref());
        let (currency, default_plan) = self.billing(&mut root);
        self.read.end(root);
        if row_per_resource {
            self.rows(rows_at, suspension, &roles, ownership.as_ref());
        }
        Model {
            version: Arc::from(version),
            title,
            describes,
            words,
            groups: std::mem::take(&mut self.groups),
            permissions: std::mem::take(&mut self.permissions),
            grantable: self.grantable,
            caution: self.caution,
            kinds: std::mem::take(&mut self.kinds),
            roles,
            toggles: std::mem::take(&mut self.toggles),
            templates,
            plans: std::mem::take(&mut self.plans),
            default_plan,
            currency,
            seats,
            invitations,
            ownership: ownership.unwrap_or(Ownership {
                role: RoleIx(0),
                single: false,
                transfer: None,
                why: String::new(),
            }),
            suspension,
            row_per_resource,
            acts,
            reserved,
        }
    }

    /// What holds where a person has a row for each resource: rows are joined and moved by their levels alone.
    fn rows(&mut self, at: Range<usize>, suspension: bool, roles: &[Role], ownership: Option<&Ownership>) {
        let assigned = |r: &&Role| r.assigns.iter().any(Option::is_some);
        let beside = |r: &Role| r.direct || r.templates || r.toggles != ToggleSet::default() || r.manages != 0;
        if suspension || roles.iter().filter(assigned).any(beside) {
            self.read.fault(
                at.clone(),
                "rows of one person are joined, so they hold levels and nothing beside them",
                "take `suspension`, and in roles that `assigns` what is beside it, out",
            );
        }
        let owners = ownership.and_then(|o| roles.get(usize::from(o.role.0)));
        if owners.iter().any(assigned) || roles.iter().any(|r| r.assigns.windows(2).any(|w| w[0] != w[1])) {
            self.read.fault(
                at.clone(),
                "with `row_per_resource`, the owner's role assigns nothing and every other the same on all plans",
                "take `assigns` out there",
            );
        }
        if self.plans.iter().any(|p| p.seats.is_some()) {
            self.read.fault(
                at,
                "seats count people, and with `row_per_resource` rows are not people",
                "take `seats` out",
            );
        }
    }

    fn words(&mut self, root: &mut Section<'_>) -> Words {
        let mut from = self.read.maybe_section(root, "words");
        if from.is_none() {
            root.misses_table("words");
        }
        let mut word = |key: &'static str| from.as_mut().map(|s| self.read.text(s, key)).unwrap_or_default();
        let words = Words {
            menu: word("menu"),
            page: word("page"),
            about: word("about"),
            person: word("person"),
            people: word("people"),
            invite: word("invite"),
            send: word("send"),
            edit: word("edit"),
            save: word("save"),
            remove: word("remove"),
            removed: word("removed"),
            workspace: word("workspace"),
            last_seen: word("last_seen"),
            access: word("access"),
            role: String::new(),
            template: String::new(),
            templates: String::new(),
            everything: None,
        };
        let mut optional = |key: &'static str, usual: &str| {
            let found = from.as_mut().and_then(|s| self.read.maybe_text(s, key));
            found.map_or_else(|| usual.to_owned(), |text| text.value)
        };
        let words = Words {
            role: optional("role", "Role"),
            template: optional("template", "Role template"),
            templates: optional("templates", "Role templates"),
            everything: from.as_mut().and_then(|s| self.read.maybe_text(s, "everything")).map(|t| t.value),
            ..words
        };
        if let Some(rest) = from {
            self.read.end(rest);
        }
        words
    }

    fn groups(&mut self, root: &mut Section<'_>) {
        for (name, mut from) in self.read.named(root, "permissions") {
            let title = self.read.text(&mut from, "title");
            let covers = self.read.text(&mut from, "covers");
            let grantable = self.read.switch(&mut from, "grantable");
            let caution = self.read.texts(&mut from, "caution");
            let actions = self.read.named_texts(&mut from, "actions");
            if actions.is_empty() {
                from.misses_table("actions");
                self.without_actions.push(name.value.clone());
            }
            let group = Group { name: name.value.clone(), title, covers, grantable, on: None };
            let set = self.add_group(&name.at, group, actions);
            if grantable {
                self.grantable |= set;
            }
            for action in caution {
                match self.lookup(&format!("{}:{}", name.value, action.value)) {
                    Some(permission) => self.caution.insert(permission),
                    None => self.unknown_action(&action, &name.value),
                }
            }
            self.read.end(from);
        }
    }

    fn add_group(&mut self, at: &Range<usize>, group: Group, actions: Vec<(At<String>, String)>) -> PermissionSet {
        if self.groups.iter().any(|g| g.name == group.name) {
            self.read.fault(
                at.clone(),
                format!("`{}` names a group of permissions already", group.name),
                "choose another name",
            );
        }
        let (number, on) = (self.groups.len(), group.on);
        let mut set = PermissionSet::EMPTY;
        for (action, says) in actions {
            let Ok(ix) = u8::try_from(self.permissions.len()) else {
                self.read.fault(
                    action.at,
                    format!("a model has at most {MAX_PERMISSIONS} permissions"),
                    "join some of them",
                );
                break;
            };
            set.insert(Permission(ix));
            let name = Arc::from(format!("{}:{}", group.name, action.value));
            self.permissions.push(PermissionDef { name, group: number, action: action.value, says, on });
        }
        self.groups.push(group);
        set
    }

    fn kinds(&mut self, root: &mut Section<'_>) {
        for (name, mut from) in self.read.named(root, "resources") {
            let Ok(number) = u8::try_from(self.kinds.len()) else { break };
            let title = self.read.text(&mut from, "title");
            let plural = self.read.text(&mut from, "plural");
            let actions = self.read.named_texts(&mut from, "actions");
            if actions.is_empty() {
                from.misses_table("actions");
                self.without_actions.push(name.value.clone());
            }
            let group = Group {
                name: name.value.clone(),
                title: title.clone(),
                covers: format!("What can be done on one {}", title.to_lowercase()),
                grantable: false,
                on: Some(KindIx(number)),
            };
            self.add_group(&name.at, group, actions);
            let features = self.features(&mut from, KindIx(number));
            let mut levels = self.levels(&mut from, &name.value);
            if !features.is_empty() {
                if !levels.is_empty() {
                    self.read.fault(
                        from.at.clone(),
                        "levels nest, features combine: a kind has one or the other",
                        "take one of the two out",
                    );
                }
                levels = combined(&features);
            }
            let create = self.needed(&mut from, "create", None);
            let rename = self.needed(&mut from, "rename", Some(KindIx(number)));
            let delete = self.needed(&mut from, "delete", Some(KindIx(number)));
            self.kinds.push(Kind {
                name: Arc::from(name.value),
                title,
                plural,
                levels,
                features,
                create,
                rename,
                delete,
            });
            self.read.end(from);
        }
    }

    fn features(&mut self, from: &mut Section<'_>, kind: KindIx) -> Vec<Level> {
        let mut features: Vec<Level> = Vec::new();
        for mut one in self.read.list(from, "features") {
            let name = self.read.text(&mut one, "name");
            let title = self.read.text(&mut one, "title");
            let says = self.read.text(&mut one, "says");
            let grants = self.read.some_texts(&mut one, "grants");
            if features.iter().any(|f| *f.name == *name) || name == ALL_ACCESS || name.contains('+') {
                self.read.fault(
                    one.at.clone(),
                    format!("`{name}` cannot name a feature here"),
                    "choose a name of its own; `all` stands for all features, and `+` joins them",
                );
            }
            let set = self.permissions_of(&grants);
            if set.iter().any(|p| self.permissions[usize::from(p.0)].on.is_some_and(|on| on != kind)) {
                self.read.fault(
                    one.at.clone(),
                    format!("`{name}` grants what is asked on another kind"),
                    "give such a level there",
                );
            }
            features.push(Level { name: Arc::from(name), title, says, set });
            self.read.end(one);
        }
        if features.len() > MAX_FEATURES {
            self.read.fault(
                from.at.clone(),
                format!("a kind has at most {MAX_FEATURES} features"),
                "join some of them",
            );
            features.truncate(MAX_FEATURES);
        }
        features
    }

    fn levels(&mut self, from: &mut Section<'_>, kind: &str) -> Vec<Level> {
        let mut levels: Vec<Level> = Vec::new();
        for mut one in self.read.list(from, "levels") {
            let name = self.read.text(&mut one, "name");
            let title = self.read.text(&mut one, "title");
            let says = self.read.text(&mut one, "says");
            let adds = self.read.texts(&mut one, "adds");
            if levels.iter().any(|l| *l.name == *name) {
                self.read.fault(one.at.clone(), format!("`{name}` names a level already"), "choose another name");
            }
            let mut set = levels.last().map_or(PermissionSet::EMPTY, |l| l.set);
            for action in adds {
                match self.lookup(&format!("{kind}:{}", action.value)) {
                    Some(permission) => set.insert(permission),
                    None => self.unknown_action(&action, kind),
                }
            }
            levels.push(Level { name: Arc::from(name), title, says, set });
            self.read.end(one);
        }
        levels
    }

    fn plans(&mut self, root: &mut Section<'_>) {
        for mut from in self.read.list(root, "plans") {
            let name = self.read.text(&mut from, "name");
            let title = self.read.text(&mut from, "title");
            let seats = self.read.number(&mut from, "seats", 1..=1_000_000).and_then(|n| u32::try_from(n).ok());
            let extra_seat = self.read.number(&mut from, "extra_seat", 0..=100_000_000);
            let price = self.read.number(&mut from, "price", 0..=1_000_000_000).unwrap_or(0);
            let lacks = self.read.texts(&mut from, "lacks");
            let lacks = self.permissions_of(&lacks);
            if self.plans.iter().any(|p| *p.name == *name) {
                self.read.fault(from.at.clone(), format!("`{name}` names a plan already"), "choose another name");
            }
            self.plans.push(Plan { name: Arc::from(name), title, seats, extra_seat, price, lacks });
            self.read.end(from);
        }
        if self.plans.len() > 32 {
            self.read.fault(root.at.clone(), "a model has at most 32 plans", "take some out");
        }
        if self.plans.is_empty() {
            self.plans.push(Plan {
                name: Arc::from("standard"),
                title: "Standard".into(),
                seats: None,
                extra_seat: None,
                price: 0,
                lacks: PermissionSet::EMPTY,
            });
        }
    }

    fn toggles(&mut self, root: &mut Section<'_>) {
        for (name, mut from) in self.read.named(root, "toggles") {
            let title = self.read.text(&mut from, "title");
            let says = self.read.text(&mut from, "says");
            let grants = self.read.some_texts(&mut from, "grants");
            let set = self.permissions_of(&grants);
            if self.toggles.len() == 32 {
                self.read.fault(name.at, "a model has at most 32 toggles", "join some of them");
                break;
            }
            self.toggles.push(Toggle { name: Arc::from(name.value), title, says, set });
            self.read.end(from);
        }
    }

    fn roles(&mut self, root: &mut Section<'_>) -> Vec<Role> {
        let found = self.read.named(root, "roles");
        if found.is_empty() {
            root.misses_table("roles");
        }
        if let Some((name, _)) = found.get(32) {
            self.read.fault(name.at.clone(), "a model has at most 32 roles", "join some of them");
        }
        self.role_names = found.iter().map(|(name, _)| name.value.clone()).collect();
        found.into_iter().take(32).map(|(name, from)| self.role(name, from)).collect()
    }

    fn role(&mut self, At { value: name, at }: At<String>, mut from: Section<'_>) -> Role {
        let title = self.read.text(&mut from, "title");
        let describes = self.read.text(&mut from, "describes");
        let choose = self.read.maybe_text(&mut from, "choose").map(|t| t.value).unwrap_or_default();
        let base = self.granted(&mut from);
        let assigned = self.assigned(&mut from);
        let max_level = self.max_level(&mut from, assigned);
        let on_plans = self.read.texts(&mut from, "plans");
        let plans = if on_plans.is_empty() { u32::MAX } else { self.plan_bits(&on_plans) };
        let manages = self.read.texts(&mut from, "manages");
        let manages = self.role_bits(&manages);
        let exceeds = self.read.switch(&mut from, "exceeds");
        let reaches = self.read.texts(&mut from, "reaches");
        self.places.roles.push((at, reaches.iter().map(|name| name.at.clone()).collect()));
        let reaches = self.permissions_of(&reaches);
        let direct = self.read.switch(&mut from, "direct");
        let templates = self.read.switch(&mut from, "templates");
        let needs_template = self.read.switch(&mut from, "needs_template");
        if needs_template && !templates {
            self.read.fault(
                from.at.clone(),
                format!("[roles.{name}] needs a template, but takes none"),
                "add `templates = true`",
            );
        }
        let toggles = self.read.texts(&mut from, "toggles");
        let toggles = self.toggle_set(&toggles);
        let mut grants = vec![base; self.plans.len()];
        let mut assigns = vec![assigned; self.plans.len()];
        if let Some(mut on) = self.read.maybe_section(&mut from, "on") {
            for (ix, plan) in self.plans.clone().iter().enumerate() {
                if let Some(mut special) = self.read.maybe_section(&mut on, &plan.name) {
                    grants[ix] = self.granted(&mut special);
                    assigns[ix] = self.assigned(&mut special);
                    self.read.end(special);
                }
            }
            for plan in on.rest() {
                self.unknown_plan(&plan);
            }
            self.read.end(on);
        }
        self.read.end(from);
        Role {
            name: Arc::from(name),
            title,
            describes,
            choose,
            grants,
            assigns,
            max_level,
            plans,
            manages,
            exceeds,
            reaches,
            direct,
            templates,
            needs_template,
            toggles,
        }
    }

    fn granted(&mut self, from: &mut Section<'_>) -> PermissionSet {
        let grants = self.read.texts(from, "grants");
        let except = self.read.texts(from, "except");
        self.permissions_of(&grants).without(self.permissions_of(&except))
    }

    fn assigned(&mut self, from: &mut Section<'_>) -> Option<KindIx> {
        let kind = self.read.maybe_text(from, "assigns")?;
        let found = self.kinds.iter().position(|k| *k.name == *kind.value);
        let Some(ix) = found.and_then(|i| u8::try_from(i).ok()) else {
            let right = suggest(&kind.value, self.kinds.iter().map(|k| &*k.name));
            self.read.fault(kind.at, format!("there is no kind of resource `{}`", kind.value), right);
            return None;
        };
        if self.kinds[usize::from(ix)].levels.is_empty() {
            self.read.fault(
                kind.at,
                format!("`{}` has no levels to assign", kind.value),
                format!("add [[resources.{}.levels]]", kind.value),
            );
        }
        Some(KindIx(ix))
    }

    fn max_level(&mut self, from: &mut Section<'_>, assigned: Option<KindIx>) -> Option<LevelIx> {
        let level = self.read.maybe_text(from, "max_level")?;
        let Some(kind) = assigned.map(|k| self.kinds[usize::from(k.0)].clone()) else {
            let wrong = "a role without `assigns` has no levels to limit";
            self.read.fault(level.at, wrong, "take `max_level` out, or say what it `assigns`");
            return None;
        };
        if !kind.features.is_empty() {
            let wrong = format!("`{}` has features, which no level caps", kind.name);
            self.read.fault(level.at, wrong, "take `max_level` out");
            return None;
        }
        let found = kind.level_ix(&level.value);
        if found.is_none() {
            let right = suggest(&level.value, kind.levels.iter().map(|l| &*l.name));
            self.read.fault(level.at, format!("`{}` has no level `{}`", kind.name, level.value), right);
        }
        found
    }

    fn templates(&mut self, root: &mut Section<'_>, roles: &[Role]) -> Option<Vec<ShippedTemplate>> {
        let mut shipped: Vec<ShippedTemplate> = Vec::new();
        let mut first = None;
        for mut from in self.read.list(root, "templates") {
            first.get_or_insert(from.at.clone());
            let name = self.read.text(&mut from, "name");
            let grants = self.read.texts(&mut from, "grants");
            let set = self.permissions_of(&grants);
            for permission in set.without(self.grantable).iter() {
                let def = &self.permissions[usize::from(permission.0)];
                let group = &self.groups[def.group];
                let right = match group.on {
                    None => format!("set `grantable = true` in [permissions.{}]", group.name),
                    Some(_) => "take it out: what is asked on one resource is given by levels".into(),
                };
                let wrong = format!("the template `{name}` holds `{}`, which is not grantable", def.name);
                self.read.fault(from.at.clone(), wrong, right);
            }
            let suggests = self.read.texts(&mut from, "suggests");
            let suggests = self.toggle_set(&suggests);
            if shipped.iter().any(|t| t.name.to_lowercase() == name.to_lowercase()) {
                self.read.fault(from.at.clone(), format!("`{name}` names a template already"), "choose another name");
            }
            shipped.push(ShippedTemplate { name, set, suggests });
            self.read.end(from);
        }
        let used = roles.iter().any(|r| r.templates);
        if !used && !shipped.is_empty() {
            self.read.fault(
                first.unwrap_or_else(|| root.at.clone()),
                "templates are shipped, but no role takes one",
                "set `templates = true` in a role",
            );
        }
        used.then_some(shipped)
    }

    fn ownership(&mut self, root: &mut Section<'_>, roles: &[Role]) -> Option<Ownership> {
        let Some(mut from) = self.read.maybe_section(root, "ownership") else {
            root.misses_table("ownership");
            return None;
        };
        let name = self.read.maybe_text(&mut from, "role");
        if name.is_none() {
            from.misses("role", "\"...\"");
        }
        let role = name.and_then(|name| self.role_named(&name));
        let single = self.read.switch(&mut from, "single");
        let transfer = self.read.maybe_text(&mut from, "former_owner_becomes").and_then(|name| self.role_named(&name));
        let why = self.read.text(&mut from, "why");
        let at = from.at.clone();
        self.read.end(from);
        let role = role?;
        let owners = roles.get(usize::from(role.0))?;
        for manager in roles.iter().filter(|r| single && r.may_manage(role)) {
            self.read.fault(
                at.clone(),
                format!("nobody manages a single owner, but [roles.{}] does", manager.name),
                format!("take \"{}\" out of its `manages`", owners.name),
            );
        }
        if owners.needs_template {
            self.read.fault(
                at.clone(),
                "who makes a workspace has no template, but the owner's role needs one",
                format!("take `needs_template` out of [roles.{}]", owners.name),
            );
        }
        if owners.plans.trailing_ones() < u32::try_from(self.plans.len()).unwrap_or(0) {
            let right = format!("take `plans` out of [roles.{}]", owners.name);
            self.read.fault(at, "the owner's role must be on every plan", right);
        }
        Some(Ownership { role, single, transfer, why })
    }

    fn acts(&mut self, root: &mut Section<'_>) -> Acts {
        let mut from = self.read.maybe_section(root, "acts");
        if from.is_none() {
            root.misses_table("acts");
        }
        let mut act = |key: &'static str| from.as_mut().map_or(Permission(0), |s| self.needed(s, key, None));
        let acts = Acts {
            view_team: act("view_team"),
            invite: act("invite"),
            resend: act("resend"),
            cancel: act("cancel"),
            change_role: act("change_role"),
            change_access: act("change_access"),
            suspend: act("suspend"),
            remove: act("remove"),
            manage_templates: act("manage_templates"),
            view_log: act("view_log"),
            rename_workspace: act("rename_workspace"),
            delete_workspace: act("delete_workspace"),
            manage_billing: act("manage_billing"),
        };
        if let Some(rest) = from {
            self.read.end(rest);
        }
        acts
    }

    fn reserved(&mut self, root: &mut Section<'_>) -> Vec<Reserved> {
        let mut reserved = Vec::new();
        for mut from in self.read.list(root, "reserved") {
            let permissions = self.read.some_texts(&mut from, "permissions");
            let to = self.read.some_texts(&mut from, "to");
            reserved.push(Reserved { set: self.permissions_of(&permissions), to: self.role_bits(&to) });
            self.places.reserved.push(from.at.clone());
            self.read.end(from);
        }
        reserved
    }

    fn seats(&mut self, root: &mut Section<'_>) -> SeatPolicy {
        let Some(mut from) = self.read.maybe_section(root, "seats") else {
            return SeatPolicy { taken_at: TakenAt::Acceptance, suspended_count: true };
        };
        let taken_at = match self.read.maybe_text(&mut from, "taken_at") {
            Some(word) if word.value == "invitation" => TakenAt::Invitation,
            Some(word) if word.value == "acceptance" => TakenAt::Acceptance,
            Some(word) => {
                let right = suggest(&word.value, ["invitation", "acceptance"]);
                self.read.fault(word.at, "a seat is taken at `invitation` or at `acceptance`", right);
                TakenAt::Invitation
            }
            None => {
                from.misses("taken_at", "\"invitation\"");
                TakenAt::Invitation
            }
        };
        let suspended_count = self.read.switch(&mut from, "suspended_count");
        self.read.end(from);
        SeatPolicy { taken_at, suspended_count }
    }

    fn invitations(&mut self, root: &mut Section<'_>, ownership: Option<&Ownership>) -> InvitationPolicy {
        let Some(mut from) = self.read.maybe_section(root, "invitations") else {
            return InvitationPolicy { days: 7, preselect: None, own_workspace: false, as_rows: false };
        };
        let days = self.read.number(&mut from, "days", 1..=30).and_then(|n| u32::try_from(n).ok()).unwrap_or(7);
        let preselect = self.read.maybe_text(&mut from, "preselect").and_then(|name| {
            let role = self.role_named(&name)?;
            if ownership.is_some_and(|o| o.single && o.role == role) {
                self.read.fault(name.at, "the owner's role is never offered", "preselect another role");
            }
            Some(role)
        });
        let own_workspace = self.read.switch(&mut from, "own_workspace");
        let as_rows = self.read.switch(&mut from, "as_rows");
        self.read.end(from);
        InvitationPolicy { days, preselect, own_workspace, as_rows }
    }

    fn billing(&mut self, root: &mut Section<'_>) -> (String, PlanIx) {
        let Some(mut from) = self.read.maybe_section(root, "billing") else {
            return ("USD".into(), PlanIx(0));
        };
        let currency = self.read.text(&mut from, "currency");
        let plan = self.read.maybe_text(&mut from, "default_plan").and_then(|name| {
            let found = self.plans.iter().position(|p| *p.name == *name.value);
            if found.is_none() {
                self.unknown_plan(&name);
            }
            found.and_then(|i| u8::try_from(i).ok())
        });
        self.read.end(from);
        (currency, PlanIx(plan.unwrap_or(0)))
    }

    /// One permission by its whole name, asked on the workspace or on a kind.
    fn needed(&mut self, from: &mut Section<'_>, key: &'static str, on: Option<KindIx>) -> Permission {
        let Some(name) = self.read.maybe_text(from, key) else {
            from.misses(key, "\"group:action\"");
            return Permission(0);
        };
        let Some(permission) = self.lookup(&name.value) else {
            self.unknown_permission(&name);
            return Permission(0);
        };
        if self.permissions[usize::from(permission.0)].on != on {
            let place = if on.is_some() { "one resource of this kind" } else { "the workspace" };
            let fit: Vec<&str> = self.permissions.iter().filter(|p| p.on == on).map(|p| &*p.name).collect();
            let right = format!("choose from {}", fit.join(", "));
            self.read.fault(name.at, format!("`{key}` is asked on {place}, `{}` is not", name.value), right);
        }
        permission
    }

    fn lookup(&self, name: &str) -> Option<Permission> {
        let found = self.permissions.iter().position(|p| *p.name == *name)?;
        u8::try_from(found).ok().map(Permission)
    }

    /// A list of permissions: whole names, `group:*`, or `*`.
    fn permissions_of(&mut self, names: &[At<String>]) -> PermissionSet {
        let mut set = PermissionSet::EMPTY;
        for name in names {
            let group = name.value.strip_suffix(":*");
            for (i, def) in self.permissions.iter().enumerate() {
                let takes =
                    name.value == "*" || *def.name == *name.value || group == Some(&*self.groups[def.group].name);
                if takes && let Ok(ix) = u8::try_from(i) {
                    set.insert(Permission(ix));
                }
            }
            if !self.covers(name) {
                self.unknown_permission(name);
            }
        }
        set
    }

    fn covers(&self, name: &At<String>) -> bool {
        name.value == "*"
            || self.lookup(&name.value).is_some()
            || name.value.strip_suffix(":*").is_some_and(|group| self.groups.iter().any(|g| g.name == group))
    }

    fn unknown_permission(&mut self, name: &At<String>) {
        let group = name.value.split(':').next().unwrap_or_default();
        if self.without_actions.iter().any(|g| g == group) {
            return;
        }
        let groups: Vec<String> = self.groups.iter().map(|g| format!("{}:*", g.name)).collect();
        let known = || self.permissions.iter().map(|p| &*p.name).chain(groups.iter().map(String::as_str));
        let in_group = |p: &&PermissionDef| self.groups[p.group].name == group;
        let right = match near(&name.value, known()) {
            // One permission is asked for, and a whole group stands there.
            Some(same) if same == name.value => {
                let all: Vec<&str> = self.permissions.iter().filter(in_group).map(|p| &*p.name).collect();
                self.read.fault(
                    name.at.clone(),
                    "one permission is wanted here, not a group",
                    format!("choose from {}", all.join(", ")),
                );
                return;
            }
            Some(near) => format!("did you mean `{near}`?"),
            None if self.groups.iter().any(|g| g.name == group) => {
                suggest(&name.value, self.permissions.iter().filter(in_group).map(|p| &*p.name))
            }
            None => suggest(&name.value, groups.iter().map(String::as_str)),
        };
        self.read.fault(name.at.clone(), format!("there is no permission `{}`", name.value), right);
    }

    fn unknown_plan(&mut self, name: &At<String>) {
        let right = suggest(&name.value, self.plans.iter().map(|p| &*p.name));
        self.read.fault(name.at.clone(), format!("there is no plan `{}`", name.value), right);
    }

    fn unknown_action(&mut self, action: &At<String>, group: &str) {
        let known: Vec<String> =
            self.permissions.iter().filter(|p| self.groups[p.group].name == group).map(|p| p.action.clone()).collect();
        let right = suggest(&action.value, known.iter().map(String::as_str));
        self.read.fault(action.at.clone(), format!("`{group}` has no action `{}`", action.value), right);
    }

    fn role_named(&mut self, name: &At<String>) -> Option<RoleIx> {
        let found = self.role_names.iter().position(|r| *r == name.value);
        if found.is_none() {
            let right = suggest(&name.value, self.role_names.iter().map(String::as_str));
            self.read.fault(name.at.clone(), format!("there is no role `{}`", name.value), right);
        }
        found.and_then(|i| u8::try_from(i).ok()).map(RoleIx)
    }

    fn role_bits(&mut self, names: &[At<String>]) -> u32 {
        names.iter().filter_map(|name| self.role_named(name)).fold(0, |bits, role| bits | 1 << role.0)
    }

    fn plan_bits(&mut self, names: &[At<String>]) -> u32 {
        let mut bits = 0;
        for name in names {
            match self.plans.iter().position(|p| *p.name == *name.value) {
                Some(ix) => bits |= 1 << ix,
                None => self.unknown_plan(name),
            }
        }
        bits
    }

    fn toggle_set(&mut self, names: &[At<String>]) -> ToggleSet {
        let mut set = ToggleSet::default();
        for name in names {
            match self.toggles.iter().position(|t| *t.name == *name.value).and_then(|i| u8::try_from(i).ok()) {
                Some(ix) => set = set.with(ToggleIx(ix), true),
                None => {
                    let right = suggest(&name.value, self.toggles.iter().map(|t| &*t.name));
                    self.read.fault(name.at.clone(), format!("there is no toggle `{}`", name.value), right);
                }
            }
        }
        set
    }
}
