//! Macros that make a reader and a writer of JSON from one declaration of a type.
//!
//! Serde's derived readers of tagged enums were 213 KB of the WebAssembly; these weigh a few. A field's name is its name on the wire.

use wire::{AgentId, AttachmentId, ConversationId, MessageId, Seq, ServiceKeyId, SiteId, Token, VisitorId};

use crate::codec::json::{Json, Writer};

/// A value under a name in an object.
pub(crate) trait Value: Sized {
    /// None when it is not such a value.
    fn read(json: &Json) -> Option<Self>;
    /// Under a name of the object that is open.
    fn write(&self, name: &str, to: &mut Writer);
}

/// A value that is an object: a frame, or a part of one.
pub(crate) trait Object: Sized {
    /// None when it is no such object.
    fn read_fields(json: &Json) -> Option<Self>;
    /// Into the object that is open.
    fn write_fields(&self, to: &mut Writer);
}

/// Objects whose every field has a value. `name = default` may be missing and is not written when it is its default.
macro_rules! object {
    ($($Type:ident { $($field:ident $(= $default:ident)?),* $(,)? })*) => {$(
        impl Object for $Type {
            fn read_fields(json: &Json) -> Option<Self> {
                Some(Self { $($field: object!(@read json $field $($default)?)),* })
            }

            fn write_fields(&self, to: &mut Writer) {
                $(object!(@write to self $field $($default)?);)*
            }
        }

        object!(@value $Type);
    )*};
    (@value $Type:ident) => {
        impl Value for $Type {
            fn read(json: &Json) -> Option<Self> {
                Self::read_fields(json)
            }

            fn write(&self, name: &str, to: &mut Writer) {
                to.open(name);
                self.write_fields(to);
                to.close();
            }
        }
    };
    (@read $json:ident $field:ident) => { Value::read($json.get(stringify!($field)))? };
    (@read $json:ident $field:ident default) => { Value::read($json.get(stringify!($field))).unwrap_or_default() };
    (@write $to:ident $self:ident $field:ident) => { $self.$field.write(stringify!($field), $to) };
    (@write $to:ident $self:ident $field:ident default) => {
        if !is_default(&$self.$field) {
            $self.$field.write(stringify!($field), $to);
        }
    };
}

/// Enums whose variants are told apart by a text under a name. A text that is not among them, or a variant that lacks a field, is read as the
/// last expression says; variants that are not named here are never written by this side.
macro_rules! tagged {
    ($Type:ident by $tag:literal {
        $($Name:ident = $kind:literal $({ $($field:ident),* $(,)? })?,)*
    } $(else |$json:ident| $other:expr)?) => {
        impl Object for $Type {
            fn read_fields(json: &Json) -> Option<Self> {
                tagged!(@or json $tag, $Type { $($Name = $kind $({ $($field),* })?,)* } $(else |$json| $other)?)
            }

            #[allow(unreachable_patterns, clippy::wildcard_enum_match_arm, reason = "some enums are named whole, some in part")]
            fn write_fields(&self, to: &mut Writer) {
                match self {
                    $(Self::$Name $({ $($field),* })? => {
                        to.text($tag, $kind);
                        $($($field.write(stringify!($field), to);)*)?
                    })*
                    _ => {}
                }
            }
        }

        object!(@value $Type);
    };
    (@or $from:ident $tag:literal, $Type:ident { $($known:tt)* }) => {
        tagged!(@known $from $tag, $Type { $($known)* })
    };
    (@or $from:ident $tag:literal, $Type:ident { $($known:tt)* } else |$json:ident| $other:expr) => {{
        // A kind has a name. serde takes a number or a list, too, and would read something else.
        $from.get($tag).text()?;
        let known = || -> Option<Self> { tagged!(@known $from $tag, $Type { $($known)* }) };
        let $json = $from;
        known().or_else(|| $other)
    }};
    (@known $from:ident $tag:literal, $Type:ident {
        $($Name:ident = $kind:literal $({ $($field:ident),* })?,)*
    }) => {
        Some(match $from.get($tag).text()? {
            $($kind => $Type::$Name $({ $($field: Value::read($from.get(stringify!($field)))?),* })?,)*
            _ => return None,
        })
    };
}

