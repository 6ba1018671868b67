//! The CRM tenant (D01 to D38): admins, users with single permissions, live templates, one switch.

use std::collections::BTreeSet;

use bailiwick_core::ids::{AddressId, InvitationId, MemberId, PersonId, ResourceId, TemplateId};
use bailiwick_core::team::command::{Actor, Command, Create, NewInvitation, PutMember};
use bailiwick_core::team::wire::AccessWire;
use bailiwick_core::time::{LAST_MOMENT, Timestamp};

use super::book::{Book, Holding, Member, Resource, Stage, Template};
use super::{ANY, Faults, Reference, Verdict, at_the_door, bad_name, judge_creation, known};

/// The six categories of D11, which can be given one by one or by a template.
const GRANTABLE: usize = 31;
/// Those of D11, then the CRM records of D09, then what only an admin has (D04).
const PERMISSIONS: [&str; 37] = [
    "conversations:view",
    "conversations:create",
    "conversations:edit",
    "conversations:delete",
    "conversations:manage",
    "settings:view",
    "settings:create",
    "settings:edit",
    "settings:delete",
    "settings:manage",
    "users:view",
    "users:create",
    "users:edit",
    "users:delete",
    "users:manage",
    "analytics:view",
    "analytics:create",
    "analytics:edit",
    "analytics:delete",
    "analytics:manage",
    "analytics:export",
    "integrations:view",
    "integrations:create",
    "integrations:edit",
    "integrations:delete",
    "integrations:manage",
    "experiments:view",
    "experiments:create",
    "experiments:edit",
    "experiments:delete",
    "experiments:manage",
    "crm:view",
    "crm:update",
    "tenant:billing",
    "tenant:log",
    "tenant:rename",
    "tenant:delete",
];
const CRM: [&str; 2] = ["crm:view", "crm:update"];

/// Plans and the entries that they allow (D26). None sells single seats.
const PLANS: [(&str, u32); 3] = [("starter", 5), ("growth", 20), ("scale", 100)];

type Set = BTreeSet<&'static str>;

/// A tenant.
#[derive(Debug, Clone)]
pub struct Tenant {
    book: Book,
}

/// With what a command is asked: a host has the powers of an admin.
struct Power {
    admin: bool,
    holds: Set,
    person: Option<PersonId>,
    /// When all of it ends.
    until: Option<Timestamp>,
}

impl Power {
    /// D13: nobody but an admin touches or makes an admin.
    fn manages(&self, role: &str) -> bool {
        self.admin || role != "admin"
    }
    fn covers(&self, set: &Set) -> bool {
        set.is_subset(&self.holds)
    }
    fn right(&self, faults: &mut Faults, right: &str) {
        faults.when(!self.holds.contains(right), "not-allowed");
    }
}

impl Tenant {
    /// The verdict on a creation.
    pub fn judge_creation(actor: Actor, create: &Create) -> Verdict {
        judge_creation(actor, create, &PLANS.map(|(name, _)| name), 3)
    }

    /// A tenant as it begins: one admin, and the three templates of D25.
    pub fn new(create: &Create) -> Self {
        let mut book = Book::new(&create.name, create.plan.as_deref().unwrap_or("starter"));
        let admin = Member {
            person: create.owner,
            address: create.address,
            holds: Holding::of_role("admin"),
            suspended: false,
        };
        book.members.insert(create.member, admin);
        let of = |categories: &[&str]| -> BTreeSet<String> {
            let is_in = |p: &&&str| categories.iter().any(|c| p.starts_with(c));
            PERMISSIONS[..GRANTABLE].iter().filter(is_in).map(ToString::to_string).collect()
        };
        let shipped = [
            ("Standard agent", of(&["conversations:"]), vec!["crm".to_owned()]),
            ("Manager", of(&["analytics:view", "users:view", "users:create", "users:edit"]), vec![]),
            ("Integrator", of(&["integrations:", "experiments:"]), vec![]),
        ];
        for (id, (name, permissions, suggests)) in create.templates.iter().zip(shipped) {
            let suggests = suggests.into_iter().collect();
            book.templates.insert(*id, Template { name: name.to_owned(), permissions, suggests });
        }
        Self { book }
    }

    /// D04 for admins; D05 and D08 for users: direct permissions, the template's, the CRM switch, nothing else.
    fn holds(&self, holding: &Holding) -> Set {
        if holding.role == "admin" {
            return PERMISSIONS.into_iter().collect();
        }
        let mut set: Set = holding.direct.iter().filter_map(|p| known(&PERMISSIONS, p)).collect();
        if let Some(template) = holding.template.and_then(|t| self.book.templates.get(&t)) {
            set.extend(template.permissions.iter().filter_map(|p| known(&PERMISSIONS, p)));
        }
        if holding.toggles.contains("crm") {
            set.extend(CRM);
        }
        set
    }

