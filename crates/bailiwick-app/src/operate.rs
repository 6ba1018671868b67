//! What the operator asks for by names that people use: a product's name, a host's id, an address.

use std::sync::Arc;

use bailiwick_core::email::Email;
use bailiwick_core::ids::{KeyId, ProductId, WorkspaceId};
use bailiwick_core::team::state::Workspace;
use bailiwick_store::rows::{By, KeyRow, LineId, PersonCard, ProductRow, Row};

use crate::app::App;
use crate::error::AppError;
use crate::installation::NewKey;

impl App {
    /// The product of an id or a name.
    ///
    /// # Errors
    /// There is none.
    pub fn product_named(&self, reference: &str) -> Result<ProductRow, AppError> {
        let installation = self.installation();
        let is = |p: &&ProductRow| p.name == reference || p.product.to_string() == reference;
        let sentence = || format!("There is no product `{reference}`; `bailiwick product list` shows them.");
        let found = installation.products.iter().find(is).cloned();
        found.ok_or_else(|| AppError::Invalid { field: "product", sentence: sentence() })
    }

    /// Registers a product: workspaces, people's host ids and keys of its own.
    ///
    /// # Errors
    /// A name that is taken or cannot be one, an empty brand; the store's.
    pub async fn create_product(&self, by: &By, name: &str, brand: &str) -> Result<ProductRow, AppError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        if name.is_empty() || name.len() > 40 || !name.bytes().all(plain) {
            let sentence = "A product's name is 1 to 40 lower-case letters, digits, `-` and `_`.".into();
            return Err(AppError::Invalid { field: "name", sentence });
        }
        if brand.trim().is_empty() || brand.chars().count() > 64 || brand.chars().any(char::is_control) {
            let sentence = "A brand is one line of 1 to 64 characters.".into();
            return Err(AppError::Invalid { field: "brand", sentence });
        }
        let row = ProductRow {
            product: ProductId(self.new_id()),
            name: name.to_owned(),
            brand: brand.trim().to_owned(),
            return_to: Vec::new(),
        };
        let (new, by, now) = (row.clone(), by.clone(), self.clock.now());
        let line = LineId::Installation;
        self.lines
            .change(vec![line], self.command_id(), move |tx| {
                if tx.products()?.iter().any(|p| p.name == new.name) {
                    let sentence = format!("There is a product `{}` already.", new.name);
                    return Err(AppError::Invalid { field: "name", sentence });
                }
                Ok(tx.put(line, &by, now, vec![Row::Product(new)])?)
            })
            .await?;
        Ok(row)
    }

    /// Keys that were not revoked, those that have ended by themselves too, by product and time.
    pub fn keys(&self) -> Vec<KeyRow> {
        let mut all: Vec<KeyRow> = self.installation().keys().cloned().collect();
        all.sort_by_key(|row| (row.product, row.created_at, row.key));
        all
    }

    /// Makes a key that takes another one's place: same product, name and scopes. The other one opens what it did for so many
    /// hours more, at most until its own end; for none, it is revoked in the same change (AB-109).
    ///
    /// # Errors
    /// An unknown key, one that is revoked or has ended, a time that cannot be; the store's.
    pub async fn rotate_key(&self, by: &By, key: KeyId, days: u32, overlap: u32) -> Result<NewKey, AppError> {
        const MOST_HOURS: u32 = 30 * 24;
        let invalid = |field, sentence: &str| AppError::Invalid { field, sentence: sentence.into() };
        if overlap > MOST_HOURS {
            return Err(invalid("overlap", "The overlap is at most 720 hours."));
        }
        let now = self.clock.now();
        let found = self.lines.read(move |from| from.host_key(key)).await?;
        let mut old = found.ok_or_else(|| invalid("key", "There is no such key."))?;
        if old.revoked_at.is_some() || now >= old.expires_at {
            return Err(invalid("key", "This key has ended. Make a new one with `bailiwick key create`."));
        }
        let (new, secret) = self.new_key(old.product, &old.name, old.scopes.clone(), days)?;
        if overlap == 0 {
            old.revoked_at = Some(now);
        } else {
            old.expires_at = old.expires_at.min(now.plus_seconds(i64::from(overlap) * 3600));
        }
        self.put_installation(by, now, vec![Row::Key(old), Row::Key(new.row.clone())], Some(secret)).await?;
        Ok(new)
    }

    /// A person by our id, the host's id of that product, or the address that they sign in with.
    ///
    /// # Errors
    /// The store's; `None`: nobody.
    pub async fn find_person(&self, product: ProductId, reference: &str) -> Result<Option<PersonCard>, AppError> {
        let (id, email) = (reference.parse().ok(), Email::parse(reference).ok());
        let reference = reference.to_owned();
        let found = self.lines.read(move |from| {
            let person = match (id, from.person_by_external_id(product, &reference)?, email) {
                (Some(id), _, _) | (None, Some(id), _) => Some(id),
                (None, None, Some(email)) => match from.find_address(&email)? {
                    Some(address) => from.person_at(address)?.map(|row| row.person),
                    None => None,
                },
                (None, None, None) => None,
            };
            Ok(from.cards(&person.into_iter().collect::<Vec<_>>())?.pop())
        });
        Ok(found.await?)
    }

    /// A workspace by our id or the host's id of that product; also one that was deleted.
    ///
    /// # Errors
    /// The store's; `None`: there is none.
    pub async fn find_workspace(
        &self,
        product: ProductId,
        reference: &str,
    ) -> Result<Option<Arc<Workspace>>, AppError> {
        let found = match reference.parse::<WorkspaceId>() {
            Ok(id) => Some(id),
            Err(_) => {
                let reference = reference.to_owned();
                self.lines.read(move |from| from.workspace_by_external_id(product, &reference)).await?
            }
        };
        match found {
            Some(id) => self.state(id).await,
            None => Ok(None),
        }
    }
}
