//! The two ways of a host: Bailiwick signs people in and hands the host a one-time code, or the host signs them in
//! itself and vouches for them.

use bailiwick_core::email::Email;
use bailiwick_core::ids::{PersonId, ProductId, SessionId};
use bailiwick_core::time::Timestamp;
use bailiwick_store::rows::{LineId, Origin, PersonCard, ProductRow, SecretKind, SecretRow, SessionRow, SignedInBy};
use bailiwick_store::{Changed, Read, StoreError};

use crate::accept::person_name;
use crate::app::App;
use crate::caller::{Caller, Scope, Who};
use crate::error::{AppError, SignInRefusal};
use crate::secret::Token;
use crate::signin::SignedIn;

/// A one-time code works for so many seconds.
const CODE_SECONDS: i64 = 60;

/// A person whom a host vouches for.
#[derive(Debug, Clone)]
pub struct Vouched {
    /// The host's own id.
    pub external_id: Option<String>,
    /// The address, which the host has proven.
    pub email: Email,
    /// The name.
    pub name: String,
}

/// A person with the session that a host exchanged a code for.
#[derive(Debug, Clone)]
pub struct Exchanged {
    /// Who.
    pub card: PersonCard,
    /// The session, to ask later whether it lives.
    pub session: SessionRow,
}

impl Caller {
    pub(crate) fn product(&self) -> Result<ProductId, AppError> {
        match self.who {
            Who::Host { product, .. } => Ok(product),
            _ => Err(AppError::NotSignedIn),
        }
    }
}

impl App {
    /// Makes sure of a person whom the host vouches for: found by the host's id, by the address, or made.
    ///
    /// # Errors
    /// A missing scope; an external id that is another person's.
    pub async fn put_person(&self, caller: &Caller, vouched: Vouched) -> Result<PersonCard, AppError> {
        caller.needs(Scope::Vouch)?;
        let product = caller.product()?;
        let name = person_name(&vouched.name)?;
        if let Some(external) = &vouched.external_id {
            external_id(external)?;
        }
        let (external, email) = (vouched.external_id.clone(), vouched.email.clone());
        let known = self
            .lines
            .read(move |from| {
                if let Some(external) = &external
                    && let Some(person) = from.person_by_external_id(product, external)?
                {
                    return Ok(Some(person));
                }
                let Some(address) = from.find_address(&email)? else { return Ok(None) };
                Ok(from.person_at(address)?.map(|p| p.person))
            })
            .await?;
        let person = known.unwrap_or(PersonId(self.new_id()));
        let (tools, by, now) = (self.tools(), caller.by(), self.clock.now());
        let changed = self
            .lines
            .change(vec![LineId::Person(person)], self.command_id(), move |tx| {
                let address = tx.address(&vouched.email)?;
                let there = tx.person_at(address)?;
                match there {
                    Some(row) if row.person != person => return Err(AppError::Busy),
                    Some(_) => {}
                    None if tx.person(person)?.is_some() => {
                        return Err(AppError::Invalid {
                            field: "email",
                            sentence: "This person has another address.".into(),
                        });
                    }
                    None => tools.sign_up(tx, &by, person, address, &name, now)?,
                }
                if let Some(external) = &vouched.external_id {
                    match tx.person_by_external_id(product, external)? {
                        Some(other) if other != person => {
                            return Err(AppError::Invalid {
                                field: "external_id",
                                sentence: "This id is another person's.".into(),
                            });
                        }
                        Some(_) => {}
                        None => tx.person_external_id(product, external, person)?,
                    }
                }
                Ok(tx.cards(&[person])?)
            })
            .await?;
        match changed {
            Changed::Done(mut cards, _) => cards.pop().ok_or(AppError::Busy),
            Changed::Repeated(_) => Err(AppError::Repeated),
        }
    }

    /// The person of a reference: an id, or the host's own id.
    ///
    /// # Errors
    /// The store's; `None`: nobody that this host may know of.
    pub async fn person_of(&self, caller: &Caller, reference: &str) -> Result<Option<PersonId>, AppError> {
        if let Ok(person) = reference.parse::<PersonId>() {
            return Ok(Some(person));
        }
        let Ok(product) = caller.product() else { return Ok(None) };
        let reference = reference.to_owned();
        self.lines.read_soon(move |from| from.person_by_external_id(product, &reference)).await
    }

