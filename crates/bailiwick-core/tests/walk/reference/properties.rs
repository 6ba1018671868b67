//! The analytics team (E01 to E42): one owner for ever, roles by plan, levels on properties.
//!
//! Everything on people, plan and team is the owner's alone (E04, E20, E32), so there is no ceiling to look at: the
//! owner holds everything.

use std::collections::{BTreeMap, BTreeSet};

use bailiwick_core::ids::{PersonId, ResourceId};
use bailiwick_core::team::command::{Actor, Command, Create, NewInvitation};
use bailiwick_core::team::wire::AccessWire;
use bailiwick_core::time::{LAST_MOMENT, Timestamp};

use super::book::{Book, Holding, Member, Resource, Stage};
use super::{ANY, Faults, Reference, Verdict, at_the_door, bad_external_id, bad_name, judge_creation};

const PERMISSIONS: [&str; 21] = [
    "team:view",
    "team:settings",
    "team:invite",
    "team:remove",
    "team:roles",
    "team:log",
    "team:delete",
    "billing:manage",
    "properties:create",
    "report_templates:create",
    "prompt_presets:create",
    "property:view",
    "property:conversations",
    "property:annotations",
    "property:reports",
    "property:annotate",
    "property:run_reports",
    "property:chat",
    "property:connections",
    "property:settings",
    "property:delete",
];
/// The first eleven are asked on the team, the others on a property.
const ON_TEAM: usize = 11;
/// What an admin has on the team (E04, E17, E33).
const OF_ADMIN: [&str; 4] = ["team:view", "properties:create", "report_templates:create", "prompt_presets:create"];

/// The levels of E06, with E37 for the reports.
const READ: [&str; 4] = ["property:view", "property:conversations", "property:annotations", "property:reports"];
const WRITE: [&str; 3] = ["property:annotate", "property:run_reports", "property:chat"];
const ADMIN: [&str; 3] = ["property:connections", "property:settings", "property:delete"];

/// What everybody answers to who asks for something that is the owner's.
const NO: &str = "not-allowed";

/// A team.
#[derive(Debug, Clone)]
pub struct Team {
    book: Book,
}

fn seats_of(plan: &str) -> Option<u32> {
    match plan {
        "free" => Some(1),
        "pro" => Some(5),
        "business" => Some(20),
        _ => None,
    }
}

/// E03.
fn plan_has(plan: &str, role: &str) -> bool {
    match role {
        "owner" => true,
        "member" => plan == "pro" || plan == "business",
        "admin" | "viewer" => plan == "business",
        _ => false,
    }
}

fn level(name: &str) -> BTreeSet<&'static str> {
    let mut set = BTreeSet::from(READ);
    if name != "read" {
        set.extend(WRITE);
    }
    if name == "admin" {
        set.extend(ADMIN);
    }
    set
}

impl Team {
    /// The verdict on a creation.
    pub fn judge_creation(actor: Actor, create: &Create) -> Verdict {
        judge_creation(actor, create, &["free", "pro", "business"], 0)
    }

    /// A team as it begins: the owner, alone (E01).
    pub fn new(create: &Create) -> Self {
        let mut book = Book::new(&create.name, create.plan.as_deref().unwrap_or("free"));
        let owner = Member {
            person: create.owner,
            address: create.address,
            holds: Holding::of_role("owner"),
            suspended: false,
        };
        book.members.insert(create.member, owner);
        Self { book }
    }

    fn role_of(&self, actor: Actor) -> Option<&str> {
        match actor {
            Actor::Person(person) => self.book.row_of(person).map(|(_, row)| row.holds.role.as_str()),
            _ => None,
        }
    }

    /// The owner's acts: the owner may, nobody else; hosts are trusted, and so is the operator where he was let in.
    fn is_the_owners(&self, actor: Actor, faults: &mut Faults) {
        let person = matches!(actor, Actor::Person(_));
        faults.when(person && self.role_of(actor) != Some("owner"), NO);
    }

