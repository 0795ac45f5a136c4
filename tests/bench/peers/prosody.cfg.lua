-- Prosody as a support chat's server: WebSocket only, every message into the archive in SQLite.
run_as_root = true
pidfile = "$DATA/prosody.pid"
data_path = "$DATA"
log = { warn = "*console" }
modules_enabled = { "saslauth", "roster", "presence", "message", "iq", "websocket", "smacks", "mam" }
modules_disabled = { "s2s", "offline" }
interfaces = { "127.0.0.1" }
c2s_ports = {}
c2s_direct_tls_ports = {}
http_ports = { $PORT }
https_ports = {}
c2s_require_encryption = false
consider_websocket_secure = true
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = { archive = "sql" }
sql = { driver = "SQLite3", database = "$DATA/prosody.sqlite" }
default_archive_policy = true
archive_expires_after = "never"
VirtualHost "localhost"