    /// The card of a person whom the host has a reason to know: by its own id for them, or as a member of one of its
    /// product's workspaces.
    ///
    /// # Errors
    /// A missing scope; `None` in the result: nobody that this host may know of.
    pub async fn known_person(&self, caller: &Caller, reference: &str) -> Result<Option<PersonCard>, AppError> {
        caller.needs(Scope::Read)?;
        let product = caller.product()?;
        let reference = reference.to_owned();
        let found = self.lines.read(move |from| {
            let person = match reference.parse::<PersonId>() {
                Err(_) => from.person_by_external_id(product, &reference)?,
                Ok(person) => known(from, product, person)?.then_some(person),
            };
            Ok(person.map(|p| from.cards(&[p])).transpose()?.and_then(|mut cards| cards.pop()))
        });
        Ok(found.await?)
    }

    /// A one-time code that starts a session of this person in the browser that opens its link (`/enter/CODE`).
    ///
    /// # Errors
    /// A missing scope; nobody.
    pub async fn vouch(&self, caller: &Caller, person: PersonId) -> Result<Token, AppError> {
        caller.needs(Scope::Vouch)?;
        let product = caller.product()?;
        let (by, now, tools) = (caller.by(), self.clock.now(), self.tools());
        let changed = self
            .lines
            .change(vec![LineId::Person(person)], self.command_id(), move |tx| {
                tx.person(person)?.filter(|p| p.erased_at.is_none()).ok_or(AppError::NotSignedIn)?;
                let token = Token::new(SecretKind::HostCode, person.0, tools.random.secret());
                tx.put_secret(code_row(
                    &token,
                    person,
                    person.bytes(),
                    now,
                    format!("enter:{product}:{:?}", by.actor),
                ))?;
                Ok::<_, AppError>(token)
            })
            .await?;
        match changed {
            Changed::Done(token, _) => Ok(token),
            Changed::Repeated(_) => Err(AppError::Repeated),
        }
    }

    /// Starts the session that a host vouched for; the code works once.
    ///
    /// # Errors
    /// The code is unknown, used or too old.
    pub async fn enter_vouched(&self, code: &str, origin: &Origin) -> Result<SignedIn, AppError> {
        let token = Token::parse(SecretKind::HostCode, code).ok_or(SignInRefusal::DeadLink)?;
        let person = token.line().map(PersonId).ok_or(SignInRefusal::DeadLink)?;
        let (hash, now) = (token.hash(), self.clock.now());
        self.begin_session(person, SignedInBy::Host, origin, move |tx| {
            let secret = tx.secret(&hash)?.filter(|s| s.kind == SecretKind::HostCode && now < s.expires_at);
            let product = secret.and_then(|s| s.bound_to?.strip_prefix("enter:")?.split_once(':')?.0.parse().ok());
            let product: ProductId = product.ok_or(SignInRefusal::DeadLink)?;
            if tx.take_secret(&hash)? { Ok(Some(product)) } else { Err(SignInRefusal::DeadLink.into()) }
        })
        .await
    }

    /// A one-time code for the host that a person comes from, to be sent along to its return address. `None`: the
    /// address is not one that the product allows (AB-048).
    ///
    /// # Errors
    /// Nobody is signed in; the store's.
    pub async fn hand_over(&self, caller: &Caller, return_to: &str) -> Result<Option<String>, AppError> {
        let Who::Person { person, session, .. } = caller.who else { return Err(AppError::NotSignedIn) };
        let installation = self.installation();
        let here =
            |p: &&ProductRow| caller.sees_product(p.product) && p.return_to.iter().any(|ok| allowed(ok, return_to));
        let Some(product) = installation.products.iter().find(here) else {
            return Ok(None);
        };
        let (id, now, tools) = (product.product, self.clock.now(), self.tools());
        let changed = self
            .lines
            .change(vec![LineId::Person(person)], self.command_id(), move |tx| {
                let token = Token::new(SecretKind::HostCode, person.0, tools.random.secret());
                tx.put_secret(code_row(&token, person, session.bytes(), now, format!("hand:{id}")))?;
                Ok::<_, AppError>(token)
            })
            .await?;
        let Changed::Done(token, _) = changed else { return Err(AppError::Repeated) };
        let mark = if return_to.contains('?') { '&' } else { '?' };
        Ok(Some(format!("{return_to}{mark}code={}", token.reveal())))
    }

