//! Every setting, once: its key in the file, its variable, its default, what it means.

/// In a default: the data directory, wherever it is.
pub(crate) const DATA_DIR: &str = "DATA_DIR";

/// A setting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// In the file and in messages.
    pub(crate) key: &'static str,
    /// In the environment.
    pub(crate) variable: &'static str,
    /// When nobody says otherwise; empty means none. [`DATA_DIR`] stands for the data directory.
    pub(crate) default: &'static str,
    /// For `skep doctor` and the README.
    pub(crate) meaning: &'static str,
    /// Its value is never shown.
    pub(crate) secret: bool,
    /// Between the items of a list; none for a single value.
    pub(crate) separator: Option<char>,
}

const fn setting(
    key: &'static str,
    variable: &'static str,
    default: &'static str,
    meaning: &'static str,
) -> Setting {
    Setting { key, variable, default, meaning, secret: false, separator: None }
}

const fn secret(key: &'static str, variable: &'static str, meaning: &'static str) -> Setting {
    Setting { secret: true, ..setting(key, variable, "", meaning) }
}

const fn list(
    key: &'static str,
    variable: &'static str,
    default: &'static str,
    separator: char,
    meaning: &'static str,
) -> Setting {
    Setting { separator: Some(separator), ..setting(key, variable, default, meaning) }
}

/// Settings that are tables.
pub(super) const TABLES: [&str; 2] = ["models", "plans"];

/// All of them, in the order in which `skep doctor` shows them.
pub(crate) const SETTINGS: [Setting; 38] = [
    setting(
        "listen",
        "SKEP_LISTEN",
        "127.0.0.1:3000",
        "address and port; port 0 picks one, `DATA_DIR/listen` has it",
    ),
    setting(
        "data_dir",
        "SKEP_DATA_DIR",
        "",
        "database, workspaces, plugin cache, keys; the platform's data directory when none; `make run` uses `./data`",
    ),
    list(
        "plugin_dir",
        "SKEP_PLUGIN_DIR",
        "DATA_DIR/plugins",
        ':',
        "folders of hot-loaded packages, separated by `:`, the last one preferred",
    ),
    secret("database_url", "SKEP_DATABASE_URL", "`postgres://…`; SQLite in the data directory when none"),
    secret(
        "database_listen_url",
        "SKEP_DATABASE_LISTEN_URL",
        "a direct URL for LISTEN where the main one is pooled",
    ),
    secret("admin_key", "SKEP_ADMIN_KEY", "the admin key; made at first start when none"),
    setting(
        "models",
        "SKEP_MODELS",
        "",
        "the table `[models]`, below; the embedded model for all tiers when none",
    ),
    setting(
        "plans",
        "SKEP_PLANS",
        "",
        "the table `[plans]`, below: requests in a clock hour and minute, by plan; the documented numbers when none",
    ),
    list(
        "source_roots",
        "SKEP_SOURCE_ROOTS",
        "",
        ':',
        "folders that a task's `source` may come from, `DIR` or `PREFIX=DIR`, separated by `:`",
    ),
    setting("public_url", "SKEP_PUBLIC_URL", "", "how the host is reached from outside"),
    list(
        "cors_origins",
        "SKEP_CORS_ORIGINS",
        "",
        ',',
        "origins that browsers may call from, such as `https://app.example.com`, separated by `,`",
    ),
    list(
        "trusted_proxies",
        "SKEP_TRUSTED_PROXIES",
        "",
        ',',
        "proxies whose `X-Forwarded-*` count, separated by `,`",
    ),
    list(
        "policy",
        "SKEP_POLICY",
        "",
        ':',
        "files with grants by digest, source and egress rules, separated by `:`",
    ),
    setting(
        "key_file",
        "SKEP_KEY_FILE",
        "DATA_DIR/key",
        "file of the key-encryption key, made at first start; hosts on one database need the same",
    ),
    secret("key", "SKEP_KEY", "the key-encryption key itself, 64 hex digits, in place of `key_file`"),
    setting("log", "SKEP_LOG", "info", "tracing filter"),
    setting("log_format", "SKEP_LOG_FORMAT", "text", "`text` or `json`"),
    setting("worker", "SKEP_WORKER", "true", "run the worker loops on this host"),
    setting("autonomy", "SKEP_AUTONOMY", "on", "`on` or `off`: whether agents may act on their own"),
    setting("no_auth", "SKEP_NO_AUTH", "false", "loopback only: every caller is admin"),
    setting("lease_ms", "SKEP_LEASE_MS", "15000", "how long a worker owns a task without a heartbeat"),
    setting("heartbeat_ms", "SKEP_HEARTBEAT_MS", "5000", "between heartbeats; less than `lease_ms`"),
    setting(
        "concurrency",
        "SKEP_CONCURRENCY",
        "64",
        "tasks that run at once; 0 takes tasks in and runs none",
    ),
    setting("call_wall_ms", "SKEP_CALL_WALL_MS", "300000", "running time of one plugin call"),
    setting("token_budget", "SKEP_TOKEN_BUDGET", "1000000", "tokens that one task may use"),
    setting(
        "model_patience_ms",
        "SKEP_MODEL_PATIENCE_MS",
        "14400000",
        "how long a task waits for a model that is away before it fails",
    ),
    setting(
        "trap_limit",
        "SKEP_TRAP_LIMIT",
        "5",
        "traps in a row after which a plugin version that was just swapped in is taken back; 0 never",
    ),
    setting(
        "keep_tasks_days",
        "SKEP_KEEP_TASKS_DAYS",
        "30",
        "how long completed and cancelled tasks are kept",
    ),
    setting("keep_failed_days", "SKEP_KEEP_FAILED_DAYS", "90", "how long failed tasks are kept"),
    setting("keep_webhooks_days", "SKEP_KEEP_WEBHOOKS_DAYS", "7", "how long webhook deliveries are kept"),
    setting(
        "keep_chats_days",
        "SKEP_KEEP_CHATS_DAYS",
        "7",
        "how long chat turns are kept, and conversations that nobody named; 1 or more, since a stream can be resumed for a day",
    ),
    setting("keep_ticks_days", "SKEP_KEEP_TICKS_DAYS", "1", "how long ticks and their instructions are kept"),
    setting("keep_logs_days", "SKEP_KEEP_LOGS_DAYS", "14", "how long lines of users' logs are kept"),
    setting("log_lines", "SKEP_LOG_LINES", "100000", "lines that are kept of one user's log"),
    setting(
        "agent_file_limit",
        "SKEP_AGENT_FILE_LIMIT",
        "10485760",
        "bytes of one file of an agent's workspace",
    ),
    setting(
        "agent_files_quota",
        "SKEP_AGENT_FILES_QUOTA",
        "104857600",
        "bytes of all files of an agent's workspace",
    ),
    setting("body_limit", "SKEP_BODY_LIMIT", "2097152", "bytes of a request body, 4096 or more"),
    setting("model_dir", "SKEP_MODEL_DIR", "DATA_DIR/models", "where embedded models lie"),
];
