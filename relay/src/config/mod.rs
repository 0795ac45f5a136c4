//! The configuration: one struct, filled from the compiled-in example, a file, the environment and flags.

mod bounds;
mod conversation;
mod relay_key;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

use crate::origin::Origin;

pub use bounds::{Audit, Quota, Reserve};
pub use conversation::Conversation;
pub use relay_edge::address::ForwardedHeader;
pub use relay_key::RelayKeyPlace;

/// The commented default file, as `relay config` prints it. Every default stands there and nowhere else.
pub const EXAMPLE: &str = include_str!("../../relay.example.toml");

/// Everything that can be set. There is no `Default`: [`Config::load`] starts from [`EXAMPLE`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the relay listens.
    pub listen: SocketAddr,
    /// The folder that holds everything.
    pub data: PathBuf,
    /// How browsers reach the relay.
    #[serde(default)]
    pub public_url: Option<Origin>,
    /// Proxies whose word about the visitor's address is taken.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they say it.
    pub forwarded_header: ForwardedHeader,
    /// Where the numbers for Prometheus are served, if at all.
    #[serde(default)]
    pub metrics_listen: Option<SocketAddr>,
    /// Certificate and key, when the relay speaks TLS itself.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// What is logged, and how.
    pub log: Log,
    /// Bounds an owner may want to move.
    pub limits: Limits,
    /// How conversations are queued and kept.
    pub conversation: Conversation,
    /// Where the relay's key is.
    #[serde(default)]
    pub relay_key: RelayKeyPlace,
    /// What people may bring, in bytes.
    pub quotas: Quota,
    /// Disk space that is kept back.
    pub reserve: Reserve,
    /// The audit log.
    pub audit: Audit,
}

/// Where certificate and key lie. Paths are no secrets; the key itself is never held here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file with the certificate chain.
    pub certificate: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
}

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// A filter of the form `info` or `warn,relay=debug`.
    pub level: String,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One readable line.
    Human,
    /// One JSON object on a line.
    Json,
}

/// Bounds an owner may want to move; the others are fixed in `wire::limit`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one uploaded file.
    pub attachment_bytes_max: u64,
    /// Connections held at once.
    pub connections_max: usize,
    /// Connections that one address holds at once.
    pub connections_per_address_max: usize,
    /// Connections that one network holds at once.
    pub connections_per_network_max: usize,
    /// Connections that one address opens in a minute.
    pub connects_per_address_per_minute_max: u32,
    /// Connections that one network opens in a minute.
    pub connects_per_network_per_minute_max: u32,
    /// Visitors that one address registers in a minute.
    pub registrations_per_address_per_minute_max: u32,
    /// Requests of the API from one address a minute.
    pub api_requests_per_address_per_minute_max: u32,
    /// Requests of the API with one key a minute.
    pub api_requests_per_key_per_minute_max: u32,
    /// Visitors that one network registers in a minute.
    pub registrations_per_network_per_minute_max: u32,
    /// Events that may wait to be moved to their conversation in the database.
    pub recent_events_max: usize,
}

/// Why there is no usable configuration. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that is not there.
    #[error("there is no configuration file {0}; `relay config > {0}` writes one with every default")]
    Missing(PathBuf),
    /// An unknown key, a wrong type …
    #[error("the configuration cannot be read: {0}; `relay config` prints every key with its default")]
    Invalid(Box<figment::Error>),
    /// Plain HTTP to the world.
    #[error(
        "{0} is not a loopback address, so passwords and chats would cross the network in the clear. Either set \
         [tls] certificate and key, or list the proxy that speaks TLS for the relay in trusted_proxies, or listen on \
         127.0.0.1"
    )]
    Unprotected(SocketAddr),
    /// Nobody said how browsers reach the relay.
    #[error(
        "{0} is not a loopback address: set public_url to how browsers reach the relay (https://chat.example.com), \
         which is what origins are checked against"
    )]
    PublicUrlMissing(SocketAddr),
    /// The data folder cannot be made.
    #[error("cannot make the data folder {0}: {1}; choose another with --data")]
    DataFolder(String, std::io::Error),
    /// A public address without TLS.
    #[error("public_url is {0}: off loopback it must begin with https://")]
    PublicUrlInsecure(Origin),
}

/// What the command line says; it goes over everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<SocketAddr>,
}

impl Config {
    /// Reads the configuration: example < file < environment < flags.
    ///
    /// # Errors
    /// When the file is missing or anything in it is unknown or of the wrong type.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(EXAMPLE));
        if let Some(path) = &flags.config {
            if !path.is_file() {
                return Err(ConfigError::Missing(path.clone()));
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        figment = figment.merge(Env::prefixed("CAUSEWAY_").split("__"));
        if let Some(data) = &flags.data {
            figment = figment.merge(("data", data));
        }
        if let Some(listen) = flags.listen {
            figment = figment.merge(("listen", listen.to_string()));
        }
        figment.extract().map_err(|error| ConfigError::Invalid(Box::new(error)))
    }

    /// Reads a configuration file's text over the example, and nothing else; for tests.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let figment = Figment::from(Toml::string(EXAMPLE)).merge(Toml::string(text));
        figment.extract().map_err(|error| ConfigError::Invalid(Box::new(error)))
    }

