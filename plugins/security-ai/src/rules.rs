//! The patterns: secrets by the forms that their issuers document or by what they are assigned to, and code that is dangerous in its
//! language.

/// How bad a finding is, the worst first.
pub(crate) const SEVERITIES: [&str; 4] = ["critical", "high", "medium", "low"];

/// A form of secrets that its issuer documents.
pub(crate) struct Secret {
    pub(crate) rule: &'static str,
    pub(crate) pattern: &'static str,
}

/// Known by their own prefixes or headers. They are secrets wherever they stand.
pub(crate) const SECRETS: [Secret; 18] = [
    Secret { rule: "aws-access-key", pattern: r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b" },
    Secret { rule: "github-token", pattern: r"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{60,}" },
    Secret { rule: "gitlab-token", pattern: r"\bglpat-[A-Za-z0-9_-]{20,}" },
    Secret { rule: "slack-token", pattern: r"\bxox[abposr]-[A-Za-z0-9-]{10,}" },
    Secret { rule: "slack-webhook", pattern: r"hooks\.slack\.com/services/[A-Za-z0-9_/]{20,}" },
    Secret { rule: "stripe-key", pattern: r"\b[rs]k_live_[0-9A-Za-z]{20,}" },
    Secret { rule: "google-key", pattern: r"\bAIza[0-9A-Za-z_-]{35}" },
    Secret {
        rule: "openai-key",
        pattern: r"\bsk-(?:proj-|svcacct-)[A-Za-z0-9_-]{32,}|\bsk-[A-Za-z0-9]{40,}",
    },
    Secret { rule: "anthropic-key", pattern: r"\bsk-ant-[A-Za-z0-9_-]{32,}" },
    Secret { rule: "npm-token", pattern: r"\bnpm_[A-Za-z0-9]{36}\b" },
    Secret { rule: "pypi-token", pattern: r"\bpypi-AgEI[A-Za-z0-9_-]{40,}" },
    Secret { rule: "hugging-face-token", pattern: r"\bhf_[A-Za-z0-9]{30,}" },
    Secret { rule: "sendgrid-key", pattern: r"\bSG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{40,}" },
    Secret { rule: "digitalocean-token", pattern: r"\bdop_v1_[a-f0-9]{60,}" },
    Secret { rule: "skep-key", pattern: r"\bskep_[a-z0-9]{8,}_[A-Za-z0-9]{20,}" },
    Secret { rule: "private-key", pattern: r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----" },
    Secret {
        rule: "json-web-token",
        pattern: r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    },
    Secret {
        rule: "url-with-password",
        pattern: r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\x22]{1,80}:[^\s/@'\x22]{3,200}@[^\s'\x22]{2,}",
    },
];

/// What the host searches for where a pattern of [`SECRETS`] is too large for it: it bounds the size of patterns, and repetitions of
/// everything but a few letters are large.
pub(crate) const URL: &str = r"://[^\s/:@]+:[^\s/@]+@";
/// Names that secrets are assigned to, for the search.
pub(crate) const NAMES: &str = r#"(?i)(?:passw(?:or)?d|passwd|secret|token|api_?-?key|access_?-?key|private_?-?key|credential|auth_?key)[a-z0-9_]*["']?\s*[:=]"#;

/// What stands beside [`SECRETS`]: names that secrets are assigned to, and long texts in quotes.
pub(crate) const ASSIGNED: &str = r#"(?i)([a-z0-9_.-]*(?:passw(?:or)?d|passwd|secret|token|api_?-?key|access_?-?key|private_?-?key|credential|auth_?key)[a-z0-9_]*)["']?\s*(?::=|=>|[:=])\s*["'`]?([^\s"'`,;]{8,200})"#;
/// Texts that may be random.
pub(crate) const QUOTED: &str = r#"["'`]([A-Za-z0-9+/=_-]{32,200})["'`]"#;

/// Code that is dangerous.
pub(crate) struct Danger {
    pub(crate) rule: &'static str,
    pub(crate) severity: &'static str,
    /// Endings of the files in which it is.
    pub(crate) endings: &'static [&'static str],
    pub(crate) pattern: &'static str,
    pub(crate) advice: &'static str,
}