    fn may(&self, actor: Actor, permission: &'static str, on: Option<ResourceId>) -> bool {
        match actor {
            Actor::Person(person) => self.reach(person).contains(&(permission, on)),
            _ => true,
        }
    }

    fn seats_held(&self) -> u32 {
        seats_of(&self.book.plan).unwrap_or(0) + self.book.extra_seats
    }

    fn valid(&self, faults: &mut Faults, access: &AccessWire, held: Option<&Holding>, changes: bool, now: Timestamp) {
        let role = access.role.as_str();
        let given = Holding::of(access);
        if !["owner", "admin", "member", "viewer"].contains(&role) {
            faults.when(true, "unknown-role");
            // What a role that does not exist could take is anybody's guess.
            faults.when(access.all.is_some() || !access.grants.is_empty(), ANY);
        }
        faults.when_any(role == "owner", &["owner-not-offered", "role-out-of-reach"]);
        if !plan_has(&self.book.plan, role) {
            faults.when_any(true, &["role-not-in-plan", "levels-needed", "role-takes-no-levels"]);
        }
        faults.when_any(access.template.is_some(), &["role-takes-no-template", "no-such-template"]);
        let direct = ["role-takes-no-direct-permissions", "unknown-permission", "not-grantable"];
        faults.when_any(!access.direct.is_empty(), &direct);
        faults.when_any(!access.toggles.is_empty(), &["unknown-toggle", "toggle-not-switchable"]);
        self.valid_times(faults, access, held, now);
        self.valid_levels(faults, access, &given, held, changes);
    }

    fn valid_times(&self, faults: &mut Faults, access: &AccessWire, held: Option<&Holding>, now: Timestamp) {
        let mut time = |until: Option<Timestamp>, before: Option<Timestamp>| {
            let Some(until) = until else { return };
            faults.open_when(until <= now && before == Some(until), "an end in the past that was there before");
            faults.when(until <= now && before != Some(until) || until > LAST_MOMENT, "bad-time");
        };
        time(access.until, held.and_then(|h| h.until));
        for grant in &access.grants {
            time(grant.until, held.and_then(|h| h.each.get(&grant.resource)).and_then(|(_, until)| *until));
        }
    }

    fn valid_levels(
        &self,
        faults: &mut Faults,
        access: &AccessWire,
        given: &Holding,
        held: Option<&Holding>,
        changes: bool,
    ) {
        let role = access.role.as_str();
        let assigned = role == "member" || role == "viewer";
        // Owner and admin have all properties by role (E04, E15).
        faults.when_any(!assigned && given.has_levels(), &["role-takes-no-levels", "unknown-level"]);
        for name in access.all.iter().chain(access.grants.iter().map(|g| &g.level)) {
            faults.when(!["read", "write", "admin"].contains(&name.as_str()), "unknown-level");
            // E07: the dialog and the API take only Read.
            faults.when(role == "viewer" && name != "read", "level-above-role");
        }
        faults.when(access.all.is_some() && !access.grants.is_empty(), "all-and-each");
        for (i, grant) in access.grants.iter().enumerate() {
            let twice = access.grants[..i].iter().any(|g| g.resource == grant.resource);
            faults.when(twice, "resource-named-twice");
            if !self.book.is_live(grant.resource) {
                let same = given.each.get(&grant.resource);
                match held.and_then(|h| h.each.get(&grant.resource)) {
                    None => faults.when(true, "no-such-resource"),
                    Some(before) => {
                        faults.open_when(Some(before) != same, "another level on a deleted property");
                        let moves = held.is_some_and(|h| h.role != role);
                        faults.open_when(moves, "a level on a deleted property goes along to another role");
                    }
                }
            }
        }
        if !assigned {
            return;
        }
        if self.book.plan == "business" {
            // E15: at least one, where they count.
            let some = access.all.is_some() || given.each.keys().any(|r| self.book.is_live(*r));
            faults.when(!some, "levels-needed");
        } else {
            // E25: not asked for; what a row has from before may stay as it is.
            let levels = |h: &Holding| (h.all.clone(), h.each.clone());
            let as_before = held.is_some_and(|h| levels(h) == levels(given));
            faults.when(given.has_levels() && !as_before, "role-takes-no-levels");
            let offered = given.has_levels() && as_before && !changes;
            faults.open_when(offered, "an offer keeps its levels from before Pro");
        }
    }

