//! Any text as a name: it is refused, or it prints so that it reads as the same name.

#![no_main]

use std::fmt::Display;
use std::str::FromStr;

use landfall::document::Path;
use landfall::names::{
    Address, ArmId, CorrelationId, EnvName, Etag, Lineage, Location, OperationUrl, PrincipalId, ResourceGroupName,
    RoleAssignmentId, RoleId, StepId, SubscriptionId,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(address) = same::<Address>(text) {
        let mut above = address.parent();
        while let Some(parent) = above {
            assert!(address.within(&parent) && !parent.within(&address), "{address} lies in {parent}");
            above = parent.parent();
        }
        assert!(address.as_str().contains(address.collection()) && address.as_str().contains(address.name()));
    }
    if let Ok(id) = ArmId::parse(text) {
        assert_eq!(id.as_str(), text.strip_suffix('/').unwrap_or(text), "an id prints as it was received");
        let folded = ArmId::parse(&text.to_ascii_uppercase()).expect("case does not matter");
        assert!(folded == id && folded.key() == id.key(), "{id} compares without case");
        drop((id.subscription(), id.resource_group(), id.group_id(), id.resource_type(), id.name()));
        if let Some(parent) = id.parent() {
            assert!(id.within(&parent), "{id} lies in {parent}");
        }
    }
    if let Some(path) = Path::parse(text) {
        let printed = path.to_string();
        assert_eq!(Path::parse(&printed), Some(path), "{printed} reads as it was");
    }
    same::<EnvName>(text);
    same::<SubscriptionId>(text);
    same::<ResourceGroupName>(text);
    same::<StepId>(text);
    same::<Etag>(text);
    same::<Lineage>(text);
    same::<CorrelationId>(text);
    same::<OperationUrl>(text);
    same::<PrincipalId>(text);
    same::<RoleId>(text);
    same::<RoleAssignmentId>(text);
    drop(RoleId::from_guid_or_id(text).map_err(|why| why.to_string()));
    assert_eq!(Location::new(Location::new(text).as_str()), Location::new(text));
});

fn same<T>(text: &str) -> Option<T>
where
    T: FromStr<Err: Display> + Display + PartialEq,
{
    match text.parse::<T>() {
        Ok(name) => {
            let printed = name.to_string();
            let again = printed.parse::<T>().unwrap_or_else(|why| panic!("{printed}: {why}"));
            assert!(again == name, "{printed} reads as another name");
            Some(name)
        }
        Err(why) => {
            drop(why.to_string());
            None
        }
    }
}
