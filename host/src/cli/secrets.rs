//! `skep secrets`: what a user's agents may use and nobody may read, on a running host.

use super::client::{Client, segment};
use super::show::table;
use super::{Common, Failure};
use clap::{Args, Subcommand};
use domain::secret::VALUE_LIMIT;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::{Map, Value, json};
use std::io::{BufRead as _, IsTerminal as _, Read as _, Stdin};
use zeroize::Zeroizing;

/// Whose secrets.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Id or name of the user.
    #[arg(long, global = true, default_value = "default")]
    user: String,
    #[command(subcommand)]
    verb: SecretsVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretsVerb {
    /// List names; of long values also the last four characters.
    List,
    /// Store a secret. Its value is read from stdin, or asked for without showing it; never given as an argument.
    Set {
        /// Such as WEATHER_API_KEY.
        name: String,
        /// It may go only there: api.example.com or *.example.com; several are allowed. Without, the plugins' grants alone say.
        #[arg(long = "host", value_name = "HOST")]
        hosts: Vec<String>,
    },
    /// Delete a secret.
    Delete {
        /// Its name.
        name: String,
    },
}

pub(crate) async fn run(common: &Common, options: Options) -> Result<(), Failure> {
    let client = Client::new(common)?;
    let path = format!("/api/v1/users/{}/secrets", segment(&options.user));
    match options.verb {
        SecretsVerb::List => {
            let found = client.get(&path).await?;
            common.show(&found, |found| {
                let secrets = found.get("secrets").and_then(Value::as_array).cloned().unwrap_or_default();
                table(&secrets, &["key", "masked", "updatedAt"]);
            });
        }
        SecretsVerb::Set { name, hosts } => {
            let value = value(&name)?;
            let mut secret = Map::from_iter([("value".to_owned(), json!(*value))]);
            if !hosts.is_empty() {
                secret.insert("hosts".to_owned(), json!(hosts));
            }
            let request = json!({ "secrets": { &name: secret } });
            let stored = client.put(&path, &request).await?;
            common.show(&stored, |_| println!("{name} is stored"));
        }
        SecretsVerb::Delete { name } => {
            client.delete(&format!("{path}/{}", segment(&name))).await?;
            common.show(&json!({ "deleted": name }), |_| println!("{name} is deleted"));
        }
    }
    Ok(())
}

/// All of stdin but its last line break, or a line that a person types unseen.
fn value(name: &str) -> Result<Zeroizing<String>, Failure> {
    let stdin = std::io::stdin();
    let mut text = Zeroizing::new(String::new());
    let read = if stdin.is_terminal() {
        // Before the question: what is typed after it is seen by nobody, and not lost.
        let hidden = Hidden::new(&stdin)?;
        eprint!("Value of {name} (it is not shown): ");
        let read = stdin.lock().read_line(&mut text);
        drop(hidden);
        eprintln!();
        read
    } else {
        // One byte more than can be stored, and a line break.
        stdin.lock().take(VALUE_LIMIT as u64 + 3).read_to_string(&mut text)
    };
    read.map_err(|error| Failure::new(format!("the value of {name} cannot be read: {error}")))?;
    let line = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let value = Zeroizing::new(line.unwrap_or(&text).to_owned());
    if value.is_empty() {
        return Err(Failure::new(format!(
            "no value for {name} came on stdin: type it when asked, or pipe it in, such as `skep secrets set {name} < file`"
        )));
    }
    Ok(value)
}

/// A terminal that shows nothing of what is typed, as long as this lives.
struct Hidden<'a> {
    stdin: &'a Stdin,
    before: Termios,
}

impl<'a> Hidden<'a> {
    fn new(stdin: &'a Stdin) -> Result<Self, Failure> {
        let wrong = |error| Failure::new(format!("the terminal cannot be told to hide the value: {error}"));
        let before = tcgetattr(stdin).map_err(wrong)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(stdin, OptionalActions::Flush, &hidden).map_err(wrong)?;
        Ok(Self { stdin, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // The terminal may be gone.
        let _gone = tcsetattr(self.stdin, OptionalActions::Flush, &self.before);
    }
}
