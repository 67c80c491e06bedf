//! Built-in roles by name. Custom roles are named by GUID or id.

use std::sync::LazyLock;

use crate::names::RoleId;

static ROLES: LazyLock<Vec<(&'static str, RoleId)>> = LazyLock::new(|| {
    let rows = include_str!("data/roles.tsv").lines().skip(1);
    rows.map(|row| {
        let (name, guid) = row.split_once('\t').expect("BUG: roles.tsv: name and GUID");
        (name, guid.parse().expect("BUG: roles.tsv: a GUID"))
    })
    .collect()
});

/// A built-in role by its name; case does not matter.
pub fn role_by_name(name: &str) -> Option<RoleId> {
    ROLES.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, id)| *id)
}

/// The name of a built-in role.
pub fn role_name(role: RoleId) -> Option<&'static str> {
    ROLES.iter().find(|(_, id)| *id == role).map(|(n, _)| *n)
}

/// The names that [`role_by_name`] knows.
pub fn role_names() -> impl Iterator<Item = &'static str> {
    ROLES.iter().map(|(n, _)| *n)
}
