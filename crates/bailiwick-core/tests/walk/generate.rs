//! Random commands from a seed: about half of them such as people would send, the rest wrong in every way that the
//! requirements name. The world is small, so that addresses, names and seats collide all the time.

use bailiwick_core::ids::{
    AddressId, InvitationId, KeyId, MemberId, PersonId, ProductId, ResourceId, TemplateId, WorkspaceId,
};
use bailiwick_core::team::command::{Actor, Command, Create, NewInvitation, PutMember, Request};
use bailiwick_core::team::wire::{AccessWire, GrantWire};
use bailiwick_core::time::{LAST_MOMENT, Timestamp};

use crate::Preset;
use crate::reference::Reference;
use crate::reference::book::{Book, Holding, Invitation, Stage};

/// People; person n controls address n.
const PEOPLE: u128 = 12;
/// Addresses; whoever controls the last two first comes with an invitation to one.
const ADDRESSES: u128 = 14;
/// The numbers of all whom a walk can meet, and of one whom it cannot.
pub const EVERYBODY: std::ops::RangeInclusive<u128> = 1..=ADDRESSES + 1;
/// An id that nothing ever has.
pub const NOTHING: u128 = 999_999;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// splitmix64: tiny, and the same on every machine.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        usize::try_from(self.below(from.len() as u64)).ok().and_then(|i| from.get(i))
    }

    fn one_of<'a>(&mut self, from: &[&'a str]) -> &'a str {
        self.pick(from).copied().unwrap_or_default()
    }

    /// A length of time between the two, to the microsecond, so that hardly ever two things fall due at once.
    fn time(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(to.abs_diff(from))).unwrap_or(0)
    }
}

/// What there is to ask for, and how often in each product.
const KINDS: [(&str, u64, u64); 25] = [
    ("invite", 160, 180),
    ("accept", 170, 190),
    ("change access", 200, 180),
    ("edit invitation", 60, 60),
    ("resend", 50, 45),
    ("cancel", 40, 30),
    ("decline", 30, 25),
    ("suspend", 50, 6),
    ("reactivate", 55, 6),
    ("remove", 60, 50),
    ("leave", 25, 20),
    ("create template", 40, 4),
    ("edit template", 60, 4),
    ("delete template", 30, 4),
    ("add resource", 4, 50),
    ("rename resource", 3, 30),
    ("delete resource", 3, 30),
    ("change plan", 40, 85),
    ("rename", 12, 12),
    ("transfer", 6, 6),
    ("elapse", 40, 40),
    ("delete", 3, 3),
    ("create", 3, 3),
    ("several invitations", 30, 20),
    ("put member", 60, 60),
];

/// Makes commands.
#[derive(Debug, Clone)]
pub struct Maker {
    pub random: Random,
    preset: Preset,
    fresh: u128,
}

impl Maker {
    pub fn new(preset: Preset, seed: u64) -> Self {
        Self { random: Random::new(seed), preset, fresh: 1_000 }
    }

    fn tenant(&self) -> bool {
        self.preset == Preset::Tenant
    }

    fn fresh(&mut self) -> u128 {
        self.fresh += 1;
        self.fresh
    }

    fn host(&mut self) -> Actor {
        Actor::Host(KeyId(1 + u128::from(self.random.below(2))))
    }

    fn person(&mut self) -> PersonId {
        PersonId(1 + u128::from(self.random.below(PEOPLE as u64)))
    }

    fn address(&mut self) -> AddressId {
        AddressId(1 + u128::from(self.random.below(ADDRESSES as u64)))
    }

    /// How much time passes before the next command; sometimes exactly to the moment when something falls due.
    pub fn later(&mut self, now: Timestamp, book: Option<&Book>) -> Timestamp {
        let kept = if self.tenant() { "admin" } else { "owner" };
        let due = book.and_then(|b| b.next_due(kept)).map(|(at, _)| at).filter(|at| *at > now);
        let step = match (self.random.below(100), due) {
            (0..=3, Some(at)) => at.0 - now.0,
            (4..=5, Some(at)) => at.0 - now.0 - 1,
            (0..=15, _) => 0,
            (16..=69, _) => self.random.time(SECOND, 90 * SECOND),
            (70..=86, _) => self.random.time(60 * SECOND, 5 * HOUR),
            (87..=97, _) => self.random.time(HOUR, DAY),
            _ => self.random.time(DAY, 8 * DAY),
        };
        Timestamp(now.0 + step.max(0))
    }