    fn template_holds(&self, id: TemplateId) -> Set {
        let template = self.book.templates.get(&id);
        template.iter().flat_map(|t| &t.permissions).filter_map(|p| known(&PERMISSIONS, p)).collect()
    }

    fn seats_held(&self) -> u32 {
        PLANS.iter().find(|(name, _)| *name == self.book.plan).map_or(0, |(_, seats)| *seats)
    }

    fn power(&self, actor: Actor) -> Power {
        let all = || PERMISSIONS.into_iter().collect();
        match actor {
            Actor::Person(person) => match self.book.row_of(person) {
                Some((_, row)) if !row.suspended => Power {
                    admin: row.holds.role == "admin",
                    holds: self.holds(&row.holds),
                    person: Some(person),
                    until: row.holds.until,
                },
                _ => Power { admin: false, holds: Set::new(), person: Some(person), until: None },
            },
            _ => Power { admin: true, holds: all(), person: None, until: None },
        }
    }

    /// Somebody's holding is touched or given: D13.
    fn ceiling(&self, power: &Power, faults: &mut Faults, holding: &Holding) {
        faults.when(!power.manages(&holding.role), "role-out-of-reach");
        faults.when(!power.covers(&self.holds(holding)), "exceeds-own-access");
    }

    /// Somebody is given a holding: what D13 asks, and that it ends when the giver's own does, at the latest (X06).
    fn gives(&self, power: &Power, faults: &mut Faults, holding: &Holding) {
        self.ceiling(power, faults, holding);
        let outlasts = power.until.is_some_and(|end| holding.until.is_none_or(|until| until > end));
        faults.when(outlasts, "exceeds-own-access");
    }

    /// Whether an access can be written at all, whoever writes it. `now_held`: what the row holds at present.
    fn valid(&self, faults: &mut Faults, access: &AccessWire, now_held: Option<&Holding>, now: Timestamp) {
        let admin = access.role == "admin";
        faults.when(!admin && access.role != "user", "unknown-role");
        if let Some(template) = access.template {
            faults.when(!self.book.templates.contains_key(&template), "no-such-template");
            faults.when(admin, "role-takes-no-template");
        }
        for name in &access.direct {
            let number = PERMISSIONS.iter().position(|p| p == name);
            faults.when(number.is_none(), "unknown-permission");
            faults.when(number.is_some_and(|n| n >= GRANTABLE), "not-grantable");
            faults.when(admin, "role-takes-no-direct-permissions");
        }
        for name in &access.toggles {
            faults.when(name != "crm", "unknown-toggle");
            // D09: always on for an admin, and not a switch.
            faults.when(admin, "toggle-not-switchable");
        }
        let levels = access.all.is_some() || !access.grants.is_empty();
        faults.when_any(levels, &["role-takes-no-levels", "unknown-level"]);
        for until in access.until.iter().chain(access.grants.iter().filter_map(|g| g.until.as_ref())) {
            let kept = now_held.is_some_and(|held| held.until == Some(*until));
            // Who must be there always cannot end by themselves (D28).
            faults.when(admin, "bad-time");
            faults.open_when(*until <= now && kept, "an end in the past that was there before");
            faults.when(*until <= now && !kept || *until > LAST_MOMENT, "bad-time");
        }
    }

    fn judge_invitations(&self, power: &Power, faults: &mut Faults, list: &[NewInvitation], now: Timestamp) {
        faults.when(list.is_empty(), "nothing-named");
        faults.when(list.len() > 200, "too-many");
        let mut new_rows = 0;
        for (i, item) in list.iter().enumerate() {
            faults.when(list[..i].iter().any(|other| other.address == item.address), "address-named-twice");
            if let Some(row) = self.book.member_at(item.address) {
                faults.when(!row.suspended, "already-member");
                faults.when(row.suspended, "member-suspended");
            }
            self.valid(faults, &item.access, None, now);
            self.gives(power, faults, &Holding::of(&item.access));
            let id_is_known = self.book.invitations.contains_key(&item.invitation)
                || list[..i].iter().any(|other| other.invitation == item.invitation);
            match self.book.open_invitation_at(item.address) {
                Some((_, open)) if open.stage != Stage::Expired => faults.when(true, "already-invited"),
                Some((_, open)) => {
                    // It overwrites what somebody offered: that takes what any act on an invitation takes.
                    self.ceiling(power, faults, &open.offer);
                }
                None => {
                    new_rows += 1;
                    faults.when(id_is_known, "id-taken");
                }
            }
        }
        // D14, D16: each new row needs a seat; D30: a renewed one has its seat.
        faults.when(new_rows > 0 && self.seats_taken() + new_rows > self.seats_held(), "no-seat-left");
    }

