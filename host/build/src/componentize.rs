//! A core module becomes a component.

use wasmparser::{Parser, Payload};

/// Why it did not.
#[derive(Debug, thiserror::Error)]
pub enum ComponentizeError {
    /// The encoder refused; its whole chain of reasons.
    #[error(
        "the module cannot become a component: {0}; an import that the plugin interface does not have usually comes from a dependency that needs an operating system"
    )]
    Refused(String),
    /// The encoder's output does not parse, which is a defect of the encoder.
    #[error("the encoded component does not parse: {0}")]
    Malformed(String),
}

/// Encodes and validates the component. The module's own type section (made by wit-bindgen) says which world it is.
pub fn componentize(module: &[u8]) -> Result<Vec<u8>, ComponentizeError> {
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| ComponentizeError::Refused(format!("{error:#}")))
}

/// The names of what the component imports, such as `skep:plugin/files@0.1.0`.
pub fn imports(component: &[u8]) -> Result<Vec<String>, ComponentizeError> {
    let malformed = |error: wasmparser::BinaryReaderError| ComponentizeError::Malformed(error.to_string());
    let mut names = Vec::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(malformed)? {
            // Nested components have imports of their own, which are not the plugin's.
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    names.push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(names)
}
