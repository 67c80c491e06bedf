//! The shapes that values may have.

use indexmap::IndexMap;

/// Index of a shape in a schema's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShapeId(pub(super) usize);

/// What a value may look like.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Text, with its length in characters and the pattern the specification gives.
    Text {
        /// Fewest characters.
        min: Option<u64>,
        /// Most characters.
        max: Option<u64>,
        /// A regular expression, as the specification writes it.
        pattern: Option<String>,
        /// Never printed or recorded in clear.
        secret: bool,
    },
    /// One of a list of words; an open list may grow on Azure's side.
    Enum {
        /// The known words.
        values: Vec<String>,
        /// Whether Azure may take others.
        open: bool,
    },
    /// A whole number.
    Integer {
        /// Smallest.
        min: Option<i64>,
        /// Largest.
        max: Option<i64>,
    },
    /// Any number.
    Number,
    /// A truth value.
    Bool,
    /// Anything.
    Any,
    /// Named properties, and, where `additional` is set, free keys.
    Object {
        /// By ARM's own name.
        properties: IndexMap<String, Property>,
        /// The shape of the values of free keys.
        additional: Option<ShapeId>,
    },
    /// A list.
    List {
        /// The elements' shape.
        of: ShapeId,
        /// Most elements.
        max: Option<u64>,
    },
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// What its value looks like.
    pub shape: ShapeId,
    /// Must be there in a create.
    pub required: bool,
    /// Azure sets it; a request does not.
    pub read_only: bool,
    /// Azure never answers it.
    pub write_only: bool,
    /// Part of the resource's id rather than its body.
    pub identifier: bool,
    /// Landfall expresses it in another way (`agentPoolProfiles` are `nodePools`).
    pub hidden: bool,
    /// Stands beside `properties` in ARM's body, not in it.
    pub envelope: bool,
}

impl Property {
    /// Whether a person may write it in an environment file.
    pub fn writable(&self) -> bool {
        !self.read_only && !self.hidden
    }
}