    fn judge_acceptance(
        &self,
        faults: &mut Faults,
        invitation: InvitationId,
        person: PersonId,
        proven: AddressId,
        member: MemberId,
        now: Timestamp,
    ) {
        faults.when(self.book.members.contains_key(&member), "id-taken");
        if let Some((_, row)) = self.book.row_of(person) {
            faults.when_any(true, &["already-member"]);
            faults.when(row.suspended, "member-suspended");
        }
        let Some(row) = self.book.invitations.get(&invitation) else {
            return faults.when(true, "no-such-invitation");
        };
        faults.when(row.address != proven, "wrong-address");
        faults.when(row.stage == Stage::Expired, "invitation-expired");
        faults.when(!row.stage.is_open(), "invitation-closed");
        faults.open_when(row.offer.has_ended_parts(now), "what is offered has ended");
        // Who sent it must still be able to give it; a host always is.
        if matches!(row.sender, Actor::Person(_)) {
            let sender = self.power(row.sender);
            let mut lost = Faults::default();
            sender.right(&mut lost, "users:create");
            self.gives(&sender, &mut lost, &row.offer);
            faults.when(lost.verdict() != Verdict::Accepted, "sender-lost-right");
        }
    }

    fn judge_put(&self, faults: &mut Faults, put: &PutMember, now: Timestamp) {
        let given = Holding::of(&put.access);
        let Some((id, row)) = self.book.row_of(put.person) else {
            self.valid(faults, &put.access, None, now);
            faults.when(self.book.members.contains_key(&put.member), "id-taken");
            faults.when(self.book.member_at(put.address).is_some(), "address-taken");
            // Who was invited has the seat already; a suspended one takes one, too (D26).
            let new = u32::from(self.book.open_invitation_at(put.address).is_none());
            faults.when(self.seats_taken() + new > self.seats_held() && new > 0, "no-seat-left");
            return;
        };
        let mut rest = Faults::default();
        self.valid(&mut rest, &put.access, Some(&row.holds), now);
        if given == row.holds {
            faults.open_when(rest.verdict() != Verdict::Accepted, "saving an access as it is");
        } else {
            faults.add(rest);
        }
        let lost = given.role != "admin" || given.until.is_some() || put.suspended;
        faults.when(self.book.is_last_active(id, "admin") && lost, "last-owner");
    }

    fn judge_template(
        &self,
        power: &Power,
        faults: &mut Faults,
        own_id: Option<TemplateId>,
        name: &str,
        permissions: &[String],
        suggests: &[String],
    ) {
        faults.when(bad_name(name), "bad-name");
        let same = |other: &Template| other.name.to_lowercase() == name.trim().to_lowercase();
        let taken = self.book.templates.iter().any(|(id, other)| Some(*id) != own_id && same(other));
        faults.when(taken, "name-taken");
        for permission in permissions {
            let number = PERMISSIONS.iter().position(|p| p == permission);
            faults.when(number.is_none(), "unknown-permission");
            faults.when(number.is_some_and(|n| n >= GRANTABLE), "not-grantable");
        }
        faults.when(suggests.iter().any(|t| t != "crm"), "unknown-toggle");
        let set: Set = permissions.iter().filter_map(|p| known(&PERMISSIONS, p)).collect();
        faults.when(!power.covers(&set), "exceeds-own-access");
    }
}

impl Reference for Tenant {
    fn book(&self) -> &Book {
        &self.book
    }

    fn elapse(&mut self, now: Timestamp) {
        if !self.book.deleted {
            self.book.elapse(now, "admin");
        }
    }

