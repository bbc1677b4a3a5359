//! `skep up`: set up what is missing, run the host, and say what to try first.

use super::serve::{self, ADMIN_KEY_FILE, Started};
use super::{Common, Failure, model};
use crate::config::Config;
use crate::telemetry;
use std::path::Path;

pub(crate) async fn run(common: &Common, options: serve::Options) -> Result<(), Failure> {
    let config = options.config(common)?;
    telemetry::start(&config.log, config.log_json)?;
    if config.models.needs_embedded() {
        model::ensure(&config, common.json).await?;
    }
    let quiet = common.json;
    let config_for_greeting = config.clone();
    serve::serve(common, config, move |started| {
        if !quiet {
            greet(&config_for_greeting, started);
        }
    })
    .await
}

/// What a newcomer copies runs in any terminal and any folder: all paths are absolute.
fn greet(config: &Config, started: &Started<'_>) {
    let data_dir = std::path::absolute(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone());
    let key_file = data_dir.join(ADMIN_KEY_FILE);
    println!("\nSkep runs at {} with {} live plugin(s).", started.url, started.live);
    println!("  API and docs    {}/docs", started.url);
    match started.new_admin_key {
        Some(key) => {
            println!("  admin key       {key}");
            println!("                  shown this once; kept in {}", key_file.display());
        }
        None if config.admin_key.is_some() => {
            println!("  admin key       is the configured one (SKEP_ADMIN_KEY)")
        }
        None if key_file.is_file() => println!("  admin key       in {}", key_file.display()),
        None => println!("  admin key       was shown when the database was set up"),
    }
    let key = match &config.admin_key {
        Some(_) => "$SKEP_ADMIN_KEY".to_owned(),
        None if key_file.is_file() => format!("$(cat {})", word(&key_file)),
        None => "ADMIN_KEY".to_owned(),
    };
    println!("\nTry it in another terminal:\n");
    println!("  curl -s {}/v1/agents/tasks \\", started.url);
    println!("    -H \"Authorization: Bearer {key}\" -H 'Content-Type: application/json' \\");
    println!(
        "    -d '{{\"task\": \"Write a README with a short description and a usage example for a command line todo list\", \"capabilities\": [\"BUILD\"], \"scope\": \"demo\"}}'"
    );
    let program = crate::wiring::own_executable().map_or_else(|_| "skep".to_owned(), |path| word(&path));
    println!("\nor, with live phases:\n");
    println!(
        "  {program} task 'Write a README for a command line todo list' --scope demo --watch --data-dir {}\n",
        word(&data_dir)
    );
}

/// A path as one word of a shell's command line.
fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+@:,".contains(letter);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_whatever_it_holds() {
        for (path, expected) in [
            ("/srv/skep/data", "/srv/skep/data"),
            ("/srv/my data", "'/srv/my data'"),
            ("/srv/$(id)", "'/srv/$(id)'"),
            ("/srv/it's", r"'/srv/it'\''s'"),
        ] {
            assert_eq!(word(Path::new(path)), expected);
        }
    }
}
