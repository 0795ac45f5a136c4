//! Sites: the brands or regions that visitors write from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wire::limit::NAME_CHARS_MAX;

use crate::body::{Body, Problems};
use crate::colour::{CONTRAST_MIN, Colour};
use crate::image::Image;
use crate::language::Language;
use crate::origin::Origin;
use crate::role::{BuiltInRole, GRACE_DAYS_MAX};
use crate::{Kind, ProblemCode, Right, Schema, Shape};

/// A brand or region that visitors write from. Its document's id is the site's id in the snippet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Its name in the chat's header.
    pub name: String,
    /// Web origins whose pages may show the chat, in the owner's order.
    #[serde(default)]
    pub origins: Vec<Origin>,
    /// Its colours.
    #[serde(default)]
    pub colours: Colours,
    /// The image in the chat's header while no agent has the conversation.
    pub logo: Option<Image>,
    /// On which side of the page the launcher is.
    #[serde(default)]
    pub side: Side,
    /// What the chat shows first.
    #[serde(default)]
    pub start: Start,
    /// Languages that the chat offers.
    #[serde(default = "english")]
    pub languages: Vec<Language>,
    /// The language for visitors whose own is not offered.
    #[serde(default = "english_tag")]
    pub default_language: Language,
    /// What the chat says before the first message, by language; the product's own text where there is none.
    #[serde(default)]
    pub greeting: BTreeMap<Language, String>,
    /// What it says while nobody is there, by language; the same.
    #[serde(default)]
    pub offline: BTreeMap<Language, String>,
    /// Whether the chat says that nobody asks for passwords.
    #[serde(default = "yes")]
    pub password_notice: bool,
    /// Whether visitors may attach files.
    #[serde(default = "yes")]
    pub attachments: bool,
    /// Who may begin a conversation.
    #[serde(default)]
    pub who_may_start: WhoMayStart,
    /// When a conversation goes on without somebody; the relay's own times where there is none.
    #[serde(default)]
    pub times: Times,
    /// How long what visitors leave is kept.
    #[serde(default)]
    pub retention: Retention,
    /// Which built-in roles need a second factor here. Roles of one's own say it themselves.
    #[serde(default)]
    pub second_factor: SecondFactorDays,
}

/// For how many days after a built-in role was given whoever has it on the site may still sign in without a second factor. None asks for none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecondFactorDays {
    /// The role `agent`.
    pub agent_grace_days: Option<u32>,
    /// The role `supervisor`.
    pub supervisor_grace_days: Option<u32>,
    /// The role `administrator`.
    pub administrator_grace_days: Option<u32>,
}

impl SecondFactorDays {
    /// Those of a role.
    #[must_use]
    pub const fn of(&self, role: BuiltInRole) -> Option<u32> {
        match role {
            BuiltInRole::Agent => self.agent_grace_days,
            BuiltInRole::Supervisor => self.supervisor_grace_days,
            BuiltInRole::Administrator => self.administrator_grace_days,
        }
    }
}

/// A site's accent by theme, and the text on it. Their contrast is at least [`CONTRAST_MIN`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Colours {
    /// The accent where the chat is light.
    pub light: Colour,
    /// Text on it.
    pub text_on_light: Colour,
    /// The accent where the chat is dark.
    pub dark: Colour,
    /// Text on it.
    pub text_on_dark: Colour,
}

impl Default for Colours {
    /// Those of `www/tokens.css`.
    fn default() -> Self {
        Self {
            light: Colour::new(0x0f, 0x76, 0x6e),
            text_on_light: Colour::new(0xff, 0xff, 0xff),
            dark: Colour::new(0x5e, 0xea, 0xd4),
            text_on_dark: Colour::new(0x04, 0x21, 0x1e),
        }
    }
}

/// A side of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// At the left edge.
    Left,
    /// At the right edge.
    #[default]
    Right,
}

/// What the chat shows first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The conversation.
    #[default]
    Talk,
    /// The start page.
    Home,
}

/// Who may begin a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhoMayStart {
    /// Every visitor.
    #[default]
    Everybody,
    /// Visitors whom the site has identified.
    Identified,
}

