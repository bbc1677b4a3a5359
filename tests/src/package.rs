//! Packages that a test makes of a built component: the same code under another name, with other requests, limits or bytes.

use domain::id::Digest;
use domain::manifest::SECTION;
use serde_json::{Value, json};
use std::path::Path;

/// A component and its manifest.
#[derive(Debug, Clone)]
pub struct Package {
    /// What would be installed.
    pub bytes: Vec<u8>,
    /// Its section.
    pub manifest: Value,
}

impl Package {
    /// A component that was built.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn read(file: &Path) -> Self {
        let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let manifest = sections(&bytes).into_iter().find_map(|section| section.manifest(&bytes));
        Self { manifest: manifest.expect("a component has its manifest"), bytes }
    }

    /// The same code with another manifest.
    ///
    /// # Panics
    /// Never with a component that was read.
    #[must_use]
    pub fn with(&self, change: impl FnOnce(&mut Value)) -> Self {
        let mut manifest = self.manifest.clone();
        change(&mut manifest);
        let mut bytes = self.bytes.get(..8).expect("a component has a head").to_vec();
        for section in sections(&self.bytes) {
            if section.manifest(&self.bytes).is_some() {
                bytes.extend(custom(SECTION, manifest.to_string().as_bytes()));
            } else {
                bytes.extend_from_slice(self.bytes.get(section.start..section.end).expect("a section"));
            }
        }
        Self { bytes, manifest }
    }

    /// The same plugin with other bytes, as a rebuilt version has: a section more, which no engine looks at.
    #[must_use]
    pub fn version(&self, number: usize) -> Self {
        let mut bytes = self.bytes.clone();
        bytes.extend(custom("swap", format!("version {number}").as_bytes()));
        Self { bytes, manifest: self.manifest.clone() }
    }

    /// Its sha256.
    #[must_use]
    pub fn digest(&self) -> String {
        Digest::of(&self.bytes).to_string()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.manifest.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// A policy's grant of everything that it requests.
    ///
    /// # Panics
    /// When the manifest's requests are not of the policy's form.
    #[must_use]
    pub fn grant(&self) -> String {
        let version = self.manifest.get("version").and_then(Value::as_str).unwrap_or_default();
        let requests = self.manifest.get("capabilities").cloned().unwrap_or_else(|| json!([]));
        let grant = json!({ "grant": [{
            "plugin": format!("{}@{version}", self.name()),
            "digest": self.digest(),
            "capabilities": requests,
        }] });
        toml::to_string(&grant).expect("a grant is TOML")
    }

    /// Put it into a folder as an installer does: beside its place, then renamed.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn put(&self, folder: &Path) {
        put(folder, self.name(), &self.bytes);
    }
}

/// Put any bytes into a folder as the package of this name.
///
/// # Panics
/// When the folder cannot be written.
pub fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let temporary = folder.join(format!(".{name}.wasm.new"));
    std::fs::write(&temporary, bytes).expect("the folder can be written");
    std::fs::rename(&temporary, folder.join(format!("{name}.wasm"))).expect("the folder can be written");
}

/// A folder of packages with a policy that grants all they request.
///
/// # Panics
/// When the folder cannot be written.
pub fn folder<'a>(folder: &Path, packages: impl IntoIterator<Item = &'a Package>) {
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let packages: Vec<&Package> = packages.into_iter().collect();
    let grants: Vec<String> = packages.iter().map(|package| package.grant()).collect();
    std::fs::write(folder.join("policy.toml"), grants.join("\n")).expect("the folder can be written");
    packages.iter().for_each(|package| package.put(folder));
}

/// Where a section of a component is.
struct Section {
    start: usize,
    content: usize,
    end: usize,
}

impl Section {
    /// The manifest when this is its section.
    fn manifest(&self, bytes: &[u8]) -> Option<Value> {
        let is_custom = bytes.get(self.start) == Some(&0);
        let content = bytes.get(self.content..self.end).filter(|_| is_custom)?;
        let (length, name) = leb128(content, 0)?;
        let text =
            content.get(name..)?.strip_prefix(SECTION.as_bytes()).filter(|_| length == SECTION.len())?;
        serde_json::from_slice(text).ok()
    }
}

fn sections(bytes: &[u8]) -> Vec<Section> {
    let (mut found, mut start) = (Vec::new(), 8);
    while let Some((length, content)) = leb128(bytes, start + 1) {
        found.push(Section { start, content, end: content + length });
        start = content + length;
    }
    found
}

/// An unsigned number and where it ends.
fn leb128(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = *bytes.get(at)?;
        value |= usize::from(byte & 0x7f) << shift;
        (shift, at) = (shift + 7, at + 1);
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
    }
}

fn custom(name: &str, payload: &[u8]) -> Vec<u8> {
    let mut content = number(name.len());
    content.extend_from_slice(name.as_bytes());
    content.extend_from_slice(payload);
    let mut section = vec![0];
    section.extend(number(content.len()));
    section.extend(content);
    section
}

fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        bytes.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return bytes;
        }
    }
}
