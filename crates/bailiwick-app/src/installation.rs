//! Products, models and hosts' keys: few, read often, so all of them in memory.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use bailiwick_core::access::model::Model;
use bailiwick_core::access::parse::{parse, parse_stored};
use bailiwick_core::ids::{KeyId, ProductId};
use bailiwick_core::time::Timestamp;
use bailiwick_store::rows::{By, KeyRow, LineId, ModelRow, ProductRow, Row, SecretKind, SecretRow};
use bailiwick_store::{Changed, StoreError};

use crate::app::App;
use crate::caller::{Caller, Scope, Who};
use crate::error::AppError;
use crate::keys::hex;
use crate::lines::Lines;
use crate::secret::{Token, sha256};
use crate::webhooks::of_revoked;

/// The id of the product that every installation begins with.
pub const DEFAULT_PRODUCT: ProductId = ProductId(1);

/// The installation's line in memory; replaced whole after each change, before the change is acknowledged.
#[derive(Default)]
pub(crate) struct Installations {
    now: RwLock<Arc<Installation>>,
    /// One reload at a time: of two at once, the one that read first must not be the one that stays.
    reloading: tokio::sync::Mutex<()>,
}

/// What the installation holds.
#[derive(Default)]
pub struct Installation {
    /// Its products.
    pub products: Vec<ProductRow>,
    /// Compiled models by version.
    pub models: HashMap<String, Arc<Model>>,
    /// Name and version of each model, oldest first.
    versions: Vec<(String, String)>,
    keys: HashMap<[u8; 32], KeyRow>,
}

