//! What can be seen of a server and its database without changing anything; `bailiwick doctor` judges it.

use std::collections::BTreeMap;

use bailiwick_core::time::Timestamp;

use super::connect::{Conn, Dialer, Purpose};
use super::{Options, migrate};
use crate::error::StoreError;
use crate::query::postgres as q;
use crate::readers::KNOWN;
use crate::tables::db::{Cells, Out};

/// A connection to look through.
pub struct Look(Conn);

/// What the server says of itself and of this connection.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its version.
    pub version: String,
    /// The version of TLS, if what is said is encrypted.
    pub tls: Option<String>,
    /// Whether server and client are one machine.
    pub is_here: bool,
    /// Settings by name, as a session gets them: `fsync`, `full_page_writes`, `synchronous_commit`,
    /// `synchronous_standby_names`, `wal_level`.
    pub settings: BTreeMap<String, String>,
    /// How many standbys are connected.
    pub standbys: u64,
}

/// What the role may.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Whether it may everything.
    pub is_superuser: bool,
    /// Whether it may make or change tables.
    pub may_define: bool,
    /// Whether it may change or delete what is in the log.
    pub may_change_log: bool,
}

/// A node's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What operators call it.
    pub name: String,
    /// How far it has applied the feed.
    pub applied: u64,
}

impl Look {
    /// Connects as the role of a URL.
    ///
    /// # Errors
    /// [`StoreError::Database`] if the server cannot be reached, or refuses.
    pub async fn at(url: &str, options: &Options) -> Result<Self, StoreError> {
        Ok(Self(Dialer::new(url, options)?.connect(Purpose::Node).await?))
    }

    /// The server.
    ///
    /// # Errors
    /// The database's.
    pub async fn server(&self) -> Result<Server, StoreError> {
        let row = self.0.client.query_one(q::CHANNEL, &[]).await?;
        let mut c = Cells::of(&row);
        let (version, tls, address) = (c.text()?, c.get::<Option<String>>()?, c.get::<Option<String>>()?);
        // Over a Unix socket there is no address.
        let is_here = address.is_none_or(|address| address.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()));
        let settings = self.0.client.query(q::SETTINGS, &[]).await?;
        let setting = |row: &tokio_postgres::Row| {
            let mut c = Cells::of(row);
            Ok((c.text()?, c.text()?))
        };
        let settings = settings.iter().map(setting).collect::<Out<_>>()?;
        let standbys = Cells::of(&self.0.client.query_one(q::STANDBYS, &[]).await?).number()?;
        Ok(Server { version, tls, is_here, settings, standbys })
    }

    /// The newest migration of the database, beside which this program can be at work, and the newest that this program
    /// knows.
    ///
    /// # Errors
    /// [`StoreError::Older`], [`StoreError::Outdated`]; [`StoreError::Database`] if the tables cannot be read.
    pub async fn schema(&self) -> Result<(u32, u32), StoreError> {
        Ok((migrate::look(&self.0).await?, KNOWN))
    }

    /// The role, on a database that was migrated.
    ///
    /// # Errors
    /// The database's.
    pub async fn role(&self) -> Result<Role, StoreError> {
        role(&self.0).await
    }

    /// The server's wall time.
    ///
    /// # Errors
    /// The database's.
    pub async fn clock(&self) -> Result<Timestamp, StoreError> {
        Cells::of(&self.0.client.query_one(q::CLOCK, &[]).await?).time()
    }

    /// Where the feed stands, and after that the nodes' rows.
    ///
    /// # Errors
    /// The database's.
    pub async fn nodes(&self) -> Result<(u64, Vec<Node>), StoreError> {
        let head = Cells::of(&self.0.client.query_one(crate::query::log::HEAD, &[]).await?).number()?;
        let rows = self.0.client.query(q::NODES_BY_NAME, &[]).await?;
        let node = |row: &tokio_postgres::Row| {
            let mut c = Cells::of(row);
            Ok(Node { name: c.text()?, applied: c.number()? })
        };
        Ok((head, rows.iter().map(node).collect::<Out<_>>()?))
    }
}

/// The role of a connection.
pub(super) async fn role(conn: &Conn) -> Out<Role> {
    let row = conn.client.query_one(q::ROLE, &[]).await?;
    let mut c = Cells::of(&row);
    Ok(Role { name: c.text()?, is_superuser: c.get()?, may_define: c.get()?, may_change_log: c.get()? })
}
