//! Who asks, as established by a credential; never from a body or a header that anyone can write.

use bailiwick_core::ids::{KeyId, PersonId, ProductId, SessionId};
use bailiwick_core::team::command::Actor;
use bailiwick_store::rows::{By, Origin, SessionRow};

use crate::error::AppError;

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub who: Who,
    /// From where.
    pub origin: Option<Origin>,
}

/// Who a caller is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A person by a session of theirs.
    Person {
        /// Who.
        person: PersonId,
        /// By which session.
        session: SessionId,
        /// The product whose host vouched for them; then no other product's workspaces are there for them.
        within: Option<ProductId>,
    },
    /// A host by a key of its product.
    Host {
        /// The key.
        key: KeyId,
        /// Its product: the wall around everything that it sees.
        product: ProductId,
        /// What it may do.
        scopes: Vec<Scope>,
    },
    /// The operator, over the private socket.
    Operator,
}

/// What a host's key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Ask for decisions.
    Check,
    /// Read workspaces, members, templates, resources, the log.
    Read,
    /// Make and change them.
    Manage,
    /// Say who a person is: exchange codes, vouch, start sessions.
    Vouch,
    /// Say where events are sent, and read how that went.
    Webhooks,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [Self::Check, Self::Read, Self::Manage, Self::Vouch, Self::Webhooks];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Read => "read",
            Self::Manage => "manage",
            Self::Vouch => "vouch",
            Self::Webhooks => "webhooks",
        }
    }

    /// The scope of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}

impl Caller {
    /// The operator.
    pub fn operator() -> Self {
        Self { who: Who::Operator, origin: None }
    }

    /// The actor that the rules judge.
    pub fn actor(&self) -> Actor {
        match self.who {
            Who::Person { person, .. } => Actor::Person(person),
            Who::Host { key, .. } => Actor::Host(key),
            Who::Operator => Actor::Operator,
        }
    }

    /// For the log.
    pub fn by(&self) -> By {
        By { actor: self.actor(), origin: self.origin.clone() }
    }

    /// The person, if it is one.
    pub fn person(&self) -> Option<PersonId> {
        match self.who {
            Who::Person { person, .. } => Some(person),
            _ => None,
        }
    }

    /// Whether a workspace of this product may exist for this caller.
    pub fn sees_product(&self, product: ProductId) -> bool {
        match &self.who {
            Who::Host { product: own, .. } => *own == product,
            Who::Person { within, .. } => within.is_none_or(|within| within == product),
            Who::Operator => true,
        }
    }

    /// Whether a session of one's own is there for this one: a host's sees those of its product.
    pub fn may_end(&self, session: &SessionRow) -> bool {
        match self.who {
            Who::Person { within, .. } => within.is_none() || within == session.product,
            _ => false,
        }
    }

    /// The person, if it is one who signed in here: an account is not changed by a session that a host vouched for.
    ///
    /// # Errors
    /// [`AppError::NotSignedIn`], [`AppError::Vouched`].
    pub fn account(&self) -> Result<PersonId, AppError> {
        match self.who {
            Who::Person { person, within: None, .. } => Ok(person),
            Who::Person { .. } => Err(AppError::Vouched),
            _ => Err(AppError::NotSignedIn),
        }
    }

    /// Refuses a host's key without the scope; people have no scopes, their rights are judged by the rules.
    ///
    /// # Errors
    /// [`AppError::Scope`].
    pub fn needs(&self, scope: Scope) -> Result<(), AppError> {
        match &self.who {
            Who::Host { scopes, .. } if !scopes.contains(&scope) => Err(AppError::Scope(scope.name())),
            _ => Ok(()),
        }
    }
}
