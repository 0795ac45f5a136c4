//! What is done with links that visitors and agents write.

use serde::{Deserialize, Serialize};

use crate::body::{Body, Problems};
use crate::{DocumentId, Kind, ProblemCode, Right, Schema, Shape};

/// What is done with links to some hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkRule {
    /// Hosts as `example.com`; `*.example.com` means every host below it. At least one.
    pub hosts: Vec<String>,
    /// What is done.
    pub action: LinkAction,
    /// Whose links.
    #[serde(default)]
    pub author: LinkAuthor,
    /// The site that it is for; none means all.
    pub site: Option<DocumentId>,
    /// Why, for agents.
    pub reason: Option<String>,
}

/// What is done with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkAction {
    /// It is shown as a link.
    Allow,
    /// Whoever follows it is asked first.
    Warn,
    /// It is shown as text.
    Text,
    /// The message is refused.
    Refuse,
}

/// Whose links a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkAuthor {
    /// Visitors' and agents'.
    #[default]
    Both,
    /// Visitors'.
    Visitor,
    /// Agents'.
    Agent,
}

impl Body for LinkRule {
    const KIND: Kind = Kind::LinkRule;
    const CHANGED_BY: Right = Right::SettingsSafety;
    const READ_BY: Right = Right::SettingsRead;

    fn schema() -> Schema {
        Schema::new()
            .required("hosts", Shape::Line { chars_max: 253 }.list_of(1, 500))
            .required("action", Shape::Choice(&["allow", "warn", "text", "refuse"]))
            .optional("author", Shape::Choice(&["both", "visitor", "agent"]))
            .optional("site", Shape::Reference(Kind::Site))
            .optional("reason", Shape::Line { chars_max: 200 })
    }

    fn check(&self, problems: &mut Problems) {
        for (at, host) in self.hosts.iter().enumerate().filter(|(_, host)| !is_host(host)) {
            let shown: String = host.chars().take(80).collect();
            let remedy = format!(
                "{shown:?} is not a host. Write it as example.com or *.example.com: small letters, without a path."
            );
            problems.add(format!("hosts.{at}"), ProblemCode::Shape, remedy);
        }
    }

    fn site(&self) -> Option<&DocumentId> {
        self.site.as_ref()
    }
}

/// Whether it is a host name with a dot (RFC 1123), perhaps after `*.`. Names in other scripts are written as `xn--`.
fn is_host(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    name.contains('.') && name.split('.').all(is_label)
}