    /// The creation of a workspace; now and then a bad one.
    pub fn creation(&mut self) -> Request {
        let owner = self.person();
        let actor = match self.random.below(14) {
            0 => Actor::Operator,
            1 => Actor::Time,
            2..=3 => Actor::Person(owner),
            4 => Actor::Person(self.person()),
            _ => self.host(),
        };
        let plans: &[&str] = if self.tenant() {
            &["starter", "starter", "growth", "scale", "pro"]
        } else {
            &["free", "pro", "pro", "business", "business", "business", "starter"]
        };
        let plan = if self.random.chance(15) { None } else { Some(self.random.one_of(plans).to_owned()) };
        let ids = if self.random.chance(5) { 1 } else { 3 };
        let create = Create {
            workspace: WorkspaceId(self.fresh()),
            product: ProductId(1),
            external_id: self.external_id(),
            name: self.name(),
            plan,
            owner,
            address: AddressId(owner.0),
            member: MemberId(self.fresh()),
            templates: (0..ids).map(|_| TemplateId(self.fresh())).collect(),
        };
        Request { actor, command: Command::Create(create), seen: None }
    }

    fn external_id(&mut self) -> Option<String> {
        match self.random.below(100) {
            0 => Some(self.random.one_of(&["", "a\nb"]).to_owned()),
            1 => Some("e".repeat(if self.random.chance(50) { 200 } else { 201 })),
            2..=40 => Some(self.random.one_of(&["ext-1", "ext-2", "ext-3", "ext-4", "ext-5"]).to_owned()),
            _ => None,
        }
    }

    /// The version that the caller names: mostly none, else the right one or an older one.
    pub fn seen(&mut self, version: Option<u64>) -> Option<u64> {
        match self.random.below(40) {
            0..=2 => version,
            3 => Some(version.map_or(1, |v| v.saturating_sub(1))),
            _ => None,
        }
    }

    /// The next command in a world that exists.
    pub fn request(&mut self, world: &dyn Reference, now: Timestamp) -> Request {
        let kind = self.kind_that_can_be(world.book());
        let mut actor = self.actor(world.book());
        let command = self.command(kind, world, &mut actor, now);
        Request { actor, command, seen: None }
    }