    fn judge_invitations(&self, faults: &mut Faults, list: &[NewInvitation], now: Timestamp) {
        faults.when(list.is_empty(), "nothing-named");
        faults.when(list.len() > 200, "too-many");
        for (i, item) in list.iter().enumerate() {
            faults.when(list[..i].iter().any(|other| other.address == item.address), "address-named-twice");
            faults.when(self.book.member_at(item.address).is_some(), "already-member");
            self.valid(faults, &item.access, None, false, now);
            let id_is_known = self.book.invitations.contains_key(&item.invitation)
                || list[..i].iter().any(|other| other.invitation == item.invitation);
            match self.book.open_invitation_at(item.address) {
                Some((_, open)) if open.stage != Stage::Expired => faults.when(true, "already-invited"),
                Some(_) => {}
                None => faults.when(id_is_known, "id-taken"),
            }
        }
    }

    fn judge_plan(&self, faults: &mut Faults, plan: &str, extra_seats: u32, confirmed: bool) {
        let Some(included) = seats_of(plan) else { return faults.when(true, "unknown-plan") };
        faults.when(extra_seats > 0 && plan == "free", "no-extra-seats");
        let open = || self.book.invitations.values().filter(|i| i.stage.is_open()).map(|i| &i.offer);
        let members = || self.book.members.values().map(|m| &m.holds);
        // E26: nobody is left with a role that the plan lacks, nor without a seat.
        faults.when(members().chain(open()).any(|h| !plan_has(plan, &h.role)), "in-the-way");
        faults.when(self.seats_taken() > included.saturating_add(extra_seats), "in-the-way");
        if confirmed || plan == self.book.plan {
            return;
        }
        let of_member = |h: &&Holding| h.role == "member";
        if plan == "pro" {
            // Pro gives everything of level Admin but the deletion, on all properties, later ones too.
            let less = members().filter(of_member).any(|h| h.all.as_deref() != Some("admin"));
            faults.when(less, "confirm-gains");
        }
        if self.book.plan == "pro" && plan == "business" {
            faults.when(members().any(|h| h.role == "member"), "confirm-gains");
            let invited = open().filter(of_member).any(|h| !h.has_levels());
            faults.open_when(invited, "only people who are invited would gain by the plan");
        }
    }

    fn change_plan(&mut self, plan: &str, extra_seats: u32) {
        if self.book.plan == "pro" && plan == "business" {
            // E26: going to Business keeps what members had, as all properties at level Admin; what was offered on
            // Pro, without levels, likewise.
            let all_admin = |h: &mut Holding| {
                h.all = Some("admin".to_owned());
                h.each = BTreeMap::new();
            };
            let members = self.book.members.values_mut().map(|m| &mut m.holds);
            members.filter(|h| h.role == "member").for_each(all_admin);
            let open = self.book.invitations.values_mut().filter(|i| i.stage.is_open()).map(|i| &mut i.offer);
            open.filter(|h| h.role == "member" && !h.has_levels()).for_each(all_admin);
        }
        plan.clone_into(&mut self.book.plan);
        self.book.extra_seats = extra_seats;
    }
}

impl Reference for Team {
    fn book(&self) -> &Book {
        &self.book
    }

    fn elapse(&mut self, now: Timestamp) {
        if !self.book.deleted {
            self.book.elapse(now, "owner");
        }
    }

