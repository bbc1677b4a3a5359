//! stdout and stderr: each line becomes a line of the call's log.

use crate::scope::Scope;
use domain::log::Level;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi_io::bytes::Bytes;
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{OutputStream, StreamResult};

/// Bytes that one write may have.
const WRITE_LIMIT: usize = 64 << 10;
/// A line without end is cut here.
const LINE_LIMIT: usize = 4096;

/// A stream into the log. All its clones share one unfinished line.
#[derive(Clone)]
pub(super) struct LogStream {
    scope: Arc<Scope>,
    level: Level,
    name: &'static str,
    unfinished: Arc<Mutex<Vec<u8>>>,
}

impl LogStream {
    /// As lines of level info.
    pub(super) fn stdout(scope: &Arc<Scope>) -> Self {
        Self { scope: Arc::clone(scope), level: Level::Info, name: "stdout", unfinished: Arc::default() }
    }

    /// As lines of level warn.
    pub(super) fn stderr(scope: &Arc<Scope>) -> Self {
        Self { scope: Arc::clone(scope), level: Level::Warn, name: "stderr", unfinished: Arc::default() }
    }

    fn take(&self, bytes: &[u8]) {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            unfinished.extend_from_slice(part);
            if part.ends_with(b"\n") || unfinished.len() >= LINE_LIMIT {
                self.line(std::mem::take(&mut *unfinished));
            }
        }
    }

    fn line(&self, line: Vec<u8>) {
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
        if text.is_empty() {
            return;
        }
        self.scope.log(self.level, text, vec![("stream".to_owned(), self.name.to_owned())]);
    }
}

impl Drop for LogStream {
    /// The last one writes the unfinished line.
    fn drop(&mut self) {
        if Arc::strong_count(&self.unfinished) == 1 {
            let rest = std::mem::take(&mut *self.unfinished.lock().unwrap_or_else(PoisonError::into_inner));
            if !rest.is_empty() {
                self.line(rest);
            }
        }
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi_io::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_LIMIT)
    }
}

impl AsyncWrite for LogStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
