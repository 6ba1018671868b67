//! Values that several routes take and give.

use bailiwick_app::look::Team;
use bailiwick_core::ids::{ResourceId, TemplateId};
use bailiwick_core::team::command::Actor;
use bailiwick_core::team::wire::{AccessWire, GrantWire};
use bailiwick_core::time::{LAST_MOMENT, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// A moment, RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-24T06:00:00Z")]
pub(super) struct Moment(pub Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text_of(self.0))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let moment: jiff::Timestamp =
            text.parse().map_err(|_| serde::de::Error::custom("a moment is written as 2026-11-24T06:00:00Z"))?;
        let moment = Timestamp(moment.as_microsecond());
        if moment < Timestamp(0) || moment > LAST_MOMENT {
            return Err(serde::de::Error::custom("a moment lies between the years 1970 and 9999"));
        }
        Ok(Self(moment))
    }
}

/// A moment as text.
pub(super) fn text_of(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.0).map(|t| t.to_string()).unwrap_or_default()
}

/// What a member holds, or an invitation offers: whole, by the names of the access model.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "member", "grants": [{"resource": "res_01hzy3v7w8e9k2m4n6p8q0r2s4", "level": "write"}]}))]
pub(super) struct Access {
    /// The role.
    pub role: String,
    /// The role template, whose permissions are inherited live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub template: Option<TemplateId>,
    /// Permissions given one by one.
    #[serde(default)]
    pub direct: Vec<String>,
    /// Toggles that are on.
    #[serde(default)]
    pub toggles: Vec<String>,
    /// One level on every resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<String>,
    /// Levels on single resources.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// When all of it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

/// A level on one resource.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Grant {
    /// The resource.
    #[schema(value_type = String)]
    pub resource: ResourceId,
    /// The level.
    pub level: String,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

impl From<Access> for AccessWire {
    fn from(of: Access) -> Self {
        Self {
            role: of.role,
            template: of.template,
            direct: of.direct,
            toggles: of.toggles,
            all: of.all,
            grants: of
                .grants
                .into_iter()
                .map(|g| GrantWire { resource: g.resource, level: g.level, until: g.until.map(|m| m.0) })
                .collect(),
            until: of.until.map(|m| m.0),
        }
    }
}

impl From<AccessWire> for Access {
    fn from(of: AccessWire) -> Self {
        Self {
            role: of.role,
            template: of.template,
            direct: of.direct,
            toggles: of.toggles,
            all: of.all,
            grants: of
                .grants
                .into_iter()
                .map(|g| Grant { resource: g.resource, level: g.level, until: g.until.map(Moment) })
                .collect(),
            until: of.until.map(Moment),
        }
    }
}

/// Seats.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(super) struct Seats {
    /// Taken now.
    taken: u32,
    /// How many of those are open invitations.
    invited: u32,
    /// Held by plan and purchase; absent: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<u32>,
    /// Free; absent: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    free: Option<u32>,
}

impl From<bailiwick_core::team::seats::Seats> for Seats {
    fn from(of: bailiwick_core::team::seats::Seats) -> Self {
        Self { taken: of.taken, invited: of.invited, held: of.held, free: of.free() }
    }
}

/// Who did something.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Who {
    /// `person`, `host`, `operator` or `time`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The person, or the host's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The person's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl Who {
    /// With the name, if the team has it.
    pub fn of(actor: Actor, team: &Team) -> Self {
        let (kind, id, name) = match actor {
            Actor::Person(person) => {
                ("person", Some(person.to_string()), team.cards.get(&person).map(|card| card.name.clone()))
            }
            Actor::Host(key) => ("host", Some(key.to_string()), None),
            Actor::Operator => ("operator", None, None),
            Actor::Time => ("time", None, None),
        };
        Self { kind, id, name: name.filter(|n| !n.is_empty()) }
    }
}

/// An address as a body gives it.
pub(super) fn email(typed: &str, field: &str) -> Result<bailiwick_core::email::Email, crate::problem::Problem> {
    bailiwick_core::email::Email::parse(typed).map_err(|bad| crate::problem::Problem::invalid(field, bad.sentence()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ab147_a_moment_is_of_this_age_or_none() {
        let read = |text: &str| serde_json::from_value::<Moment>(text.into());
        assert_eq!(read("2026-11-24T07:00:00+01:00").unwrap(), read("2026-11-24T06:00:00Z").unwrap());
        assert_eq!(read("9999-12-30T21:59:59Z").unwrap().0.0 / 1_000_000, 253_402_207_199);
        for bad in [
            "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "+010000-01-01T00:00:00Z",
            "-009999-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-02-30T00:00:00Z",
            "2026-11-24",
            "2026-11-24T06:00:00",
            "2026-11-24T06:00:00+99:00",
            "tomorrow",
            "",
            "1764000000",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Moment>("1764000000").is_err());
    }
}
