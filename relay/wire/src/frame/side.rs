//! Frames by side: each frame is declared once, in the group of those who may send or receive it, and each side gets an enum of its own.
//!
//! So a visitor's connection cannot even decode what only agents may send, and a chat cannot decode what only consoles receive.

/// Declares the frames of one direction, each with its `type` on the wire, in three groups. Makes of them
/// - an enum of all, for whoever writes to both sides or is none of them (tests, tools);
/// - one for each side: the group `both` and the side's own;
/// - the ways from a side's enum to that of all and, where the frame is one of the side's, back.
macro_rules! by_side {
    (
        $(#[$all_doc:meta])* all $All:ident;
        $(#[$visitor_doc:meta])* visitor $Visitor:ident;
        $(#[$agent_doc:meta])* agent $Agent:ident;
        neither { $($neither:tt)* }
        both { $($both:tt)* }
        visitor { $($own_visitor:tt)* }
        agent { $($own_agent:tt)* }
    ) => {
        $crate::frame::side::by_side!(@enum $(#[$all_doc])* $All { $($neither)* $($both)* $($own_visitor)* $($own_agent)* });
        $crate::frame::side::by_side!(@enum $(#[$visitor_doc])* $Visitor { $($both)* $($own_visitor)* });
        $crate::frame::side::by_side!(@enum $(#[$agent_doc])* $Agent { $($both)* $($own_agent)* });
        $crate::frame::side::by_side!(@ways $All $Visitor { $($both)* $($own_visitor)* });
        $crate::frame::side::by_side!(@ways $All $Agent { $($both)* $($own_agent)* });
    };

    (@enum $(#[$enum_doc:meta])* $Enum:ident {
        $($(#[$doc:meta])* $Name:ident = $kind:literal $({ $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })?;)*
    }) => {
        $(#[$enum_doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "type")]
        pub enum $Enum {
            $($(#[$doc])* #[serde(rename = $kind)] $Name $({ $($(#[$field_doc])* $field: $type,)* })?,)*
        }

        impl $Enum {
            /// The `type` of every frame of these: it tells the frame of a newer peer from a malformed one.
            pub const TYPES: &'static [&'static str] = &[$($kind),*];
        }
    };

    (@ways $All:ident $Side:ident {
        $($(#[$doc:meta])* $Name:ident = $kind:literal $({ $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })?;)*
    }) => {
        impl From<$Side> for $All {
            fn from(frame: $Side) -> Self {
                match frame {
                    $($Side::$Name $({ $($field),* })? => Self::$Name $({ $($field),* })?,)*
                }
            }
        }

        impl TryFrom<$All> for $Side {
            /// The frame is not one of this side's; here it is again.
            type Error = $All;

            fn try_from(frame: $All) -> Result<Self, $All> {
                match frame {
                    $($All::$Name $({ $($field),* })? => Ok(Self::$Name $({ $($field),* })?),)*
                    other => Err(other),
                }
            }
        }
    };
}

pub(crate) use by_side;
