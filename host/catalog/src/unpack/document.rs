//! `SKILL.md`: front matter of the Agent Skills format, then text for models.

use app::ports::packages::Document;
use domain::manifest::is_name;
use serde::Deserialize;

/// Of the whole file.
const FILE_LIMIT: usize = 64 << 10;
/// Of the front matter.
const FRONT_LIMIT: usize = 16 << 10;
/// Characters, by the format.
const DESCRIPTION_LIMIT: usize = 1024;

/// The fields that mean something to a host; others are accepted.
#[derive(Deserialize)]
struct Front {
    name: Option<String>,
    description: Option<String>,
    version: Option<String>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    version: Option<String>,
}

/// Read it; an error says what is wrong and what to do.
pub(super) fn parse(bytes: &[u8]) -> Result<Document, String> {
    if bytes.len() > FILE_LIMIT {
        return Err(format!("it has {} bytes, at most {FILE_LIMIT} are accepted", bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    if text.contains('\0') {
        return Err("it contains NUL".to_owned());
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let (front, body) = text
        .strip_prefix("---\n")
        .and_then(|rest| {
            rest.split_once("\n---\n").or_else(|| rest.strip_suffix("\n---").map(|front| (front, "")))
        })
        .ok_or("it must begin with front matter between two lines `---`, with `name` and `description`")?;
    if front.len() > FRONT_LIMIT {
        return Err(format!(
            "its front matter has {} bytes, at most {FRONT_LIMIT} are accepted",
            front.len()
        ));
    }
    let front: Front = serde_saphyr::from_str(front)
        .map_err(|error| format!("its front matter cannot be read: {}", first_line(&error.to_string())))?;
    let name = front.name.ok_or("its front matter has no `name`")?;
    if !is_name(&name) {
        let name = domain::effect::bounded(name, 80);
        return Err(format!("the name {name:?} is not 1 to 63 lower-case letters, digits and `-`"));
    }
    let description = front.description.unwrap_or_default().trim().to_owned();
    if description.is_empty() || description.chars().count() > DESCRIPTION_LIMIT {
        return Err(format!("its `description` must have 1 to {DESCRIPTION_LIMIT} characters"));
    }
    let version = front.version.or_else(|| front.metadata.and_then(|metadata| metadata.version));
    let version = version.unwrap_or_else(|| "0.0.0".to_owned());
    semver::Version::parse(&version).map_err(|_| {
        let version = domain::effect::bounded(version.clone(), 40);
        format!("the version {version:?} is not a semantic version like 1.2.3")
    })?;
    Ok(Document { name, description, version, text: body.trim().to_owned() })
}

fn first_line(text: &str) -> String {
    domain::effect::bounded(text.lines().next().unwrap_or_default().to_owned(), 200)
}