/// Times of a conversation, in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Times {
    /// A visitor in the queue who is gone for so long has left.
    pub left_after_seconds: Option<u32>,
    /// They have left for so long with words unanswered: a message.
    pub message_after_seconds: Option<u32>,
    /// The visitor of an agent's conversation is gone for so long: the agent has room again.
    pub owned_left_after_seconds: Option<u32>,
}

/// After how many days what visitors leave is removed, counted from the end of the conversation. None keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Texts of messages and notes, labels, words beside ratings.
    pub texts_days: Option<u32>,
    /// Who visitors are and where they wrote from: pages, browser, languages.
    pub names_days: Option<u32>,
    /// Attachments and their names.
    pub files_days: Option<u32>,
}

fn english_tag() -> Language {
    "en".parse().expect("en is a language")
}

fn english() -> Vec<Language> {
    vec![english_tag()]
}

const fn yes() -> bool {
    true
}

impl Body for Site {
    const KIND: Kind = Kind::Site;
    const CHANGED_BY: Right = Right::SettingsSite;
    const READ_BY: Right = Right::SettingsRead;

    fn schema() -> Schema {
        let seconds = || Shape::Number { min: 5, max: 7 * 86_400 };
        let days = || Shape::Number { min: 1, max: 3_660 };
        let grace = || Shape::Number { min: 0, max: GRACE_DAYS_MAX };
        Schema::new()
            .required("name", Shape::Line { chars_max: NAME_CHARS_MAX })
            .read()
            .optional("origins", Shape::Origin.list_of(0, 100))
            .read()
            .optional(
                "colours",
                Schema::new()
                    .optional("light", Shape::Colour)
                    .optional("text_on_light", Shape::Colour)
                    .optional("dark", Shape::Colour)
                    .optional("text_on_dark", Shape::Colour)
                    .group(),
            )
            .read()
            .optional("logo", Shape::Image)
            .read()
            .optional("side", Shape::Choice(&["left", "right"]))
            .optional("start", Shape::Choice(&["talk", "home"]))
            .optional("languages", Shape::Language.list_of(1, 40))
            .optional("default_language", Shape::Language)
            .optional("greeting", Shape::Text { chars_max: 500 }.by_language())
            .read()
            .optional("offline", Shape::Text { chars_max: 500 }.by_language())
            .read()
            .optional("password_notice", Shape::Flag)
            .read()
            .optional("attachments", Shape::Flag)
            .read()
            .optional("who_may_start", Shape::Choice(&["everybody", "identified"]))
            .optional(
                "times",
                Schema::new()
                    .optional("left_after_seconds", seconds())
                    .optional("message_after_seconds", seconds())
                    .optional("owned_left_after_seconds", seconds())
                    .group(),
            )
            .read()
            .optional(
                "retention",
                Schema::new()
                    .optional("texts_days", days())
                    .optional("names_days", days())
                    .optional("files_days", days())
                    .group(),
            )
            .read()
            .optional(
                "second_factor",
                Schema::new()
                    .optional("agent_grace_days", grace())
                    .optional("supervisor_grace_days", grace())
                    .optional("administrator_grace_days", grace())
                    .group(),
            )
            .read()
    }

    fn check(&self, problems: &mut Problems) {
        // That none is offered is said by the schema.
        if !self.languages.is_empty() && !self.languages.contains(&self.default_language) {
            let remedy = format!(
                "{} is not among the languages that are offered. Add it there, or choose another.",
                self.default_language
            );
            problems.add("default_language", ProblemCode::Contradiction, remedy);
        }
        let colours = &self.colours;
        for (field, text, ground) in [
            ("colours.text_on_light", colours.text_on_light, colours.light),
            ("colours.text_on_dark", colours.text_on_dark, colours.dark),
        ] {
            let contrast = text.contrast(ground);
            if contrast < CONTRAST_MIN {
                // Cut off, not rounded: 4.499 is not shown as 4.50.
                let shown = (contrast * 100.0).floor() / 100.0;
                let remedy = format!(
                    "{text} on {ground} has a contrast of {shown:.2}; {CONTRAST_MIN} is needed. Make one darker or lighter."
                );
                problems.add(field, ProblemCode::Contrast, remedy);
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        for (at, origin) in self.origins.iter().enumerate() {
            if !seen.insert(origin) {
                problems.add(
                    format!("origins.{at}"),
                    ProblemCode::Taken,
                    "It is in the list already. Remove one of them.",
                );
            }
        }
    }
}