impl Installations {
    pub fn now(&self) -> Arc<Installation> {
        Arc::clone(&self.now.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Reads all of it anew.
    pub async fn reload(&self, lines: &Lines) -> Result<(), AppError> {
        let _alone = self.reloading.lock().await;
        let fresh = Arc::new(Installation::read(lines).await?);
        *self.now.write().unwrap_or_else(std::sync::PoisonError::into_inner) = fresh;
        Ok(())
    }
}

impl Installation {
    async fn read(lines: &Lines) -> Result<Self, AppError> {
        let whole = lines.read(|from| {
            from.understood(LineId::Installation)?;
            Ok((from.products()?, from.models()?, from.keys()?))
        });
        let (products, models, keys) = whole.await?;
        let mut this =
            Self { products, keys: keys.into_iter().map(|(row, hash)| (hash, row)).collect(), ..Self::default() };
        for row in models {
            let model = parse_stored(&row.text, &row.version).map_err(|faults| StoreError::Fenced {
                line: "the installation".into(),
                why: faults.report(&row.name),
            })?;
            this.versions.push((row.name, row.version.clone()));
            this.models.insert(row.version, Arc::new(model));
        }
        Ok(this)
    }

    /// The newest model of a name.
    pub fn model_named(&self, name: &str) -> Option<Arc<Model>> {
        let newest = self.versions.iter().rfind(|(of, _)| of == name);
        newest.and_then(|(_, version)| self.models.get(version)).cloned()
    }

    /// The name of a model by its version.
    pub fn name_of(&self, version: &str) -> Option<String> {
        self.versions.iter().find(|(_, of)| of == version).map(|(name, _)| name.clone())
    }

    /// The versions of a model by its name, oldest first.
    pub fn versions_of(&self, name: &str) -> Vec<String> {
        self.versions.iter().filter(|(of, _)| of == name).map(|(_, version)| version.clone()).collect()
    }

    /// The model of a version.
    ///
    /// # Errors
    /// There is none.
    pub fn model(&self, version: &str) -> Result<Arc<Model>, AppError> {
        let sentence = || format!("There is no version {version} here.");
        self.models.get(version).cloned().ok_or_else(|| AppError::Invalid { field: "model", sentence: sentence() })
    }

    /// Hosts' keys that were not revoked.
    pub fn keys(&self) -> impl Iterator<Item = &KeyRow> {
        self.keys.values()
    }

    /// A product by id.
    pub fn product(&self, id: ProductId) -> Option<&ProductRow> {
        self.products.iter().find(|p| p.product == id)
    }
}

/// A host's key as it is made: the only moment that its secret is shown.
pub struct NewKey {
    /// The key.
    pub row: KeyRow,
    /// Its secret.
    pub token: Token,
}

impl App {
    /// The installation as it is now.
    pub fn installation(&self) -> Arc<Installation> {
        self.lines.installations().now()
    }

    /// Makes sure of the product that every installation begins with, and of these models, by name and text.
    ///
    /// # Errors
    /// A model that does not compile, with its faults; the store's.
    pub async fn ensure(&self, by: &By, brand: &str, models: &[(&str, &str)]) -> Result<(), AppError> {
        let known = self.installation();
        let now = self.clock.now();
        let mut rows = Vec::new();
        if known.product(DEFAULT_PRODUCT).is_none() {
            rows.push(Row::Product(ProductRow {
                product: DEFAULT_PRODUCT,
                name: "default".into(),
                brand: brand.into(),
                return_to: Vec::new(),
            }));
        }
        for (name, text) in models {
            let version = hex(&sha256(text.as_bytes()));
            parse(text, &version)
                .map_err(|faults| AppError::Invalid { field: "model", sentence: faults.report(name) })?;
            if !known.models.contains_key(&version) {
                let row = ModelRow { version, name: (*name).into(), text: (*text).into(), created_at: now };
                rows.push(Row::Model(row));
            }
        }
        self.put_installation(by, now, rows, None).await
    }

    /// Makes a key for a product's host.
    ///
    /// # Errors
    /// An unknown product, a name or time that cannot be; the store's.
    pub async fn create_key(
        &self,
        by: &By,
        product: ProductId,
        name: &str,
        scopes: &[Scope],
        days: u32,
    ) -> Result<NewKey, AppError> {
        let scopes = scopes.iter().map(|s| s.name().to_owned()).collect();
        let (new, secret) = self.new_key(product, name, scopes, days)?;
        self.put_installation(by, new.row.created_at, vec![Row::Key(new.row.clone())], Some(secret)).await?;
        Ok(new)
    }

    /// A key from now on, with the row of its secret; nothing is written.
    pub(crate) fn new_key(
        &self,
        product: ProductId,
        name: &str,
        scopes: Vec<String>,
        days: u32,
    ) -> Result<(NewKey, SecretRow), AppError> {
        const MOST_DAYS: u32 = 366;
        if self.installation().product(product).is_none() {
            return Err(AppError::Invalid { field: "product", sentence: "There is no such product.".into() });
        }
        if days == 0 || days > MOST_DAYS {
            return Err(AppError::Invalid { field: "days", sentence: "A key lasts 1 to 366 days.".into() });
        }
        let now = self.clock.now();
        let row = KeyRow {
            key: KeyId(self.new_id()),
            product,
            name: name.into(),
            scopes,
            created_at: now,
            expires_at: now.plus_days(days),
            revoked_at: None,
        };
        let token = Token::new(SecretKind::HostKey, product.0, self.random.secret());
        let secret = SecretRow {
            hash: token.hash(),
            kind: SecretKind::HostKey,
            line: product.bytes(),
            object: row.key.bytes(),
            generation: 1,
            expires_at: row.expires_at,
            bound_to: None,
        };
        Ok((NewKey { row, token }, secret))
    }

    /// Revokes a key: from the acknowledgement on it opens nothing, and nothing is sent where it had webhooks sent.
    ///
    /// # Errors
    /// An unknown key; the store's.
    pub async fn revoke_key(&self, by: &By, key: KeyId) -> Result<(), AppError> {
        let (now, by, line) = (self.clock.now(), by.clone(), LineId::Installation);
        let revoked = self.lines.change(vec![line], self.command_id(), move |tx| {
            let Some(mut row) = tx.host_key(key)? else {
                return Err(AppError::Invalid { field: "key", sentence: "There is no such key.".into() });
            };
            row.revoked_at.get_or_insert(now);
            let mut rows = of_revoked(tx, &row, now)?;
            rows.push(Row::Key(row));
            Ok(tx.put(line, &by, now, rows)?)
        });
        revoked.await.map(|_| ())
    }

    /// Sets where people of a product may be sent back to.
    ///
    /// # Errors
    /// An unknown product; an address that is neither `https` nor `http` on this machine.
    pub async fn set_return_addresses(
        &self,
        by: &By,
        product: ProductId,
        addresses: Vec<String>,
    ) -> Result<(), AppError> {
        let Some(mut row) = self.installation().product(product).cloned() else {
            return Err(AppError::Invalid { field: "product", sentence: "There is no such product.".into() });
        };
        let fine = |a: &String| {
            a.starts_with("https://") || a.starts_with("http://localhost") || a.starts_with("http://127.0.0.1")
        };
        if !addresses.iter().all(fine) {
            return Err(AppError::Invalid {
                field: "return_to",
                sentence: "A return address is a whole https address.".into(),
            });
        }
        row.return_to = addresses;
        self.put_installation(by, self.clock.now(), vec![Row::Product(row)], None).await
    }

    pub(crate) async fn put_installation(
        &self,
        by: &By,
        at: Timestamp,
        rows: Vec<Row>,
        secret: Option<SecretRow>,
    ) -> Result<(), AppError> {
        if rows.is_empty() {
            return Ok(());
        }
        let by = by.clone();
        let line = LineId::Installation;
        let _: Changed<()> = self
            .lines
            .change(vec![line], self.command_id(), move |tx| -> Result<(), AppError> {
                tx.put(line, &by, at, rows)?;
                if let Some(secret) = secret {
                    tx.put_secret(secret)?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// The caller of a host's key, if the key is one, alive, and of a product that exists.
    ///
    /// # Errors
    /// [`AppError::NotSignedIn`] for every reason alike; [`AppError::Unsure`].
    pub fn host_caller(&self, key: &str) -> Result<Caller, AppError> {
        let token = Token::parse(SecretKind::HostKey, key).ok_or(AppError::NotSignedIn)?;
        let pass = self.lines.enter()?;
        let installation = self.installation();
        let row = installation.keys.get(&token.hash()).ok_or(AppError::NotSignedIn)?;
        if self.clock.now() >= row.expires_at {
            return Err(AppError::NotSignedIn);
        }
        if !self.lines.still(&pass) {
            return Err(AppError::Unsure);
        }
        let scopes = row.scopes.iter().filter_map(|name| Scope::parse(name)).collect();
        Ok(Caller { who: Who::Host { key: row.key, product: row.product, scopes }, origin: None })
    }
}
