//! What a newer peer says in words that are not known here: read as the most harmless thing that it can mean, never a reason to
//! drop the frame around it. `docs/protocol.md` ("Versions") says what stands for what.
//!
//! Where a unit variant is the stand-in, it carries `#[serde(other)]`. The others are read by [`tolerant`].

/// Implements both traits for an enum that derives them for `remote = "Self"`: what the derived reader does not take is read as the given
/// fields, from which the stand-in is made.
macro_rules! tolerant {
    ($known:ident, Newer { $($field:ident: $kind:ty),* } => $stand_in:block) => {
        impl serde::Serialize for $known {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, to)
            }
        }

        impl<'de> serde::Deserialize<'de> for $known {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                #[serde(untagged)]
                enum Read {
                    Known(#[serde(deserialize_with = "Known::deserialize")] Known),
                    Newer { $($field: $kind),* },
                }
                type Known = $known;
                Ok(match <Read as serde::Deserialize>::deserialize(from)? {
                    Read::Known(known) => known,
                    Read::Newer { $($field),* } => $stand_in,
                })
            }
        }
    };
}

pub(crate) use tolerant;

/// A field whose value may be of a newer peer's making: what is not understood is read as its default. For fields of received frames, where a
/// value must never cost the frame around it; what the store keeps is read strictly.
pub(crate) fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de> + Default,
{
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Read<T> {
        Known(T),
        Newer(serde::de::IgnoredAny),
    }
    Ok(match <Read<T> as serde::Deserialize>::deserialize(from)? {
        Read::Known(known) => known,
        Read::Newer(_) => T::default(),
    })
}
