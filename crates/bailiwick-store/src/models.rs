//! Access models, compiled once a process. A version is the hash of its text, so what was compiled never goes stale,
//! not even when the change that brought it was rolled back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bailiwick_core::access::model::Model;
use bailiwick_core::access::parse::parse;

use crate::error::StoreError;

/// The models that were compiled so far.
#[derive(Debug, Default)]
pub(crate) struct Models(Mutex<HashMap<String, Arc<Model>>>);

impl Models {
    /// The model of a version, whose text is asked for if it was not compiled yet.
    pub(crate) fn get(
        &self,
        version: &str,
        text: impl FnOnce() -> Result<Option<String>, StoreError>,
    ) -> Result<Arc<Model>, StoreError> {
        if let Some(model) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(version) {
            return Ok(Arc::clone(model));
        }
        let misfit = |why: String| StoreError::Fenced { line: format!("model {version}"), why };
        let text = text()?.ok_or_else(|| misfit("it was never registered".into()))?;
        if hash(&text) != version {
            return Err(misfit("its text is not what it was named after".into()));
        }
        let model = Arc::new(parse(&text, version).map_err(|faults| misfit(faults.to_string()))?);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(version.to_owned(), Arc::clone(&model));
        Ok(model)
    }
}

/// The name of a model's version: SHA-256 of its text, in hex.
pub fn hash(text: &str) -> String {
    use std::fmt::Write;
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