    fn judge(&self, actor: Actor, command: &Command, now: Timestamp) -> Verdict {
        let active = self.role_of(actor).is_some();
        if let Some(verdict) = at_the_door(&self.book, actor, command, active) {
            return verdict;
        }
        let mut found = Faults::default();
        let faults = &mut found;
        let invitation = |id| self.book.invitations.get(id);
        match command {
            Command::Create(_) | Command::TransferOwnership { .. } | Command::MoveModel(_) | Command::Elapse => {}
            Command::Rename { name } => {
                self.is_the_owners(actor, faults);
                faults.when(bad_name(name), "bad-name");
            }
            Command::Delete => self.is_the_owners(actor, faults),
            Command::Invite(list) => {
                self.is_the_owners(actor, faults);
                self.judge_invitations(faults, list, now);
            }
            Command::Resend(id) => {
                self.is_the_owners(actor, faults);
                match invitation(id) {
                    None => faults.when(true, "no-such-invitation"),
                    Some(row) => {
                        faults.when(!row.stage.is_open(), "invitation-closed");
                        faults.when(!plan_has(&self.book.plan, &row.offer.role), "role-not-in-plan");
                        faults.open_when(row.offer.has_ended_parts(now), "what is offered has ended");
                    }
                }
            }
            Command::Cancel(id) => {
                self.is_the_owners(actor, faults);
                match invitation(id) {
                    None => faults.when(true, "no-such-invitation"),
                    Some(row) => faults.when(!row.stage.is_open(), "invitation-closed"),
                }
            }
            Command::EditInvitation { invitation: id, access, address } => {
                self.is_the_owners(actor, faults);
                let mut rest = Faults::default();
                self.valid(&mut rest, access, invitation(id).map(|row| &row.offer), false, now);
                let Some(row) = invitation(id) else {
                    faults.add(rest);
                    faults.when(true, "no-such-invitation");
                    return found.verdict();
                };
                let twice = access.grants.len() > row.offer.each.len();
                if row.offer == Holding::of(access) && !twice && address.is_none_or(|a| a == row.address) {
                    faults.open_when(rest.verdict() != Verdict::Accepted, "saving an offer as it is");
                } else {
                    faults.add(rest);
                }
                faults.when(!row.stage.is_open(), "invitation-closed");
                if let Some(address) = address.filter(|a| *a != row.address) {
                    let taken = ["already-member", "already-invited", "address-taken"];
                    faults.when_any(self.book.member_at(address).is_some(), &taken);
                    faults.when_any(self.book.open_invitation_at(address).is_some(), &taken);
                }
            }
            Command::Accept { invitation: id, person, proven, member } => {
                faults.when(self.book.members.contains_key(member), "id-taken");
                faults.when(self.book.row_of(*person).is_some(), "already-member");
                // E09, E10, E34.
                faults.when(self.seats_taken() + 1 > self.seats_held(), "no-seat-left");
                let Some(row) = invitation(id) else {
                    faults.when(true, "no-such-invitation");
                    return found.verdict();
                };
                faults.when(row.address != *proven, "wrong-address");
                faults.when(row.stage == Stage::Expired, "invitation-expired");
                faults.when(!row.stage.is_open(), "invitation-closed");
                faults.when(!plan_has(&self.book.plan, &row.offer.role), "role-not-in-plan");
                faults.open_when(row.offer.has_ended_parts(now), "what is offered has ended");
                let by_a_person = matches!(row.sender, Actor::Person(_));
                faults.when(by_a_person && self.role_of(row.sender) != Some("owner"), "sender-lost-right");
            }
            Command::Decline { invitation: id, proven } => match invitation(id) {
                None => faults.when(true, "no-such-invitation"),
                Some(row) => {
                    faults.when(!row.stage.is_open(), "invitation-closed");
                    faults.when(row.address != *proven, "wrong-address");
                }
            },
            Command::ChangeAccess { member, access } => {
                self.is_the_owners(actor, faults);
                let held = self.book.members.get(member).map(|row| &row.holds);
                let mut rest = Faults::default();
                self.valid(&mut rest, access, held, true, now);
                rest.when(held.is_none(), "no-such-member");
                rest.when(held.is_some_and(|h| h.role == "owner"), "owner-fixed");
                let twice = access.grants.len() > held.map_or(0, |h| h.each.len());
                if held.is_some_and(|h| *h == Holding::of(access)) && !twice {
                    // Saving the owner's row as it is changes nothing; and so with any row.
                    let owner = held.is_some_and(|h| h.role == "owner");
                    let open = !owner && rest.verdict() != Verdict::Accepted;
                    faults.open_when(open, "saving an access as it is");
                } else {
                    faults.add(rest);
                }
            }
            Command::PutMember(put) => {
                faults.when(put.suspended, "no-suspension");
                let held = self.book.row_of(put.person).map(|(_, row)| &row.holds);
                let mut rest = Faults::default();
                self.valid(&mut rest, &put.access, held, held.is_some(), now);
                let Some(held) = held else {
                    faults.add(rest);
                    faults.when(self.book.members.contains_key(&put.member), "id-taken");
                    faults.when(self.book.member_at(put.address).is_some(), "address-taken");
                    faults.when(self.seats_taken() + 1 > self.seats_held(), "no-seat-left");
                    return found.verdict();
                };
                rest.when(held.role == "owner", "owner-fixed");
                let twice = put.access.grants.len() > held.each.len();
                if *held == Holding::of(&put.access) && !twice {
                    let open = held.role != "owner" && rest.verdict() != Verdict::Accepted;
                    faults.open_when(open, "saving an access as it is");
                } else {
                    faults.add(rest);
                }
            }
            Command::Suspend(_) | Command::Reactivate(_) => {
                // X17: there is no such thing here.
                self.is_the_owners(actor, faults);
                faults.when_any(true, &["no-suspension", "no-such-member"]);
            }
            Command::Remove(id) => {
                self.is_the_owners(actor, faults);
                match self.book.members.get(id) {
                    None => faults.when(true, "no-such-member"),
                    Some(row) => faults.when_any(row.holds.role == "owner", &["owner-fixed"]),
                }
            }
            Command::Leave(id) => match self.book.members.get(id) {
                None => faults.when_any(true, &["no-such-member", "not-yours"]),
                Some(row) => {
                    faults.when(actor != Actor::Person(row.person), "not-yours");
                    faults.when(row.holds.role == "owner", "owner-fixed");
                }
            },
            Command::CreateTemplate { .. } | Command::EditTemplate { .. } | Command::DeleteTemplate { .. } => {
                faults.when(true, ANY);
            }
            Command::AddResource { resource, kind, name, external_id } => {
                faults.when(!self.may(actor, "properties:create", None), NO);
                faults.when(self.book.resources.contains_key(resource), "id-taken");
                faults.when(kind != "property", "unknown-kind");
                faults.when(bad_name(name) || bad_external_id(external_id.as_ref()), "bad-name");
                let mut live = self.book.resources.values().filter(|r| !r.deleted);
                faults.when(external_id.is_some() && live.any(|r| r.external_id == *external_id), "name-taken");
            }
            Command::RenameResource { resource, name } => {
                faults.when(!self.may(actor, "property:settings", Some(*resource)), NO);
                faults.when(!self.book.is_live(*resource), "no-such-resource");
                faults.when(bad_name(name), "bad-name");
            }
            Command::DeleteResource(resource) => {
                faults.when(!self.may(actor, "property:delete", Some(*resource)), NO);
                faults.when(!self.book.is_live(*resource), "no-such-resource");
            }
            Command::ChangePlan { plan, extra_seats, confirmed } => {
                self.is_the_owners(actor, faults);
                self.judge_plan(faults, plan, *extra_seats, *confirmed);
            }
        }
        found.verdict()
    }