/// Enums that are one text. The last one stands for every text that is not known here; without one such a text is no value.
macro_rules! choice {
    ($($Type:ident { $($Name:ident = $word:literal),* $(; else $Else:ident = $else:literal)? })*) => {$(
        impl Value for $Type {
            fn read(json: &Json) -> Option<Self> {
                match json.text()? {
                    $($word => Some(Self::$Name),)*
                    _ => choice!(@else Self $($Else)?),
                }
            }

            fn write(&self, name: &str, to: &mut Writer) {
                to.text(name, match self {
                    $(Self::$Name => $word,)*
                    $(Self::$Else => $else,)?
                });
            }
        }
    )*};
    (@else $Self:ident $Else:ident) => { Some($Self::$Else) };
    (@else $Self:ident) => { None };
}

pub(crate) use {choice, object, tagged};

/// Whether a field need not be written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

macro_rules! ids {
    ($($Id:ident),*) => {$(
        impl Value for $Id {
            fn read(json: &Json) -> Option<Self> {
                uuid(json).map(Self)
            }

            fn write(&self, name: &str, to: &mut Writer) {
                to.text(name, &MessageId(self.0).text());
            }
        }
    )*};
}

ids!(AgentId, AttachmentId, ConversationId, MessageId, ServiceKeyId, VisitorId);

/// All ids have one form on the wire.
fn uuid(json: &Json) -> Option<u128> {
    Some(json.text()?.parse::<MessageId>().ok()?.0)
}

macro_rules! numbers {
    ($($Number:ident),*) => {$(
        impl Value for $Number {
            fn read(json: &Json) -> Option<Self> {
                Self::try_from(json.number()?).ok()
            }

            fn write(&self, name: &str, to: &mut Writer) {
                to.number(name, u64::from(*self));
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64);

impl Value for Seq {
    fn read(json: &Json) -> Option<Self> {
        json.number().map(Self)
    }

    fn write(&self, name: &str, to: &mut Writer) {
        to.number(name, self.0);
    }
}

impl Value for bool {
    fn read(json: &Json) -> Option<Self> {
        json.bool()
    }

    fn write(&self, name: &str, to: &mut Writer) {
        to.bool(name, *self);
    }
}

impl Value for String {
    fn read(json: &Json) -> Option<Self> {
        json.text().map(str::to_owned)
    }

    fn write(&self, name: &str, to: &mut Writer) {
        to.text(name, self);
    }
}

impl Value for SiteId {
    fn read(json: &Json) -> Option<Self> {
        json.text()?.parse().ok()
    }

    fn write(&self, name: &str, to: &mut Writer) {
        to.text(name, self.as_str());
    }
}

impl Value for Token {
    fn read(json: &Json) -> Option<Self> {
        json.text()?.parse().ok()
    }

    fn write(&self, name: &str, to: &mut Writer) {
        to.text(name, self.reveal());
    }
}

impl<T: Value> Value for Option<T> {
    fn read(json: &Json) -> Option<Self> {
        if *json == Json::Null { Some(None) } else { T::read(json).map(Some) }
    }

    fn write(&self, name: &str, to: &mut Writer) {
        match self {
            Some(value) => value.write(name, to),
            None => to.null(name),
        }
    }
}

impl<T: Object> Value for Vec<T> {
    fn read(json: &Json) -> Option<Self> {
        let list = json.list()?;
        let mut values = Self::with_capacity(list.len());
        for item in list {
            values.push(T::read_fields(item)?);
        }
        Some(values)
    }

    fn write(&self, name: &str, to: &mut Writer) {
        to.open_list(name);
        for item in self {
            to.item();
            item.write_fields(to);
            to.close();
        }
        to.close_list();
    }
}
