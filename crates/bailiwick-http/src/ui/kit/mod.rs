//! The parts that pages are assembled from: one idea a file, each a small function over plain data.

mod access;
mod arrival;
mod changes;
mod field;
mod grid;
mod levels;
mod link;
mod log;
mod menu;
mod meter;
mod panel;
mod person;
mod say;
mod select;
mod status;
mod switch;
mod when;

pub use access::{AccessForm, AccessLine, RoleCard, access_form, access_lines};
pub use arrival::not_arrived;
pub use changes::{Changes, changes};
pub use field::{Text, area, around, fault};
pub use grid::{BoxChange, BoxState, Grid, GridRow, PermissionBox, grid};
pub use levels::{LevelMeaning, LevelRow, Levels, Scope, levels};
pub use link::{Action, Link, action};
pub use log::{Actor, Delta, DeltaTable, Entry, entries};
pub use menu::{MenuItem, menu};
pub use meter::{Limit, Seats, limit, seats};
pub use panel::{Panel, head};
pub use person::{Size, avatar, open_avatar, person};
pub use say::{badge, caution, empty, notice, yes};
pub use select::{Choice, Select};
pub use status::{Mark, Status};
pub use switch::{Switch, check, switch};
pub use when::When;