    fn perform(&mut self, actor: Actor, command: &Command, now: Timestamp) {
        let book = &mut self.book;
        match command {
            Command::Rename { name } => book.name = name.trim().to_owned(),
            Command::Delete => book.deleted = true,
            Command::Invite(list) => {
                for item in list {
                    book.invite(item.invitation, item.address, Holding::of(&item.access), actor, now);
                }
            }
            Command::Resend(id) => book.send_again(*id, actor, now),
            Command::Cancel(id) => book.end_invitation(*id, Stage::Cancelled),
            Command::EditInvitation { invitation, access, address } => {
                book.edit_invitation(*invitation, Holding::of(access), *address, actor, now);
            }
            Command::Accept { invitation, person, member, .. } => book.accept(*invitation, *person, *member),
            Command::PutMember(put) => book.put(put),
            Command::Decline { invitation, .. } => book.end_invitation(*invitation, Stage::Declined),
            Command::ChangeAccess { member, access } => {
                book.members.entry(*member).and_modify(|row| row.holds = Holding::of(access));
            }
            Command::Remove(id) | Command::Leave(id) => book.remove(*id),
            Command::AddResource { resource, name, external_id, .. } => {
                let row = Resource { name: name.trim().to_owned(), external_id: external_id.clone(), deleted: false };
                book.resources.insert(*resource, row);
            }
            Command::RenameResource { resource, name } => {
                book.resources.entry(*resource).and_modify(|r| name.trim().clone_into(&mut r.name));
            }
            // E28: the levels stay written and count no more.
            Command::DeleteResource(resource) => {
                book.resources.entry(*resource).and_modify(|r| r.deleted = true);
            }
            Command::ChangePlan { plan, extra_seats, .. } => self.change_plan(plan, *extra_seats),
            Command::Create(_)
            | Command::Suspend(_)
            | Command::Reactivate(_)
            | Command::CreateTemplate { .. }
            | Command::EditTemplate { .. }
            | Command::DeleteTemplate { .. }
            | Command::TransferOwnership { .. }
            | Command::MoveModel(_)
            | Command::Elapse => {}
        }
    }