    /// What a code stands for; it works once, and only for the product that the person was handed to.
    ///
    /// # Errors
    /// A missing scope; the code is unknown, used, too old or another product's.
    pub async fn exchange(&self, caller: &Caller, code: &str) -> Result<Exchanged, AppError> {
        caller.needs(Scope::Vouch)?;
        let product = caller.product()?;
        let token = Token::parse(SecretKind::HostCode, code).ok_or(SignInRefusal::DeadLink)?;
        let person = token.line().map(PersonId).ok_or(SignInRefusal::DeadLink)?;
        let (hash, now) = (token.hash(), self.clock.now());
        let changed = self
            .lines
            .change(vec![LineId::Person(person)], self.command_id(), move |tx| {
                let secret = tx.secret(&hash)?.filter(|s| s.kind == SecretKind::HostCode && now < s.expires_at);
                let secret = secret
                    .filter(|s| s.bound_to.as_deref() == Some(&format!("hand:{product}")))
                    .ok_or(SignInRefusal::DeadLink)?;
                if !tx.take_secret(&hash)? {
                    return Err(SignInRefusal::DeadLink.into());
                }
                let session = SessionId::from_bytes(&secret.object).ok_or(SignInRefusal::DeadLink)?;
                let session = tx.session(session)?.filter(|s| s.ended_at.is_none()).ok_or(SignInRefusal::DeadLink)?;
                let card = tx.cards(&[person])?.pop().ok_or(SignInRefusal::DeadLink)?;
                Ok::<_, AppError>(Exchanged { card, session })
            })
            .await?;
        match changed {
            Changed::Done(exchanged, _) => Ok(exchanged),
            Changed::Repeated(_) => Err(AppError::Repeated),
        }
    }
}

/// Whether a host has a reason to know a person: as somebody in one of its product's workspaces, or by an id of its own.
pub(crate) fn known(from: &mut dyn Read, product: ProductId, person: PersonId) -> Result<bool, StoreError> {
    let member = from.memberships(person)?.iter().any(|row| row.product == product);
    Ok(member || from.has_external_id(product, person)?)
}

fn code_row(token: &Token, person: PersonId, object: [u8; 16], now: Timestamp, bound_to: String) -> SecretRow {
    SecretRow {
        hash: token.hash(),
        kind: SecretKind::HostCode,
        line: person.bytes(),
        object,
        generation: 1,
        expires_at: now.plus_seconds(CODE_SECONDS),
        bound_to: Some(bound_to),
    }
}

/// Whether an address lies at or below an allowed one: the same text up to a whole path segment. Anything that a
/// browser could read otherwise (backslashes, controls, user info, dots in the path) is refused.
pub fn allowed(allowed: &str, address: &str) -> bool {
    let strange = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '@' | '#');
    if address.chars().any(strange) || address.contains("/.") || address.contains("%2e") || address.contains("%2E") {
        return false;
    }
    let Some(rest) = address.strip_prefix(allowed.trim_end_matches('/')) else { return false };
    rest.is_empty() || rest.starts_with('/') || rest.starts_with('?')
}

pub(crate) fn external_id(id: &str) -> Result<(), AppError> {
    const LIMIT: usize = 200;
    let fine = !id.is_empty() && id.chars().count() <= LIMIT && !id.chars().any(char::is_control);
    // What looks like one of our ids would be read as one (AB-113).
    let ours = id.parse::<PersonId>().is_ok();
    if fine && !ours {
        return Ok(());
    }
    Err(AppError::Invalid {
        field: "external_id",
        sentence: "An external id is one line of 1 to 200 characters, and not an id of ours.".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ab048_only_listed_addresses_are_returned_to() {
        let list = "https://app.example.com/after";
        for good in
            ["https://app.example.com/after", "https://app.example.com/after/x", "https://app.example.com/after?a=b"]
        {
            assert!(allowed(list, good), "{good}");
        }
        for bad in [
            "https://app.example.com/afterwards",
            "https://app.example.com.evil.io/after",
            "https://evil.io/after",
            "//app.example.com/after",
            "javascript:alert(1)",
            "https://app.example.com/after/../x",
            "https://app.example.com/after\\x",
            "https://app.example.com/after/%2e%2e/x",
            "https://app.example.com/after\r\nx",
            "https://app.example.com@evil.io/after",
            "",
        ] {
            assert!(!allowed(list, bad), "{bad}");
        }
    }
}
