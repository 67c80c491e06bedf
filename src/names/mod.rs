//! One type per noun. Parsing is the only constructor and applies Azure's rules; nothing here does I/O.

mod address;
mod arm_id;
mod guid;
mod location;
mod word;

pub use address::{Address, AddressError};
pub use arm_id::{ArmId, ArmIdError};
pub use guid::{GuidError, PrincipalId, RoleAssignmentId, RoleId};
pub use location::Location;
pub use word::{
    CorrelationId, EnvName, Etag, Lineage, NameError, OperationUrl, ResourceGroupName, Serial, StepId, SubscriptionId,
};