    fn reach(&self, person: PersonId) -> BTreeSet<(&'static str, Option<ResourceId>)> {
        let mut reach = BTreeSet::new();
        let Some((_, row)) = self.book.row_of(person).filter(|_| !self.book.deleted) else { return reach };
        let (role, holds) = (row.holds.role.as_str(), &row.holds);
        let on_team: &[&'static str] = match role {
            "owner" => &PERMISSIONS[..ON_TEAM],
            "admin" => &OF_ADMIN,
            _ => &[],
        };
        reach.extend(on_team.iter().map(|p| (*p, None)));
        for (id, _) in self.book.resources.iter().filter(|(_, r)| !r.deleted) {
            let assigned = holds.all.as_ref().or_else(|| holds.each.get(id).map(|(level, _)| level));
            let mut set = match role {
                "owner" | "admin" => level("admin"),
                // E25: on Pro everything but the deletion, levels or not.
                "member" if self.book.plan == "pro" => {
                    level("admin").into_iter().filter(|p| !p.ends_with("delete")).collect()
                }
                _ => assigned.map(|name| level(name)).unwrap_or_default(),
            };
            if role == "viewer" {
                set.retain(|p| READ.contains(p));
            }
            reach.extend(set.into_iter().map(|p| (p, Some(*id))));
        }
        reach
    }

    /// E09, E30: every accepted one, the owner too; invitations do not count.
    fn seats_taken(&self) -> u32 {
        u32::try_from(self.book.members.len()).unwrap_or(u32::MAX)
    }

    fn permissions(&self) -> &'static [&'static str] {
        &PERMISSIONS
    }

    fn boxed(&self) -> Box<dyn Reference> {
        Box::new(self.clone())
    }
}