    /// The rules that keep passwords and chats off the open network; checked before anything listens.
    ///
    /// # Errors
    /// When the relay would serve plain HTTP to more than this machine, or its public address is missing or not https.
    pub fn check_exposure(&self) -> Result<(), ConfigError> {
        let loopback = self.listen.ip().is_loopback();
        if !loopback && self.tls.is_none() && self.trusted_proxies.is_empty() {
            return Err(ConfigError::Unprotected(self.listen));
        }
        match &self.public_url {
            None if !loopback => Err(ConfigError::PublicUrlMissing(self.listen)),
            Some(origin) if !origin.is_loopback() && !origin.is_https() => {
                Err(ConfigError::PublicUrlInsecure(origin.clone()))
            }
            _ => Ok(()),
        }
    }

    /// The relay's own origins, the one to print first. On loopback every name of this machine counts.
    #[must_use]
    pub fn own_origins(&self, listening: SocketAddr) -> Vec<Origin> {
        if let Some(origin) = &self.public_url {
            return vec![origin.clone()];
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let port = listening.port();
        [listening.to_string(), format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")]
            .iter()
            .filter_map(|host| format!("{scheme}://{host}").parse().ok())
            .collect()
    }

    /// Makes the data folder when it is missing, for this user alone: it holds what people wrote in confidence.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make_data_folder(&self) -> Result<(), ConfigError> {
        crate::folder::make(&self.data).map_err(|error| ConfigError::DataFolder(self.data_shown(), error))
    }

    /// The data folder as an absolute path, for messages.
    #[must_use]
    pub fn data_shown(&self) -> String {
        std::path::absolute(&self.data).unwrap_or_else(|_| self.data.clone()).display().to_string()
    }
}

/// Networks, or single addresses.
fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let parse = |text: &String| {
        text.parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map_err(|_| serde::de::Error::custom(format!("{text} is neither an address nor a network (10.0.0.0/8)")))
    };
    texts.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), ConfigError> {
        Config::parse(text).expect("the configuration is readable").check_exposure()
    }

    #[test]
    fn the_example_is_complete_and_agrees_with_the_wire_limits() {
        let config = Config::parse("").expect("the example is a configuration");
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.limits.attachment_bytes_max, wire::limit::ATTACHMENT_BYTES_MAX);
        assert_eq!(config.limits.connections_max, wire::limit::CONNECTIONS_MAX);
        assert_eq!(config.limits.connections_per_address_max, wire::limit::CONNECTIONS_PER_ADDRESS_MAX);
        assert_eq!(config.limits.connections_per_network_max, wire::limit::CONNECTIONS_PER_NETWORK_MAX);
        assert_eq!(config.limits.connects_per_address_per_minute_max, wire::limit::CONNECTS_PER_ADDRESS_PER_MINUTE_MAX);
        assert_eq!(config.limits.connects_per_network_per_minute_max, wire::limit::CONNECTS_PER_NETWORK_PER_MINUTE_MAX);
        assert_eq!(
            config.limits.registrations_per_network_per_minute_max,
            wire::limit::REGISTRATIONS_PER_NETWORK_PER_MINUTE_MAX
        );
        assert_eq!(
            config.limits.registrations_per_address_per_minute_max,
            wire::limit::REGISTRATIONS_PER_ADDRESS_PER_MINUTE_MAX
        );
        assert_eq!(config.limits.recent_events_max, wire::limit::RECENT_EVENTS_MAX);
        assert!(config.check_exposure().is_ok());
    }

    #[test]
    fn every_commented_key_of_the_example_is_a_real_key() {
        let mut text = String::new();
        for line in EXAMPLE.lines() {
            let bare = line.strip_prefix("# ").unwrap_or(line);
            let key = bare.split(['=', ']']).next().unwrap_or("").trim_start_matches('[').trim();
            let is_key = (bare.contains(" = ") || bare.starts_with('['))
                && !key.is_empty()
                && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if is_key && !text.contains(&format!("\n{key} =")) {
                text.push('\n');
                text.push_str(bare);
            }
        }
        let config: Config = Figment::from(Toml::string(&text)).extract().expect("uncommented, it is complete");
        assert!(config.tls.is_some() && config.metrics_listen.is_some() && config.public_url.is_some());
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(Config::parse("listne = \"127.0.0.1:1\"").is_err());
        assert!(Config::parse("[limits]\nattachment_byte_max = 1").is_err());
        assert!(Config::parse("trusted_proxies = [\"example.com\"]").is_err());
    }

    #[test]
    fn off_loopback_it_needs_tls_or_a_proxy_and_a_public_https_address() {
        let open = "listen = \"0.0.0.0:8080\"\n";
        let public = "public_url = \"https://chat.example.com\"\n";
        let proxy = "trusted_proxies = [\"10.0.0.1\"]\n";
        let tls = "[tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n";
        assert!(matches!(check(open), Err(ConfigError::Unprotected(_))));
        assert!(matches!(check(&format!("{open}{public}")), Err(ConfigError::Unprotected(_))));
        assert!(matches!(check(&format!("{open}{proxy}")), Err(ConfigError::PublicUrlMissing(_))));
        assert!(check(&format!("{open}{proxy}{public}")).is_ok());
        assert!(check(&format!("{open}{public}{tls}")).is_ok());
        let insecure = "public_url = \"http://chat.example.com\"\n";
        assert!(matches!(check(&format!("{open}{proxy}{insecure}")), Err(ConfigError::PublicUrlInsecure(_))));
        assert!(check(&format!("{proxy}{public}")).is_ok(), "a proxy on the same machine");
    }
}