    fn judge(&self, actor: Actor, command: &Command, now: Timestamp) -> Verdict {
        let power = self.power(actor);
        let active = power.person.and_then(|p| self.book.row_of(p)).is_some_and(|(_, row)| !row.suspended);
        if let Some(verdict) = at_the_door(&self.book, actor, command, active) {
            return verdict;
        }
        let mut found = Faults::default();
        let faults = &mut found;
        match command {
            Command::Create(_) | Command::TransferOwnership { .. } | Command::MoveModel(_) | Command::Elapse => {}
            Command::Rename { name } => {
                power.right(faults, "tenant:rename");
                faults.when(bad_name(name), "bad-name");
            }
            Command::Delete => power.right(faults, "tenant:delete"),
            Command::Invite(list) => {
                power.right(faults, "users:create");
                self.judge_invitations(&power, faults, list, now);
            }
            Command::Resend(id) => {
                power.right(faults, "users:create");
                match self.book.invitations.get(id) {
                    None => faults.when(true, "no-such-invitation"),
                    Some(row) => {
                        faults.when(!row.stage.is_open(), "invitation-closed");
                        self.gives(&power, faults, &row.offer);
                        faults.open_when(row.offer.has_ended_parts(now), "what is offered has ended");
                    }
                }
            }
            Command::Cancel(id) => {
                power.right(faults, "users:delete");
                match self.book.invitations.get(id) {
                    None => faults.when(true, "no-such-invitation"),
                    Some(row) => {
                        faults.when(!row.stage.is_open(), "invitation-closed");
                        self.ceiling(&power, faults, &row.offer);
                    }
                }
            }
            Command::EditInvitation { invitation, access, address } => {
                power.right(faults, "users:edit");
                self.valid(faults, access, self.book.invitations.get(invitation).map(|i| &i.offer), now);
                let Some(row) = self.book.invitations.get(invitation) else {
                    faults.when(true, "no-such-invitation");
                    return found.verdict();
                };
                faults.when(!row.stage.is_open(), "invitation-closed");
                self.ceiling(&power, faults, &row.offer);
                self.gives(&power, faults, &Holding::of(access));
                if let Some(address) = address.filter(|a| *a != row.address) {
                    let taken = ["already-member", "member-suspended", "already-invited", "address-taken"];
                    faults.when_any(self.book.member_at(address).is_some(), &taken);
                    faults.when_any(self.book.open_invitation_at(address).is_some(), &taken);
                }
            }
            Command::Accept { invitation, person, proven, member } => {
                self.judge_acceptance(faults, *invitation, *person, *proven, *member, now);
            }
            Command::Decline { invitation, proven } => match self.book.invitations.get(invitation) {
                None => faults.when(true, "no-such-invitation"),
                Some(row) => {
                    faults.when(!row.stage.is_open(), "invitation-closed");
                    faults.when(row.address != *proven, "wrong-address");
                }
            },
            Command::ChangeAccess { member, access } => {
                power.right(faults, "users:edit");
                let Some(row) = self.book.members.get(member) else {
                    self.valid(faults, access, None, now);
                    faults.when(true, "no-such-member");
                    return found.verdict();
                };
                let given = Holding::of(access);
                let mut rest = Faults::default();
                self.valid(&mut rest, access, Some(&row.holds), now);
                self.ceiling(&power, &mut rest, &row.holds);
                self.gives(&power, &mut rest, &given);
                if given == row.holds {
                    // It changes nothing, and needs no more than the right; the ceilings may be asked or not.
                    faults.open_when(rest.verdict() != Verdict::Accepted, "saving an access as it is");
                    return found.verdict();
                }
                let last = self.book.is_last_active(*member, "admin");
                faults.when(last && (given.role != "admin" || given.until.is_some()), "last-owner");
                faults.add(rest);
            }
            Command::PutMember(put) => self.judge_put(faults, put, now),
            Command::Suspend(id) | Command::Reactivate(id) => {
                power.right(faults, "users:edit");
                let Some(row) = self.book.members.get(id) else {
                    faults.when(true, "no-such-member");
                    return found.verdict();
                };
                let suspends = matches!(command, Command::Suspend(_));
                let mut ceiling = Faults::default();
                self.ceiling(&power, &mut ceiling, &row.holds);
                if row.suspended == suspends {
                    faults.open_when(ceiling.verdict() != Verdict::Accepted, "saving a status as it is");
                    return found.verdict();
                }
                faults.when(suspends && self.book.is_last_active(*id, "admin"), "last-owner");
                faults.add(ceiling);
            }
            Command::Remove(id) => {
                power.right(faults, "users:delete");
                match self.book.members.get(id) {
                    None => faults.when(true, "no-such-member"),
                    Some(row) => {
                        self.ceiling(&power, faults, &row.holds);
                        faults.when(self.book.is_last_active(*id, "admin"), "last-owner");
                    }
                }
            }
            Command::Leave(id) => match self.book.members.get(id) {
                None => faults.when_any(true, &["no-such-member", "not-yours"]),
                Some(row) => {
                    faults.when(Some(row.person) != power.person, "not-yours");
                    faults.when(self.book.is_last_active(*id, "admin"), "last-owner");
                }
            },
            Command::CreateTemplate { template, name, permissions, suggests } => {
                power.right(faults, "users:manage");
                faults.when(self.book.templates.contains_key(template), "id-taken");
                self.judge_template(&power, faults, None, name, permissions, suggests);
            }
            Command::EditTemplate { template, name, permissions, suggests } => {
                power.right(faults, "users:manage");
                self.judge_template(&power, faults, Some(*template), name, permissions, suggests);
                faults.when(!self.book.templates.contains_key(template), "no-such-template");
                faults.when(!power.covers(&self.template_holds(*template)), "exceeds-own-access");
            }
            Command::DeleteTemplate { template, move_to } => {
                power.right(faults, "users:manage");
                faults.when(!self.book.templates.contains_key(template), "no-such-template");
                faults.when(!power.covers(&self.template_holds(*template)), "exceeds-own-access");
                if let Some(to) = move_to {
                    faults.when(!self.book.templates.contains_key(to), "no-such-template");
                    faults.when(!power.covers(&self.template_holds(*to)), "exceeds-own-access");
                    faults.when(to == template, ANY);
                }
            }
            // There is nothing in a tenant that levels are given on.
            Command::AddResource { .. } => faults.when_any(true, &["unknown-kind", "not-allowed"]),
            Command::RenameResource { .. } | Command::DeleteResource(_) => {
                faults.when_any(true, &["no-such-resource", "not-allowed"]);
            }
            Command::ChangePlan { plan, extra_seats, confirmed: _ } => {
                power.right(faults, "tenant:billing");
                match PLANS.iter().find(|(name, _)| name == plan) {
                    None => faults.when(true, "unknown-plan"),
                    Some((_, seats)) => {
                        faults.when(*extra_seats > 0, "no-extra-seats");
                        // D26: a smaller plan below the entries in use is refused.
                        faults.when(self.seats_taken() > *seats, "in-the-way");
                    }
                }
            }
        }
        found.verdict()
    }

