//! Settings of what people may make the relay keep: quotas in bytes, and the disk space that is kept back.

use serde::Deserialize;

/// Bytes that people may bring; every value is at least 1. See `relay.example.toml` for what each means.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Files of one visitor in a day.
    pub upload_bytes_per_visitor_a_day: u64,
    /// Files of all visitors of one address (IPv6: /64) in a day.
    pub upload_bytes_per_address_a_day: u64,
    /// Files of all visitors of one network (IPv4 /24, IPv6 /48) in a day.
    pub upload_bytes_per_network_a_day: u64,
    /// Files of one site in a day, of agents too.
    pub upload_bytes_per_site_a_day: u64,
    /// Files of one visitor kept at once.
    pub kept_bytes_per_visitor_max: u64,
    /// Files of one site kept at once, of agents too.
    pub kept_bytes_per_site_max: u64,
    /// Files of one visitor that no message names yet.
    pub pending_bytes_per_visitor_max: u64,
    /// Files of one network that no message names yet.
    pub pending_bytes_per_network_max: u64,
    /// Files of all visitors that no message names yet.
    pub pending_bytes_max: u64,
    /// What one visitor has recorded in a day.
    pub text_bytes_per_visitor_a_day: u64,
    /// What all visitors of one address (IPv6: /64) have recorded in a day.
    pub text_bytes_per_address_a_day: u64,
    /// What all visitors of one network (IPv4 /24, IPv6 /48) have recorded in a day.
    pub text_bytes_per_network_a_day: u64,
    /// What all visitors of one site have recorded in a day.
    pub text_bytes_per_site_a_day: u64,
}

/// Free bytes below which something is no longer taken.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reserve {
    /// Below: no files.
    pub uploads_bytes: u64,
    /// Below: no new visitors and conversations either.
    pub visitors_bytes: u64,
    /// Below: no texts of visitors either.
    pub texts_bytes: u64,
}

/// How long the audit log is kept.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Days after which entries are removed; 0 keeps all.
    pub kept_days: u32,
}
