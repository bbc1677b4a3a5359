//! A host without plugin directories.

use app::ports::packages::{BrokenPackage, Packages, Scan, Unpacked};
use bytes::Bytes;
use domain::manifest::Manifest;

/// Finds nothing, never changes, and takes no bytes for a package.
#[derive(Debug)]
pub struct NoPackages;

#[async_trait::async_trait]
impl Packages for NoPackages {
    async fn scan(&self) -> Result<Scan, std::io::Error> {
        Ok(Scan::default())
    }

    async fn changed(&self) {
        std::future::pending().await
    }

    fn inspect(&self, _: &Bytes) -> Result<Manifest, BrokenPackage> {
        Err(refusal())
    }

    fn unpack(&self, _: &Bytes) -> Result<Unpacked, BrokenPackage> {
        Err(refusal())
    }
}

fn refusal() -> BrokenPackage {
    let reason = "this host of a test looks at no package".to_owned();
    BrokenPackage { path: "none".into(), digest: None, reason }
}