    fn perform(&mut self, actor: Actor, command: &Command, now: Timestamp) {
        let book = &mut self.book;
        match command {
            Command::Create(_) | Command::TransferOwnership { .. } | Command::MoveModel(_) | Command::Elapse => {}
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
            Command::Suspend(id) => {
                book.members.entry(*id).and_modify(|row| row.suspended = true);
            }
            Command::Reactivate(id) => {
                book.members.entry(*id).and_modify(|row| row.suspended = false);
            }
            Command::Remove(id) | Command::Leave(id) => book.remove(*id),
            Command::CreateTemplate { template, name, permissions, suggests }
            | Command::EditTemplate { template, name, permissions, suggests } => {
                let permissions = permissions.iter().cloned().collect();
                let suggests = suggests.iter().cloned().collect();
                book.templates.insert(*template, Template { name: name.trim().to_owned(), permissions, suggests });
            }
            Command::DeleteTemplate { template, move_to } => {
                // D24, D33: who referred to it refers to the other, or to none; direct permissions stay as they are.
                book.templates.remove(template);
                let members = book.members.values_mut().map(|m| &mut m.holds);
                let offers = book.invitations.values_mut().map(|i| &mut i.offer);
                for holding in members.chain(offers).filter(|h| h.template == Some(*template)) {
                    holding.template = *move_to;
                }
            }
            Command::AddResource { resource, name, external_id, .. } => {
                let row = Resource { name: name.trim().to_owned(), external_id: external_id.clone(), deleted: false };
                book.resources.insert(*resource, row);
            }
            Command::RenameResource { .. } | Command::DeleteResource(_) => {}
            Command::ChangePlan { plan, extra_seats, .. } => {
                book.plan.clone_from(plan);
                book.extra_seats = *extra_seats;
            }
        }
    }

    fn reach(&self, person: PersonId) -> BTreeSet<(&'static str, Option<ResourceId>)> {
        match self.book.row_of(person) {
            // D06: a suspended user cannot act.
            Some((_, row)) if !row.suspended && !self.book.deleted => {
                self.holds(&row.holds).into_iter().map(|p| (p, None)).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// D26: every entry counts, invited (D30: expired ones too), active, suspended.
    fn seats_taken(&self) -> u32 {
        let invited = self.book.invitations.values().filter(|i| i.stage.is_open()).count();
        u32::try_from(self.book.members.len() + invited).unwrap_or(u32::MAX)
    }

    fn permissions(&self) -> &'static [&'static str] {
        &PERMISSIONS
    }

    fn boxed(&self) -> Box<dyn Reference> {
        Box::new(self.clone())
    }
}