    /// What is asked about an invitation or a resource mostly waits until there is one.
    fn kind_that_can_be(&mut self, book: &Book) -> &'static str {
        let kind = self.kind();
        let invitations = book.invitations.values().any(|i| i.stage.is_open());
        let pending = book.invitations.values().any(|i| matches!(i.stage, Stage::Pending(_)));
        let resources = book.resources.values().any(|r| !r.deleted);
        match kind {
            "accept" if !pending && self.random.chance(85) => "invite",
            "edit invitation" | "resend" | "cancel" | "decline" if !invitations && self.random.chance(85) => "invite",
            "rename resource" | "delete resource" if !resources && self.random.chance(85) => "add resource",
            kind => kind,
        }
    }

    fn kind(&mut self) -> &'static str {
        let weight = |(_, tenant, team): &(&str, u64, u64)| if self.tenant() { *tenant } else { *team };
        let weights: Vec<u64> = KINDS.iter().map(weight).collect();
        let mut left = self.random.below(weights.iter().sum());
        for ((kind, ..), weight) in KINDS.iter().zip(weights) {
            if left < weight {
                return kind;
            }
            left -= weight;
        }
        "elapse"
    }

    fn actor(&mut self, book: &Book) -> Actor {
        let members: Vec<_> = book.members.values().collect();
        let lead = if self.tenant() { "admin" } else { "owner" };
        let leads: Vec<_> = members.iter().filter(|m| m.holds.role == lead).collect();
        let others = if self.tenant() { 52 } else { 76 };
        match self.random.below(100) {
            0..=31 => self.host(),
            32 => Actor::Operator,
            33 => Actor::Time,
            34..=36 => Actor::Person(self.person()),
            n if n < others => self.random.pick(&leads).map_or(Actor::Operator, |m| Actor::Person(m.person)),
            _ => self.random.pick(&members).map_or(Actor::Operator, |m| Actor::Person(m.person)),
        }
    }

    fn name(&mut self) -> String {
        match self.random.below(40) {
            0 => String::new(),
            1 => " \t ".into(),
            2 => "n".repeat(65),
            3 => "a\nb".into(),
            4 => "a\0b".into(),
            5 => "bell\u{7}s".into(),
            6 => "ü".repeat(65),
            7 => "ü".repeat(64),
            8 => format!("  {}  ", "n".repeat(64)),
            _ => {
                let good =
                    ["Alpha", "alpha", " Beta ", "beta", "Ärzte", "ÄRZTE", "Gamma", "Delta", "x", "Main site", "Blog"];
                self.random.one_of(&good).to_owned()
            }
        }
    }

    /// A row; mostly not the one that cannot be touched.
    fn member(&mut self, book: &Book) -> MemberId {
        let all: Vec<MemberId> = book.members.keys().copied().collect();
        let kept = if self.tenant() { "admin" } else { "owner" };
        let free: Vec<MemberId> = all.iter().copied().filter(|id| !book.is_last_active(*id, kept)).collect();
        let from = if free.is_empty() || self.random.chance(12) { all } else { free };
        if self.random.chance(3) { MemberId(NOTHING) } else { self.random.pick(&from).copied().unwrap_or(MemberId(0)) }
    }

    fn invitation(&mut self, book: &Book) -> InvitationId {
        let open: Vec<InvitationId> =
            book.invitations.iter().filter(|(_, i)| i.stage.is_open()).map(|(id, _)| *id).collect();
        let all: Vec<InvitationId> = book.invitations.keys().copied().collect();
        match self.random.below(20) {
            0 => InvitationId(NOTHING),
            1..=2 => self.random.pick(&all).copied().unwrap_or(InvitationId(0)),
            _ => self.random.pick(&open).copied().unwrap_or(InvitationId(0)),
        }
    }

    fn template(&mut self, book: &Book) -> TemplateId {
        let ids: Vec<TemplateId> = book.templates.keys().copied().collect();
        if self.random.chance(5) {
            TemplateId(NOTHING)
        } else {
            self.random.pick(&ids).copied().unwrap_or(TemplateId(0))
        }
    }

    fn resource(&mut self, book: &Book) -> ResourceId {
        let live: Vec<ResourceId> = book.resources.iter().filter(|(_, r)| !r.deleted).map(|(id, _)| *id).collect();
        let all: Vec<ResourceId> = book.resources.keys().copied().collect();
        match self.random.below(40) {
            0 => ResourceId(NOTHING),
            1..=2 => self.random.pick(&all).copied().unwrap_or(ResourceId(0)),
            _ => self.random.pick(&live).copied().unwrap_or(ResourceId(0)),
        }
    }

    /// When something ends by itself: mostly never, mostly in the future.
    fn until(&mut self, now: Timestamp) -> Option<Timestamp> {
        match self.random.below(200) {
            0 => Some(now),
            1 => Some(Timestamp(now.0 - self.random.time(1, DAY))),
            2 => Some(Timestamp(LAST_MOMENT.0 + 1)),
            3 => Some(LAST_MOMENT),
            4 => Some(Timestamp(now.0 + 1)),
            5..=24 => Some(Timestamp(now.0 + self.random.time(60 * SECOND, 6 * DAY))),
            25..=34 => Some(Timestamp(now.0 + self.random.time(SECOND, HOUR))),
            _ => None,
        }
    }

    fn access(&mut self, world: &dyn Reference, actor: Actor, now: Timestamp) -> AccessWire {
        if self.tenant() { self.tenant_access(world, actor, now) } else { self.team_access(world.book(), now) }
    }

    /// A set of permissions; mostly within what the actor holds, so that some of it passes.
    fn permissions(&mut self, world: &dyn Reference, actor: Actor) -> Vec<String> {
        const OFTEN: [&str; 10] = [
            "users:view",
            "users:create",
            "users:edit",
            "users:delete",
            "users:manage",
            "conversations:view",
            "conversations:manage",
            "analytics:export",
            "integrations:manage",
            "experiments:edit",
        ];
        const WRONG: [&str; 7] =
            ["crm:view", "crm:update", "tenant:billing", "users:*", "*", "Users:view", "conversations:export"];
        let held = match actor {
            Actor::Person(person) if self.random.chance(70) => Some(world.reach(person)),
            _ => None,
        };
        let density = 10 + self.random.below(60);
        let mut set: Vec<String> = Vec::new();
        for name in OFTEN {
            let fits = held.as_ref().is_none_or(|h| h.contains(&(name, None)));
            if fits && self.random.chance(density) {
                set.push(name.to_owned());
            }
        }
        if self.random.chance(3) {
            set.push(self.random.one_of(&WRONG).to_owned());
        }
        set
    }

    fn tenant_access(&mut self, world: &dyn Reference, actor: Actor, now: Timestamp) -> AccessWire {
        let role = match self.random.below(100) {
            0 => self.random.one_of(&["owner", "Admin", "", "viewer"]),
            1..=24 => "admin",
            _ => "user",
        };
        let mut access = AccessWire::of_role(role);
        access.until = self.until(now);
        if role == "user" || self.random.chance(8) {
            if self.random.chance(35) {
                access.template = Some(self.template(world.book()));
            }
            access.direct = self.permissions(world, actor);
            let has_crm = match actor {
                Actor::Person(person) => world.reach(person).contains(&("crm:view", None)),
                _ => true,
            };
            if self.random.chance(if has_crm { 45 } else { 10 }) {
                access.toggles.push("crm".to_owned());
            }
            if self.random.chance(1) {
                access.toggles.push("CRM".to_owned());
            }
        }
        if self.random.chance(1) {
            access.all = Some("read".to_owned());
        }
        if self.random.chance(1) {
            access.grants.push(GrantWire { resource: ResourceId(NOTHING), level: "read".to_owned(), until: None });
        }
        access
    }

    fn team_access(&mut self, book: &Book, now: Timestamp) -> AccessWire {
        let role = match (self.random.below(100), book.plan.as_str()) {
            (0..=1, _) => self.random.one_of(&["user", "Owner", "", "members"]),
            (2..=4, _) => "owner",
            (5..=10, _) => self.random.one_of(&["admin", "viewer"]),
            (11..=70, "business") => self.random.one_of(&["admin", "viewer", "member"]),
            _ => "member",
        };
        let mut access = AccessWire::of_role(role);
        access.until = self.until(now);
        let takes = book.plan == "business" && (role == "member" || role == "viewer");
        if takes && !self.random.chance(3) || self.random.chance(5) {
            let shape = self.random.below(20);
            if shape < 6 {
                access.all = Some(self.level(role));
            }
            if shape > 4 {
                for _ in 0..=self.random.below(3) {
                    let resource = self.resource(book);
                    let twice = access.grants.iter().any(|g| g.resource == resource);
                    if !twice || self.random.chance(4) {
                        let (level, until) = (self.level(role), self.until(now));
                        access.grants.push(GrantWire { resource, level, until });
                    }
                }
            }
        }
        if self.random.chance(1) {
            access.template = Some(TemplateId(NOTHING));
        }
        if self.random.chance(1) {
            access.direct.push(self.random.one_of(&["team:view", "property:view", "nothing:at_all"]).to_owned());
        }
        if self.random.chance(1) {
            access.toggles.push("crm".to_owned());
        }
        access
    }

    fn level(&mut self, role: &str) -> String {
        if self.random.chance(2) {
            return self.random.one_of(&["Read", "", "owner"]).to_owned();
        }
        if role == "viewer" && !self.random.chance(6) {
            return "read".to_owned();
        }
        self.random.one_of(&["read", "write", "admin"]).to_owned()
    }

    /// What a row holds, once more, or with one thing changed.
    fn near(&mut self, held: &Holding, book: &Book, now: Timestamp) -> AccessWire {
        let mut access = AccessWire {
            role: held.role.clone(),
            template: held.template,
            direct: held.direct.iter().cloned().collect(),
            toggles: held.toggles.iter().cloned().collect(),
            all: held.all.clone(),
            grants: held
                .each
                .iter()
                .map(|(resource, (level, until))| GrantWire {
                    resource: *resource,
                    level: level.clone(),
                    until: *until,
                })
                .collect(),
            until: held.until,
        };
        match self.random.below(12) {
            0..=2 => access.direct.reverse(),
            3 => access.until = self.until(now),
            4 => access.toggles = if access.toggles.is_empty() { vec!["crm".to_owned()] } else { Vec::new() },
            5 => access.template = if access.template.is_some() { None } else { Some(self.template(book)) },
            6 => {
                access.direct.pop();
            }
            7 => {
                access.grants.pop();
            }
            // The role alone.
            8 => {
                access.role = match access.role.as_str() {
                    "viewer" => "member",
                    "member" => "viewer",
                    "admin" => "user",
                    _ => "admin",
                }
                .to_owned();
            }
            9 => {
                let role = access.role.clone();
                access.grants.iter_mut().take(1).for_each(|g| g.level = self.level(&role));
            }
            _ => {
                let (resource, level) = (self.resource(book), self.level(&access.role));
                if self.tenant() {
                    access.role = if access.role == "admin" { "user" } else { "admin" }.to_owned();
                } else {
                    access.grants.push(GrantWire { resource, level, until: None });
                }
            }
        }
        access
    }

    fn new_invitation(&mut self, world: &dyn Reference, actor: Actor, now: Timestamp) -> NewInvitation {
        let mut address = self.address();
        if self.random.chance(25) {
            let expired = world.book().invitations.values().filter(|i| i.stage == Stage::Expired);
            let expired: Vec<AddressId> = expired.map(|i| i.address).collect();
            address = self.random.pick(&expired).copied().unwrap_or(address);
        }
        let known = self.invitation(world.book());
        let invitation = if self.random.chance(2) { known } else { InvitationId(self.fresh()) };
        NewInvitation { invitation, address, access: self.access(world, actor, now) }
    }

    fn command(&mut self, kind: &str, world: &dyn Reference, actor: &mut Actor, now: Timestamp) -> Command {
        let book = world.book();
        match kind {
            "invite" => Command::Invite(vec![self.new_invitation(world, *actor, now)]),
            "several invitations" => {
                let many = match self.random.below(30) {
                    0..=1 => 0,
                    2 => 201,
                    3 => 200,
                    _ => 2 + self.random.below(3),
                };
                // One role and one access for all of them, as from the dialog (D38).
                let mut list: Vec<_> = (0..many).map(|_| self.new_invitation(world, *actor, now)).collect();
                if let Some(first) = list.first().map(|i| i.access.clone()).filter(|_| self.random.chance(80)) {
                    list.iter_mut().for_each(|i| i.access = first.clone());
                }
                Command::Invite(list)
            }
            "accept" => {
                let is_pending = |i: &&Invitation| matches!(i.stage, Stage::Pending(_));
                let pending: Vec<_> =
                    book.invitations.iter().filter(|(_, i)| is_pending(i)).map(|(id, _)| *id).collect();
                let any = self.invitation(book);
                let pending = self.random.pick(&pending).copied().filter(|_| self.random.chance(85));
                let invitation = pending.unwrap_or(any);
                let address = book.invitations.get(&invitation).map_or(AddressId(1), |i| i.address);
                let person = if self.random.chance(90) { PersonId(address.0) } else { self.person() };
                let proven = if self.random.chance(94) { address } else { self.address() };
                let member = if self.random.chance(98) { MemberId(self.fresh()) } else { self.member(book) };
                if self.random.chance(95) {
                    *actor = Actor::Person(person);
                }
                Command::Accept { invitation, person, proven, member }
            }
            "put member" => {
                let any = self.member(book);
                let there = book.members.get(&any).filter(|_| self.random.chance(40));
                let (person, address) = match there {
                    Some(row) => (row.person, row.address),
                    None => {
                        let person = self.person();
                        (person, if self.random.chance(95) { AddressId(person.0) } else { self.address() })
                    }
                };
                if self.random.chance(85) {
                    *actor = self.host();
                }
                let row = book.row_of(person).map(|(_, row)| row);
                let access = match row {
                    Some(row) if self.random.chance(50) => self.near(&row.holds, book, now),
                    _ => self.access(world, *actor, now),
                };
                let suspended = self.random.chance(if self.tenant() { 30 } else { 5 });
                let member = if self.random.chance(98) { MemberId(self.fresh()) } else { any };
                Command::PutMember(PutMember { person, address, member, access, suspended })
            }
            "decline" => {
                let invitation = self.invitation(book);
                let address = book.invitations.get(&invitation).map_or(AddressId(1), |i| i.address);
                if self.random.chance(90) {
                    *actor = Actor::Person(PersonId(address.0));
                }
                let proven = if self.random.chance(85) { address } else { self.address() };
                Command::Decline { invitation, proven }
            }
            "change access" => {
                let member = self.member(book);
                let access = match book.members.get(&member) {
                    Some(row) if self.random.chance(40) => self.near(&row.holds, book, now),
                    _ => self.access(world, *actor, now),
                };
                Command::ChangeAccess { member, access }
            }
            "edit invitation" => {
                let invitation = self.invitation(book);
                let access = match book.invitations.get(&invitation) {
                    Some(row) if self.random.chance(40) => self.near(&row.offer, book, now),
                    _ => self.access(world, *actor, now),
                };
                let address = if self.random.chance(35) { Some(self.address()) } else { None };
                Command::EditInvitation { invitation, access, address }
            }
            "resend" => Command::Resend(self.invitation(book)),
            "cancel" => Command::Cancel(self.invitation(book)),
            "suspend" => Command::Suspend(self.member(book)),
            "reactivate" => {
                let suspended: Vec<_> = book.members.iter().filter(|(_, m)| m.suspended).map(|(id, _)| *id).collect();
                let any = self.member(book);
                Command::Reactivate(self.random.pick(&suspended).copied().unwrap_or(any))
            }
            "remove" => Command::Remove(self.member(book)),
            "leave" => {
                let member = self.member(book);
                if let Some(row) = book.members.get(&member).filter(|_| self.random.chance(80)) {
                    *actor = Actor::Person(row.person);
                }
                Command::Leave(member)
            }
            "create template" => {
                let template = if self.random.chance(3) { self.template(book) } else { TemplateId(self.fresh()) };
                let permissions = self.permissions(world, *actor);
                Command::CreateTemplate { template, name: self.name(), permissions, suggests: self.suggests() }
            }
            "edit template" => {
                let template = self.template(book);
                let before = book.templates.get(&template);
                let name = before.map(|t| t.name.clone()).filter(|_| self.random.chance(60));
                let name = name.unwrap_or_else(|| self.name());
                let permissions = match before {
                    Some(t) if self.random.chance(15) => t.permissions.iter().cloned().collect(),
                    _ => self.permissions(world, *actor),
                };
                Command::EditTemplate { template, name, permissions, suggests: self.suggests() }
            }
            "delete template" => {
                let template = self.template(book);
                let move_to = if self.random.chance(50) { Some(self.template(book)) } else { None };
                Command::DeleteTemplate { template, move_to }
            }
            "add resource" => {
                let known = self.resource(book);
                let live = book.resources.values().filter(|r| !r.deleted).count();
                let resource = if live > 5 || self.random.chance(4) { known } else { ResourceId(self.fresh()) };
                let kind = if self.random.chance(95) { "property" } else { "site" }.to_owned();
                let external_id = self.external_id();
                Command::AddResource { resource, kind, name: self.name(), external_id }
            }
            "rename resource" => Command::RenameResource { resource: self.resource(book), name: self.name() },
            "delete resource" => Command::DeleteResource(self.resource(book)),
            "change plan" => {
                let plans: &[&str] = if self.tenant() {
                    &["starter", "starter", "growth", "scale", "gold"]
                } else {
                    &["free", "pro", "pro", "pro", "business", "business", "business", "Business"]
                };
                let extra_seats = if self.random.chance(if self.tenant() { 8 } else { 35 }) {
                    u32::try_from(self.random.below(4)).unwrap_or(0)
                } else {
                    0
                };
                let confirmed = self.random.chance(70);
                Command::ChangePlan { plan: self.random.one_of(plans).to_owned(), extra_seats, confirmed }
            }
            "rename" => Command::Rename { name: self.name() },
            "transfer" => Command::TransferOwnership { to: self.member(book) },
            "delete" => Command::Delete,
            "create" => self.creation().command,
            _ => Command::Elapse,
        }
    }

    fn suggests(&mut self) -> Vec<String> {
        match self.random.below(20) {
            0 => vec!["nothing".to_owned()],
            1..=7 => vec!["crm".to_owned()],
            _ => Vec::new(),
        }
    }
}
