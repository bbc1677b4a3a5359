//! What the disk under a folder is and how long it takes to be sure: figures of a durable store mean nothing without it.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Syncs of each kind; their median is told.
const SYNCS: usize = 200;
/// As much as SQLite and PostgreSQL write at least.
const PAGE: [u8; 4096] = [7; 4096];
/// File systems in memory, where a sync costs nothing and means nothing.
const IN_MEMORY: [&str; 3] = ["tmpfs", "ramfs", "devtmpfs"];

/// A folder's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// Such as `ext4`.
    pub file_system: String,
    /// Where it is mounted.
    pub mount: PathBuf,
    /// Median time of a page at the end of a file and `fdatasync`.
    pub append: Duration,
    /// The same over a page that the file has already.
    pub overwrite: Duration,
}

impl Disk {
    /// Ask the kernel and measure. Takes a second or so.
    ///
    /// # Errors
    /// When the folder cannot be written, or is in memory.
    pub fn measure(folder: &Path) -> io::Result<Self> {
        let folder = folder.canonicalize()?;
        let (mount, file_system) = mounted(&std::fs::read_to_string("/proc/mounts")?, &folder)
            .ok_or_else(|| io::Error::other(format!("no mount holds {}", folder.display())))?;
        if IN_MEMORY.contains(&file_system.as_str()) {
            let text = format!("{} is on {file_system}, in memory: measure on a disk", folder.display());
            return Err(io::Error::other(text));
        }
        let mut file = tempfile::tempfile_in(&folder)?;
        let append = median(&mut file, |_| Ok(()))?;
        let overwrite = median(&mut file, |file| file.seek(SeekFrom::Start(0)).map(|_| ()))?;
        Ok(Self { file_system, mount, append, overwrite })
    }
}

impl std::fmt::Display for Disk {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} on {}, 4 KiB and fdatasync: {:.2} ms appending ({:.0}/s), {:.2} ms overwriting ({:.0}/s)",
            self.file_system,
            self.mount.display(),
            self.append.as_secs_f64() * 1e3,
            1.0 / self.append.as_secs_f64(),
            self.overwrite.as_secs_f64() * 1e3,
            1.0 / self.overwrite.as_secs_f64(),
        )
    }
}

fn median(file: &mut File, place: impl Fn(&mut File) -> io::Result<()>) -> io::Result<Duration> {
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        place(file)?;
        let began = Instant::now();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    times.sort();
    times.get(SYNCS / 2).copied().ok_or_else(|| io::Error::other("nothing was measured"))
}

/// Mount and file system that hold the folder: of the longest mount point, the last line.
fn mounted(mounts: &str, folder: &Path) -> Option<(PathBuf, String)> {
    let mut found: Option<(PathBuf, String)> = None;
    for line in mounts.lines() {
        let mut words = line.split(' ').skip(1);
        let (Some(mount), Some(file_system)) = (words.next(), words.next()) else { continue };
        let mount = PathBuf::from(mount.replace("\\040", " "));
        let is_deeper =
            found.as_ref().is_none_or(|(other, _)| mount.as_os_str().len() >= other.as_os_str().len());
        if folder.starts_with(&mount) && is_deeper {
            found = Some((mount, file_system.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_mount_holds_a_folder() {
        let mounts =
            "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/my\\040disk xfs rw 0 0\n";
        for (folder, mount, file_system) in [
            ("/home/a", "/", "ext4"),
            ("/tmp", "/tmp", "tmpfs"),
            ("/tmpx", "/", "ext4"),
            ("/tmp/my disk/b", "/tmp/my disk", "xfs"),
        ] {
            let expected = Some((PathBuf::from(mount), file_system.to_owned()));
            assert_eq!(mounted(mounts, Path::new(folder)), expected, "{folder}");
        }
    }
}