const PYTHON: &[&str] = &["py"];
const SCRIPT: &[&str] = &["js", "mjs", "cjs", "jsx", "ts", "tsx", "vue", "svelte", "html"];
const GO: &[&str] = &["go"];
const JAVA: &[&str] = &["java", "kt", "scala"];
const PHP: &[&str] = &["php"];
const RUBY: &[&str] = &["rb"];
const RUST: &[&str] = &["rs"];
const C: &[&str] = &["c", "h", "cc", "cpp", "hpp"];
const SHELL: &[&str] = &["sh", "bash", "yml", "yaml", "dockerfile"];
const SHARP: &[&str] = &["cs"];

macro_rules! dangers {
    ($($rule:literal $severity:literal $endings:ident $pattern:literal $advice:literal;)*) => {
        /// By language.
        pub(crate) const DANGERS: &[Danger] = &[$(Danger { rule: $rule, severity: $severity, endings: $endings, pattern: $pattern, advice: $advice }),*];
    };
}

dangers! {
    "code-from-text" "high" PYTHON r"(?:^|[^.\w])(?:eval|exec)\s*\(\s*[^)\s]" "parse the text instead of running it (ast.literal_eval, json.loads)";
    "shell-command" "high" PYTHON r"\bos\.(?:system|popen)\s*\(|shell\s*=\s*True" "call the program with a list of arguments and without a shell";
    "unsafe-deserialization" "high" PYTHON r"\b(?:pickle|cPickle|dill|marshal|shelve)\.(?:loads?|open)\s*\(" "read JSON, or check a signature before reading";
    "unsafe-yaml" "high" PYTHON r"\byaml\.(?:unsafe_load|full_load)\s*\(|\byaml\.load\s*\([^)]*\)?$" "use yaml.safe_load";
    "sql-from-text" "critical" PYTHON r#"(?i)\.(?:execute|executemany|raw)\s*\(\s*(?:f["']|["'][^"']*["']\s*(?:%|\+|\.format)|[a-z_]+\s*\+)"# "pass values as parameters of the query";
    "tls-not-verified" "high" PYTHON r"verify\s*=\s*False|_create_unverified_context|CERT_NONE" "verify certificates; add the authority that is missing";
    "weak-hash" "medium" PYTHON r"\bhashlib\.(?:md5|sha1)\s*\(" "use SHA-256, and a password hash for passwords";
    "path-from-request" "high" PYTHON r"(?:open|os\.path\.join|send_file|Path)\s*\([^)]*\brequest\." "resolve the path and refuse what is outside its folder";
    "debug-server" "medium" PYTHON r"\bdebug\s*=\s*True" "turn debugging off outside of development";
    "insecure-temporary-file" "medium" PYTHON r"\btempfile\.mktemp\s*\(" "use tempfile.NamedTemporaryFile";
    "guessable-random" "medium" PYTHON r"(?i)(?:token|secret|password|key|nonce)\w*\s*=.*\brandom\.(?:random|randint|choice|choices)\s*\(" "use the module secrets";
    "code-from-text" "high" SCRIPT r"(?:^|[^.\w])eval\s*\(\s*[^)\s]|\bnew\s+Function\s*\(" "parse the text instead of running it";
    "shell-command" "high" SCRIPT r"\b(?:exec|execSync)\s*\(\s*(?:`[^`]*\$\{|[^)]*\+)" "use execFile with a list of arguments";
    "markup-from-text" "high" SCRIPT r"\.(?:innerHTML|outerHTML)\s*\+?=[^=]|dangerouslySetInnerHTML|document\.write(?:ln)?\s*\(|insertAdjacentHTML\s*\(|\bv-html\b" "set textContent, or clean the markup first";
    "sql-from-text" "critical" SCRIPT r"(?i)\.(?:query|execute|raw)\s*\(\s*(?:`[^`]*\$\{|[\x22'][^\x22']*[\x22']\s*\+)" "pass values as parameters of the query";
    "tls-not-verified" "high" SCRIPT r"rejectUnauthorized\s*:\s*false|NODE_TLS_REJECT_UNAUTHORIZED" "verify certificates; add the authority that is missing";
    "weak-hash" "medium" SCRIPT r"createHash\s*\(\s*['\x22](?:md5|sha1)['\x22]" "use SHA-256, and a password hash for passwords";
    "path-from-request" "high" SCRIPT r"(?:path\.(?:join|resolve)|readFile(?:Sync)?|sendFile|createReadStream)\s*\([^)]*\breq(?:uest)?\." "resolve the path and refuse what is outside its folder";
    "unsafe-deserialization" "high" SCRIPT r"\b(?:node-serialize|unserialize)\b|\bvm\.runIn" "read JSON";
    "guessable-random" "medium" SCRIPT r"(?i)(?:token|secret|password|session|nonce)\w*\s*[:=].*Math\.random\s*\(" "use crypto.randomBytes";
    "shell-command" "high" GO r#"exec\.Command(?:Context)?\s*\([^)]*"(?:sh|bash|cmd)""# "call the program itself, with its arguments";
    "sql-from-text" "critical" GO r#"(?i)(?:Sprintf\s*\(\s*[`"]\s*(?:select|insert|update|delete)\b)|\.(?:Query|Exec|QueryRow)\w*\s*\([^)]*"\s*\+"# "pass values as parameters of the query";
    "tls-not-verified" "high" GO r"InsecureSkipVerify\s*:\s*true" "verify certificates; add the authority that is missing";
    "weak-hash" "medium" GO r"\b(?:md5|sha1)\.(?:New|Sum)\s*\(" "use SHA-256, and a password hash for passwords";
    "path-from-request" "high" GO r"(?:filepath|path)\.Join\s*\([^)]*\b(?:r\.URL|r\.Form|FormValue|mux\.Vars|c\.Param)" "clean the path and refuse what is outside its folder";
    "unsafe-deserialization" "high" JAVA r"new\s+ObjectInputStream\s*\(|XMLDecoder\s*\(" "read JSON, or filter the classes";
    "shell-command" "high" JAVA r"getRuntime\s*\(\s*\)\s*\.exec\s*\(" "use ProcessBuilder with a list of arguments";
    "sql-from-text" "critical" JAVA r#"(?i)\.(?:executeQuery|executeUpdate|execute|createQuery|createNativeQuery)\s*\(\s*"[^"]*"\s*\+"# "use a PreparedStatement";
    "weak-hash" "medium" JAVA r#"MessageDigest\.getInstance\s*\(\s*"(?:MD5|SHA-?1)""# "use SHA-256, and a password hash for passwords";
    "tls-not-verified" "high" JAVA r"ALLOW_ALL_HOSTNAME_VERIFIER|NoopHostnameVerifier|TrustAllCerts|checkServerTrusted\s*\([^)]*\)\s*\{\s*\}" "verify certificates";
    "code-from-text" "critical" PHP r"(?:^|[^\w>])(?:eval|assert|create_function)\s*\(\s*\$" "do not run text";
    "shell-command" "high" PHP r"\b(?:shell_exec|passthru|system|popen|proc_open)\s*\([^)]*\$" "escape each argument, or call no shell";
    "unsafe-deserialization" "high" PHP r"\bunserialize\s*\(\s*\$" "use json_decode";
    "sql-from-text" "critical" PHP r"(?i)(?:mysqli?_query|->query|->exec)\s*\([^)]*(?:\.\s*\$|\$_(?:GET|POST|REQUEST))" "use prepared statements";
    "path-from-request" "critical" PHP r"\b(?:include|require)(?:_once)?\b[^;]*\$_(?:GET|POST|REQUEST)" "choose among known files";
    "markup-from-text" "high" PHP r"\becho\b[^;]*\$_(?:GET|POST|REQUEST)" "escape it with htmlspecialchars";
    "unsafe-deserialization" "high" RUBY r"\bMarshal\.load\b|\bYAML\.(?:load|unsafe_load)\b" "use YAML.safe_load or JSON";
    "code-from-text" "high" RUBY r"\b(?:instance_eval|class_eval|eval)\s*[( ]\s*(?:params|request|\w+\[)" "do not run text";
    "shell-command" "high" RUBY r##"\b(?:system|exec)\s*\(?\s*"[^"]*#\{|`[^`]*#\{"## "pass arguments one by one";
    "sql-from-text" "critical" RUBY r##"(?i)\.(?:where|find_by_sql|execute)\s*\(\s*"[^"]*#\{"## "pass values as parameters";
    "tls-not-verified" "high" RUBY r"VERIFY_NONE" "verify certificates";
    "tls-not-verified" "high" RUST r"danger_accept_invalid_(?:certs|hostnames)\s*\(\s*true" "verify certificates; add the authority that is missing";
    "shell-command" "medium" RUST r#"Command::new\s*\(\s*"(?:sh|bash|cmd)""# "call the program itself, with its arguments";
    "sql-from-text" "critical" RUST r#"(?i)(?:query|execute)\w*\s*\(\s*&?format!\s*\("# "pass values as parameters of the query";
    "unbounded-copy" "high" C r"\b(?:gets|strcpy|strcat|sprintf|vsprintf)\s*\(" "use the form with a length";
    "shell-command" "high" C r"\b(?:system|popen)\s*\([^)\x22]*[a-z_]\w*\s*[,)]" "call the program itself, with its arguments";
    "script-from-the-network" "high" SHELL r"\b(?:curl|wget)\b[^|;]*\|\s*(?:sudo\s+)?(?:ba|z)?sh\b" "download, check a digest, then run";
    "tls-not-verified" "medium" SHELL r"\bcurl\b[^|;]*\s(?:-k|--insecure)\b|\bwget\b[^|;]*--no-check-certificate" "verify certificates";
    "code-from-text" "medium" SHELL r#"\beval\s+["']?\$"# "call the command itself";
    "unsafe-deserialization" "high" SHARP r"new\s+(?:BinaryFormatter|NetDataContractSerializer|SoapFormatter)\b" "read JSON";
    "sql-from-text" "critical" SHARP r#"new\s+SqlCommand\s*\(\s*(?:\$"|"[^"]*"\s*\+)"# "use parameters";
    "tls-not-verified" "high" SHARP r"ServerCertificate(?:Custom)?ValidationCallback\s*\+?=.*=>\s*true" "verify certificates";
}

/// What the host searches for: words that each of [`DANGERS`] has, so that one search finds all lines that are worth a look.
pub(crate) const WORDS: &str = r"(?i)eval|exec|new\s+Function|system|popen|shell|pickle|dill|marshal|shelve|yaml\.|\.raw|verif|CERT_NONE|md5|sha-?1|open\s*\(|path|send_?File|debug\s*=|mktemp|random|innerHTML|outerHTML|document\.write|insertAdjacentHTML|v-html|\.query|reject_?Unauthorized|readFile|createReadStream|serialize|runIn|Sprintf|Insecure|\.Join|ObjectInputStream|XMLDecoder|createQuery|createNativeQuery|ALLOW_ALL|TrustAll|checkServerTrusted|assert|create_function|passthru|proc_open|include|require|echo|\.where|find_by_sql|#\{|danger_accept|Command|gets|strcpy|strcat|sprintf|curl|wget|BinaryFormatter|NetDataContract|SoapFormatter|SqlCommand|ValidationCallback";
