//! Another version of the model that the workspace is pinned to (X14).

use std::sync::Arc;

use crate::access::model::Model;
use crate::team::command::Actor;
use crate::team::event::Event;
use crate::team::express::express;
use crate::team::refusal::Refusal;

use super::{Decided, Decider};

impl Decider<'_> {
    pub(super) fn move_model(&self, model: &Arc<Model>) -> Decided {
        self.is_of_the_workspace()?;
        // A model is shared by all workspaces of the installation, so no host and no person moves one of them.
        let Actor::Operator = self.actor else { return Err(Refusal::NotAllowed("apply another access model")) };
        let (from, to) = (&self.state.model.version, &model.version);
        if from == to {
            return Ok(Vec::new());
        }
        express(self.state, model).map_err(Refusal::CannotExpress)?;
        Ok(vec![Event::ModelChanged { from: from.to_string(), to: to.to_string() }])
    }
}
