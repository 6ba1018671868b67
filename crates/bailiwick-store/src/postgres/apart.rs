//! A thread apart, with a runtime of its own, for what nodes tell each other. A lease is renewed in time however busy the
//! rest of the process is; and a wake-up wakes one thread, where on the others' runtime it would wake whoever may be free
//! to help.

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::error::StoreError;
use crate::tables::db::Out;

/// The thread; it ends when this is dropped.
pub(super) struct Apart {
    handle: Handle,
    _ends: oneshot::Sender<()>,
}

impl Apart {
    /// Begins it.
    pub(super) fn begin() -> Out<Self> {
        let cannot = |error| StoreError::Database(format!("no thread for what nodes tell each other: {error}"));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot)?;
        let (handle, (ends, over)) = (runtime.handle().clone(), oneshot::channel());
        let drive = move || {
            let _: Result<(), _> = runtime.block_on(over);
        };
        std::thread::Builder::new().name("node".to_owned()).spawn(drive).map_err(cannot)?;
        Ok(Self { handle, _ends: ends })
    }

    /// Its runtime.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}
